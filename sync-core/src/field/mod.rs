//! In the field (现场): from what an inspector gives to what a device records, and how that stands.
//!
//! Invariants: local first, so nothing here needs a network; what a person typed is checked with its field before
//! anything is stored, what an instrument said never refuses (invariant 3). Photos are kept before the row that names
//! them. No file, clock or network here: the command line and the tablet call the same functions.

mod error;
mod field_records;
mod new_inspection;
mod new_target;
mod photo_claims;
mod photo_format;
mod possible_duplicates;
mod record;
mod seal_inspection;
mod status;

pub use error::{FieldError, problem, refuse_all};
pub use field_records::{
    Lead, Order, OwnRecord, Seen, fire_points, make_recheck, make_report, make_verification, orders,
};
pub use new_inspection::{NewInspection, NewPhoto};
pub use new_target::{NewTarget, make_target};
pub use photo_claims::PhotoClaims;
pub use photo_format::check_photo_format;
pub use possible_duplicates::{Finding, PossibleDuplicate, possible_duplicates};
pub use record::{Author, Recorded, Written, checklist, own_inspection, record, record_inspection, recorded};
pub use seal_inspection::{
    DrawnUp, MANUAL_PROVIDER, Sealed, draw_up, evaluate_again, policies, seal_inspection,
};
pub use status::{Attention, InspectionStatus, LIST_MAX, PhotoCounts, SentState, attention, inspections};
