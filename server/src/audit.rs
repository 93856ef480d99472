//! The audit trail (审计): who signed in, who enrolled or revoked what, who changed whose rights.
//!
//! Invariants: append-only, the table refuses changes; an event is written in the transaction of what it tells about,
//! so that neither is there without the other.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use sync_core::ids::{DeviceId, RegionCode, UserId};
use sync_core::time::Instant;
use uuid::Uuid;

use crate::db::Connection;
use crate::db::schema::audit_events;
use crate::db::types::Time;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A person signed in.
    SignIn,
    /// A sign-in failed; the detail says why.
    SignInFailed,
    /// A session was ended.
    SignOut,
    /// A person changed the own password.
    PasswordChanged,
    /// An administrator gave a person another password.
    PasswordReset,
    /// A device enrolled for a user.
    DeviceEnrolled,
    /// A device asked for a token from another installation of its database.
    DeviceReinstalled,
    /// A device was revoked.
    DeviceRevoked,
    /// A device was given the key by which a user's stores on it open without the PIN.
    RecoveryKeyGiven,
    /// An enrolment code was issued.
    EnrolmentCodeIssued,
    /// A user was created.
    UserCreated,
    /// A user got another name.
    UserRenamed,
    /// A user was disabled.
    UserDisabled,
    /// A disabled user was enabled again.
    UserEnabled,
    /// A role was assigned.
    RoleAssigned,
    /// An assignment got a last day.
    AssignmentEnded,
    /// A policy pack version was added.
    PackAdded,
    /// A policy pack was adopted.
    PackAdopted,
    /// A finding of a higher-level group was entered.
    FindingEntered,
    /// An entry of a register was made, changed or removed; the detail says which.
    RegisterChanged,
    /// Rows of a file were written to a register; the detail names the file by its digest.
    RegisterImported,
    /// A case was decided.
    Decision,
    /// A month was closed and its files kept; the detail has their hashes.
    MonthFilesKept,
    /// An execution was recorded or cancelled.
    ExecutionRecorded,
    /// A subsidy was entered, approved, paid or cancelled.
    SubsidyChanged,
    /// A decision was proposed, for a second person to review.
    DecisionProposed,
    /// A proposal was approved, rejected, withdrawn or found stale.
    ProposalEnded,
    /// A unit appealed.
    AppealFiled,
    /// A unit took its appeal back.
    AppealWithdrawn,
}

impl Action {
    /// Its code in the table.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::SignInFailed => "sign_in_failed",
            Self::SignOut => "sign_out",
            Self::PasswordChanged => "password_changed",
            Self::PasswordReset => "password_reset",
            Self::DeviceEnrolled => "device_enrolled",
            Self::DeviceReinstalled => "device_reinstalled",
            Self::DeviceRevoked => "device_revoked",
            Self::RecoveryKeyGiven => "recovery_key_given",
            Self::EnrolmentCodeIssued => "enrolment_code_issued",
            Self::UserCreated => "user_created",
            Self::UserRenamed => "user_renamed",
            Self::UserDisabled => "user_disabled",
            Self::UserEnabled => "user_enabled",
            Self::RoleAssigned => "role_assigned",
            Self::AssignmentEnded => "assignment_ended",
            Self::PackAdded => "pack_added",
            Self::PackAdopted => "pack_adopted",
            Self::FindingEntered => "finding_entered",
            Self::RegisterChanged => "register_changed",
            Self::RegisterImported => "register_imported",
            Self::Decision => "decision",
            Self::MonthFilesKept => "month_files_kept",
            Self::ExecutionRecorded => "execution_recorded",
            Self::SubsidyChanged => "subsidy_changed",
            Self::DecisionProposed => "decision_proposed",
            Self::ProposalEnded => "proposal_ended",
            Self::AppealFiled => "appeal_filed",
            Self::AppealWithdrawn => "appeal_withdrawn",
        }
    }
}

/// One event.
#[derive(Debug, Clone)]
pub struct Event {
    action: Action,
    district: RegionCode,
    user: Option<UserId>,
    device: Option<DeviceId>,
    subject: Option<String>,
    address: Option<String>,
    detail: Value,
}

impl Event {
    /// An event of a district.
    #[must_use]
    pub fn new(action: Action, district: &RegionCode) -> Self {
        Self {
            action,
            district: district.clone(),
            user: None,
            device: None,
            subject: None,
            address: None,
            detail: json!({}),
        }
    }

    /// Who did it; nobody where the command line did.
    #[must_use]
    pub fn by(self, user: Option<UserId>) -> Self {
        Self { user, ..self }
    }

    /// By or about which device.
    #[must_use]
    pub fn device(self, device: DeviceId) -> Self {
        Self { device: Some(device), ..self }
    }

    /// What it was done to, such as `user/<id>`.
    #[must_use]
    pub fn about(self, entity: &str, id: impl std::fmt::Display) -> Self {
        Self { subject: Some(format!("{entity}/{id}")), ..self }
    }

    /// From which address.
    #[must_use]
    pub fn from(self, address: impl std::fmt::Display) -> Self {
        Self { address: Some(address.to_string()), ..self }
    }

    /// More about it; never a secret.
    #[must_use]
    pub fn detail(self, detail: Value) -> Self {
        Self { detail, ..self }
    }
}

/// Writes events, in one statement.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn record(connection: &mut Connection, now: Instant, events: &[Event]) -> QueryResult<()> {
    let rows: Vec<_> = events
        .iter()
        .map(|event| {
            (
                audit_events::district.eq(event.district.as_str()),
                audit_events::event_id.eq(Uuid::now_v7()),
                audit_events::at.eq(Time(now)),
                audit_events::action.eq(event.action.code()),
                audit_events::user_id.eq(event.user.map(|user| user.0)),
                audit_events::device_id.eq(event.device.map(|device| device.0)),
                audit_events::subject.eq(event.subject.as_deref()),
                audit_events::address.eq(event.address.as_deref()),
                audit_events::detail.eq(&event.detail),
            )
        })
        .collect();
    diesel::insert_into(audit_events::table).values(rows).execute(connection).await?;
    Ok(())
}
