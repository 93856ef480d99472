//! `cargo xtask up --lan`: the demonstration over https in the local network, so that a real tablet can take it.
//!
//! A camera, private files and a service worker are there in a secure context only, and nobody certifies an address of a
//! local network. So this machine has an authority of its own ([`authority`]), and a page over plain http hands its
//! certificate to tablets and says what to do with it ([`page`]). For trying out: a district has a certificate of its own
//! (docs/operations.md).

mod authority;
pub mod page;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::PathBuf;

use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;

use crate::error::Error;

/// Where authority and certificates lie; never in the repository.
const FOLDER: &str = "var/lan";
/// Where the server listens unless told otherwise.
const DEFAULT_SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 8443);
/// An address that routes lead to from anywhere; nothing is sent there.
const ANYWHERE: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 0, 2, 1), 9);

/// What serving in the local network takes.
#[derive(Debug)]
pub struct Lan {
    /// Where the server listens.
    pub server: SocketAddr,
    /// Where the install page listens.
    pub page: SocketAddr,
    /// The address that tablets are given.
    pub address: IpAddr,
    /// The authority's certificate, which tablets are to trust.
    pub authority: PathBuf,
    /// The server's certificate and its key.
    pub certificate: PathBuf,
    /// Of the server's certificate.
    pub key: PathBuf,
}

impl Lan {
    /// Finds this machine's addresses, sees that both ports are free, and certifies the addresses anew.
    ///
    /// # Errors
    /// [`Error::NoAddress`], [`Error::PortTaken`], [`Error::Authority`], [`Error::Io`].
    pub fn prepare(listen: Option<&str>, page_port: u16) -> Result<Self, Error> {
        let server = match listen {
            None => DEFAULT_SERVER,
            Some(given) => given.parse().map_err(|_| Error::NoSocketAddress { given: given.to_owned() })?,
        };
        let page = SocketAddr::new(server.ip(), page_port);
        let addresses = own_addresses(server.ip())?;
        let address = preferred(&addresses, route()).ok_or(Error::NoAddress)?;
        for (socket, how) in [(server, "LANTIAN_LISTEN"), (page, "--page-port")] {
            TcpListener::bind(socket).map_err(|source| Error::PortTaken { socket, how, source })?;
        }
        let folder = PathBuf::from(FOLDER);
        let [certificate, key] = authority::Authority::open(&folder)?.certify(&addresses)?;
        Ok(Self { server, page, address, authority: authority::certificate(&folder), certificate, key })
    }

    /// Where the tablet's application is.
    #[must_use]
    pub fn tablet(&self) -> String {
        format!("{}/tablet/", self.public_url())
    }

    /// The server as tablets reach it.
    #[must_use]
    pub fn public_url(&self) -> String {
        format!("https://{}", SocketAddr::new(self.address, self.server.port()))
    }

    /// The install page as tablets reach it.
    #[must_use]
    pub fn install(&self) -> String {
        format!("http://{}/", SocketAddr::new(self.address, self.page.port()))
    }
}

/// The addresses that a tablet could reach: those of this machine's networks, or the one that is listened on.
fn own_addresses(listened: IpAddr) -> Result<BTreeSet<IpAddr>, Error> {
    if !listened.is_unspecified() {
        return Ok(BTreeSet::from([listened]));
    }
    let interfaces = getifaddrs().map_err(|_| Error::NoAddress)?;
    let up = interfaces.filter(|it| it.flags.contains(InterfaceFlags::IFF_UP));
    let addresses = up.filter_map(|it| Some(it.address?.as_sockaddr_in()?.ip()));
    Ok(addresses.filter(|it| !it.is_loopback() && !it.is_link_local()).map(IpAddr::V4).collect())
}

/// The address by which this machine reaches others, where it has a way to them.
fn route() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(ANYWHERE).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

fn preferred(addresses: &BTreeSet<IpAddr>, route: Option<IpAddr>) -> Option<IpAddr> {
    route.filter(|route| addresses.contains(route)).or_else(|| addresses.first().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tablet_is_given_the_address_of_the_network_that_leads_out() {
        let [bridge, lan, other] = ["172.17.0.1", "192.168.1.20", "10.0.0.9"].map(|it| it.parse().unwrap());
        let addresses = BTreeSet::from([bridge, lan]);
        assert_eq!(preferred(&addresses, Some(lan)), Some(lan));
        assert_eq!(preferred(&addresses, Some(other)), Some(bridge), "not one that nobody certifies");
        assert_eq!(preferred(&addresses, None), Some(bridge));
        assert_eq!(preferred(&BTreeSet::new(), Some(lan)), None);
    }

    #[test]
    fn a_port_that_is_taken_is_named_with_the_way_to_another() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = taken.local_addr().unwrap();
        let refused = Lan::prepare(Some(&socket.to_string()), 0).unwrap_err().to_string();
        assert!(refused.contains(&socket.to_string()) && refused.contains("LANTIAN_LISTEN"), "{refused}");
        let refused = Lan::prepare(Some("127.0.0.1:0"), socket.port()).unwrap_err().to_string();
        assert!(refused.contains("--page-port"), "{refused}");
        assert!(matches!(Lan::prepare(Some("tablet"), 0), Err(Error::NoSocketAddress { .. })));
    }
}
