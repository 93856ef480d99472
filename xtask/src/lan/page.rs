//! The install page (安装页): over plain http, for a tablet that does not trust this machine yet. It has two answers, the
//! page and the authority's certificate, and reads nothing but the first line of what it is asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use fast_qr::convert::svg::SvgBuilder;
use fast_qr::{ECL, QRBuilder, QRCode};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::error::Error;

const PAGE: &str = include_str!("page.html");
/// Where the certificate is; the name that Android shows.
const CERTIFICATE: &str = "/lantian.crt";
/// Bytes of a request that are read.
const REQUEST_BYTES: u64 = 2_048;
/// How long one who asks is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is served, and where.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The tablet's application.
    pub tablet: String,
    /// The authority's certificate.
    pub authority: PathBuf,
}

/// Serves the page for as long as the process that started this one lives.
///
/// # Errors
/// [`Error::PortTaken`], [`Error::Authority`].
pub fn run(arguments: &Arguments) -> Result<(), Error> {
    // It stands beside the server, which nobody else ends with it.
    set_pdeathsig(Signal::SIGTERM)
        .map_err(|error| Error::io("begin", "the install page".as_ref())(error.into()))?;
    let socket = arguments.listen;
    let listener = TcpListener::bind(socket).map_err(|source| Error::PortTaken {
        socket,
        how: "--page-port",
        source,
    })?;
    let page = Page::of(arguments)?;
    for stream in listener.incoming().flatten() {
        // One who goes away in between is no failure of the page.
        let _ = page.answer(stream);
    }
    Ok(())
}

/// An address as a QR code, correct up to 15% damage.
///
/// # Errors
/// [`Error::NoSocketAddress`] where it is too long for one.
pub fn qr_code(address: &str) -> Result<QRCode, Error> {
    let code = QRBuilder::new(address).ecl(ECL::M).build();
    code.map_err(|_| Error::NoSocketAddress { given: address.to_owned() })
}

struct Page {
    html: String,
    certificate: Vec<u8>,
}

impl Page {
    fn of(arguments: &Arguments) -> Result<Self, Error> {
        let certificate = CertificateDer::from_pem_file(&arguments.authority).map_err(|error| {
            Error::Authority { folder: arguments.authority.clone(), reason: error.to_string() }
        })?;
        let code = SvgBuilder::default().to_str(&qr_code(&arguments.tablet)?);
        let html = PAGE
            .replace("{tablet}", &arguments.tablet)
            .replace("{certificate}", CERTIFICATE)
            .replace("{code}", &code);
        Ok(Self { html, certificate: certificate.to_vec() })
    }

    fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut asked = String::new();
        BufReader::new(stream.try_clone()?.take(REQUEST_BYTES)).read_line(&mut asked)?;
        let mut words = asked.split_whitespace();
        let (status, kind, body) = match (words.next(), words.next()) {
            (Some("GET"), Some("/")) => ("200 OK", "text/html; charset=utf-8", self.html.as_bytes()),
            (Some("GET"), Some(CERTIFICATE)) => {
                ("200 OK", "application/x-x509-ca-cert", self.certificate.as_slice())
            }
            (Some("GET"), Some(_)) => ("404 Not Found", "text/plain", &b""[..]),
            _ => ("400 Bad Request", "text/plain", &b""[..]),
        };
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
             Cache-Control: no-store\r\nConnection: close\r\n\r\n"
        )?;
        stream.write_all(body)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::lan::authority::{self, Authority};

    const TABLET: &str = "https://192.168.1.20:8443/tablet/";

    /// The text of a QR code, as a camera reads it: from its squares with a margin around them.
    fn decode(code: &QRCode) -> String {
        const MARGIN: usize = 4;
        const PIXELS: usize = 4;
        let side = (code.size + 2 * MARGIN) * PIXELS;
        let mut picture = rqrr::PreparedImage::prepare_from_greyscale(side, side, |x, y| {
            let at = |pixel: usize| (pixel / PIXELS).wrapping_sub(MARGIN);
            let (x, y) = (at(x), at(y));
            let is_dark = x < code.size && y < code.size && code[y][x].value();
            if is_dark { 0 } else { 255 }
        });
        picture.detect_grids()[0].decode().unwrap().1
    }

    fn ask(address: SocketAddr, request: &str) -> (String, Vec<u8>) {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let head = answer.windows(4).position(|part| part == b"\r\n\r\n").unwrap();
        (String::from_utf8(answer[..head].to_vec()).unwrap(), answer[head + 4..].to_vec())
    }

    #[test]
    fn a_tablet_gets_the_page_the_certificate_and_the_address_as_a_code() {
        let folder = tempfile::tempdir().unwrap();
        Authority::open(folder.path()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let authority = authority::certificate(folder.path());
        let page = Page::of(&Arguments { listen: address, tablet: TABLET.to_owned(), authority }).unwrap();
        let certificate = page.certificate.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                page.answer(stream).unwrap();
            }
        });
        let (head, body) = ask(address, "GET / HTTP/1.1\r\nHost: 192.168.1.20\r\n\r\n");
        assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
        let html = String::from_utf8(body).unwrap();
        assert!(html.contains(&format!("href=\"{TABLET}\"")) && html.contains("href=\"/lantian.crt\""));
        assert!(html.contains("<svg") && !html.contains('{'), "a place is left open");
        let (head, body) = ask(address, "GET /lantian.crt HTTP/1.1\r\n\r\n");
        assert!(head.contains("application/x-x509-ca-cert"), "{head}");
        assert_eq!(body, certificate);
        for (request, status) in
            [("GET /etc/passwd HTTP/1.1\r\n\r\n", "404"), ("POST / HTTP/1.1\r\n\r\n", "400")]
        {
            assert!(ask(address, request).0.starts_with(&format!("HTTP/1.1 {status}")));
        }
        assert_eq!(decode(&qr_code(TABLET).unwrap()), TABLET);
    }
}
