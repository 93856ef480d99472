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

    #[test]
    fn an_address_beyond_every_code_is_refused() {
        assert_eq!(QrCode::of(&"a".repeat(5_000)), Err(QrCodeError { bytes: 5_000 }));
    }
}
