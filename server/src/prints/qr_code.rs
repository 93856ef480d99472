//! QR codes (二维码) as pictures within a page.

use fast_qr::convert::svg::SvgBuilder;
use fast_qr::{ECL, QRBuilder};

/// An address as a QR code, correct up to 15% damage (level M): pages are stamped and folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QrCode {
    svg: String,
}

/// The address is too long for a QR code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an address of {bytes} bytes does not fit a QR code")]
pub struct QrCodeError {
    bytes: usize,
}

impl QrCode {
    /// The code of an address.
    ///
    /// # Errors
    /// [`QrCodeError`] beyond 2,331 bytes.
    pub fn of(address: &str) -> Result<Self, QrCodeError> {
        let code = QRBuilder::new(address).ecl(ECL::M).build();
        let code = code.map_err(|_| QrCodeError { bytes: address.len() })?;
        Ok(Self { svg: SvgBuilder::default().to_str(&code) })
    }

    /// As SVG: squares and numbers, nothing of the address as text.
    #[must_use]
    pub fn svg(&self) -> &str {
        &self.svg
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pixels of a square's side, as a camera sees it.
    const SQUARE: usize = 8;

    /// What a camera reads from the SVG: each `M<x>,<y>h1v1h-1` of its path is a dark square.
    fn address_in(svg: &str) -> String {
        let side: usize = svg.split('"').nth(1).unwrap().split(' ').nth(2).unwrap().parse().unwrap();
        let path = svg.split(" d=\"").nth(1).unwrap().split('"').next().unwrap();
        let dark: std::collections::HashSet<(usize, usize)> = path
            .split('M')
            .filter_map(|square| square.strip_suffix("h1v1h-1"))
            .map(|corner| corner.split_once(',').unwrap())
            .map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
            .collect();
        let mut seen = rqrr::PreparedImage::prepare_from_greyscale(side * SQUARE, side * SQUARE, |x, y| {
            if dark.contains(&(x / SQUARE, y / SQUARE)) { 0 } else { 255 }
        });
        let grids = seen.detect_grids();
        grids.first().unwrap().decode().unwrap().1
    }

    #[test]
    fn a_camera_reads_the_address() {
        let address =
            "https://lantian.example.gov.cn/api/v1/prints/cases/0192f7a0-0000-7000-8000-000000000001";
        let code = QrCode::of(address).unwrap();
        assert_eq!(address_in(code.svg()), address);
    }

    #[test]
    fn an_address_beyond_every_code_is_refused() {
        assert_eq!(QrCode::of(&"a".repeat(5_000)), Err(QrCodeError { bytes: 5_000 }));
    }
}
