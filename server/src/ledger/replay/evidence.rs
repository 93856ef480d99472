//! What a replay starts from: sealed inspections, each held against the bytes that a device sent, and pack versions,
//! each held against its hash.

use std::collections::HashMap;

use serde_json::Value;
use sha2::{Digest, Sha256};
use sync_core::ids::{InspectionId, PackHash};
use sync_core::model::inspection::Inspection;
use sync_core::policy::PolicyPack;
use sync_core::wire::operation::{Body, Operation};

/// Why a stored inspection or pack is not what it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceFault {
    /// The bytes do not give their hash.
    #[error("the operation's bytes of inspection {0} do not give their SHA-256")]
    BytesAltered(InspectionId),
    /// The bytes cannot be read, or hold something else.
    #[error("the operation's bytes hold no inspection {0}")]
    BytesUnreadable(InspectionId),
    /// The stored inspection is not the one that was sent.
    #[error("inspection {0} is not what its operation's bytes say")]
    SealedAltered(InspectionId),
    /// The stored inspection cannot be read.
    #[error("inspection {0} cannot be read")]
    SealedUnreadable(InspectionId),
    /// The pack's source does not give its hash, or does not load.
    #[error("pack {0} is not what its hash says")]
    PackAltered(String),
}

/// An inspection that was accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    /// As it was sealed.
    pub inspection: Inspection,
    /// Whether it came out of older records: what it cost was charged on paper, and leads to no charge here.
    pub of_the_past: bool,
}

/// Inspections and packs at hand.
#[derive(Debug, Default)]
pub struct Evidence {
    inspections: HashMap<InspectionId, Accepted>,
    packs: HashMap<PackHash, PolicyPack>,
}

/// Reads a sealed inspection and holds it against the operation it came in: bytes and their SHA-256; `None` for one
/// that the office entered.
///
/// # Errors
/// [`EvidenceFault`].
pub fn sealed_inspection(
    id: InspectionId,
    sealed: &Value,
    operation: Option<(&[u8], &[u8])>,
) -> Result<Inspection, EvidenceFault> {
    let Some((bytes, sha256)) = operation else {
        return serde_json::from_value(sealed.clone()).map_err(|_| EvidenceFault::SealedUnreadable(id));
    };
    if Sha256::digest(bytes).as_slice() != sha256 {
        return Err(EvidenceFault::BytesAltered(id));
    }
    let sent = match Operation::decode(bytes).map(|operation| operation.body) {
        Ok(Body::SubmitInspection(sent) | Body::AmendInspection(sent)) if sent.inspection_id == id => sent,
        _ => return Err(EvidenceFault::BytesUnreadable(id)),
    };
    match serde_json::from_value::<Inspection>(sealed.clone()) {
        Ok(stored) if stored == sent => Ok(sent),
        Ok(_) => Err(EvidenceFault::SealedAltered(id)),
        Err(_) => Err(EvidenceFault::SealedUnreadable(id)),
    }
}

impl Evidence {
    /// Adds a pack by its source.
    ///
    /// # Errors
    /// [`EvidenceFault::PackAltered`].
    pub fn add_pack(&mut self, hash: &str, pack_id: &str, source: &str) -> Result<(), EvidenceFault> {
        match PolicyPack::load(source, pack_id) {
            Ok(pack) if pack.hash().as_str() == hash => {
                self.packs.insert(pack.hash().clone(), pack);
                Ok(())
            }
            _ => Err(EvidenceFault::PackAltered(hash.to_owned())),
        }
    }

    /// Puts these inspections in the place of those before; packs stay.
    pub fn set_inspections(&mut self, inspections: impl IntoIterator<Item = Accepted>) {
        self.inspections.clear();
        self.inspections
            .extend(inspections.into_iter().map(|accepted| (accepted.inspection.inspection_id, accepted)));
    }

    pub(super) fn inspection(&self, id: InspectionId) -> Option<&Accepted> {
        self.inspections.get(&id)
    }

    pub(super) fn pack(&self, hash: &PackHash) -> Option<&PolicyPack> {
        self.packs.get(hash)
    }
}
