//! What the device cannot do, typed. Bad input carries a problem of the one table, with the field it is about.

use std::path::PathBuf;

use sync_core::engine::{EngineError, TransportError};
use sync_core::field::{FieldError, problem};
use sync_core::store::StoreError;
use sync_core::wire::problem::{Problem, ProblemKind};

use crate::key::KeyError;

/// Why something was not done. Nothing is stored by half then.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The input is not acceptable; each problem names its field.
    #[error("{}", sentences(.0))]
    Refused(Vec<Problem>),
    /// Nobody is enrolled in this data directory.
    #[error("nobody is enrolled in {}", .0.display())]
    NotEnrolled(PathBuf),
    /// Several users are enrolled and none was named, or the one named is not among them.
    #[error("name one of the enrolled users: {}", .0.join(", "))]
    WhichUser(Vec<String>),
    /// The device works for another server already.
    #[error("this device is enrolled at {0}")]
    OtherServer(String),
    /// The server answered the enrolment with a refusal.
    #[error("{0:?}")]
    EnrolmentRefused(Box<Problem>),
    /// What answered the enrolment is not the product's server.
    #[error("the address answers with status {0}, but it is not this product's server")]
    NotOurServer(u16),
    /// There is no answer to the enrolment.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The user's own inspection is not known here.
    #[error("no own inspection or draft {0} on this device")]
    InspectionUnknown(String),
    /// The device key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The sync engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A file of the data directory cannot be read or written.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of the data directory does not say what it should.
    #[error("{path}: {source}", path = path.display())]
    NotReadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}

fn sentences(problems: &[Problem]) -> String {
    problems.iter().map(|p| p.title_en.as_str()).collect::<Vec<_>>().join(" ")
}

impl DeviceError {
    /// Whether a database was met that is damaged: [`crate::Device::open_thoroughly`] sets it aside.
    #[must_use]
    pub const fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::Store(StoreError::Corrupt(_)) | Self::Engine(EngineError::Store(StoreError::Corrupt(_)))
        )
    }

    /// One problem with one field.
    #[must_use]
    pub fn refused(kind: ProblemKind, field: impl Into<String>) -> Self {
        Self::Refused(vec![problem(kind, field)])
    }

    /// One problem with one field and what exactly was wrong.
    #[must_use]
    pub fn refused_because(kind: ProblemKind, field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Refused(vec![Problem { detail: Some(detail.into()), ..problem(kind, field) }])
    }
}

impl From<FieldError> for DeviceError {
    fn from(error: FieldError) -> Self {
        match error {
            FieldError::Refused(problems) => Self::Refused(problems),
            FieldError::InspectionUnknown(id) => Self::InspectionUnknown(id),
            FieldError::Store(error) => Self::Store(error),
        }
    }
}
