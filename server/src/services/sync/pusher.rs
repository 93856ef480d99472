//! Pusher: who sends a push, as the access token says.

use sync_core::ids::{DeviceId, Incarnation, RegionCode, UserId};
use sync_core::wire::operation::Header;

/// The signed-in device, user and installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pusher {
    /// The district of both; nothing of another one is read or written.
    pub district: RegionCode,
    /// The user.
    pub user: UserId,
    /// The device.
    pub device: DeviceId,
    /// The installation of its database.
    pub incarnation: Incarnation,
}

impl Pusher {
    /// Whether an operation is this user's and made on this device. Which installation of its database made it does not
    /// matter: one that was copied or restored has another identity now and sends what it recorded under the one before.
    #[must_use]
    pub fn made(&self, header: &Header) -> bool {
        (header.author, header.device) == (self.user, self.device)
    }
}
