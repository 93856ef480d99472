//! What the simulation asks of a server, be it the model or the real one, and what the oracle looks at in it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde_json::Value;
use sync_core::engine::{HttpRequest, HttpResponse};
use sync_core::ids::{
    CaseId, ChargeId, DeviceId, GridPath, InspectionId, OperationId, PhotoHash, TargetId, UnitId, UserId,
};
use sync_core::model::case::{ChargeState, Flag, ReviewState};
use sync_core::model::inspection::Inspection;
use sync_core::model::target::{Target, TargetContent};
use sync_core::time::{Instant, Month};
use sync_core::wire::push::Outcome;

use crate::cast::Cast;

/// A server.
pub trait Backend {
    /// The district and its people.
    fn cast(&self) -> &Cast;
    /// Sets its clock.
    fn set_clock(&mut self, now: Instant);
    /// Answers a request.
    fn answer(&mut self, request: &HttpRequest) -> HttpResponse;
    /// Receives a request of which only the first bytes of the body come.
    fn receive_part(&mut self, request: &HttpRequest, bytes: usize);
    /// The office registers a target.
    fn found(&mut self, content: TargetContent);
    /// The office does something.
    fn act(&mut self, deed: &Deed) -> Done;
    /// The cases as the office sees them, by id.
    fn cases(&mut self) -> Vec<ObservedCase>;
    /// The register, by id.
    fn targets(&mut self) -> Vec<Target>;
    /// Everything that the oracle looks at.
    fn observe(&mut self) -> Observed;
    /// What a device of this user must hold today: the essence of each row by kind and id, by a direct query.
    fn held_by(&mut self, user: UserId) -> Holding;
    /// The devices that are revoked now.
    fn revoked(&mut self) -> BTreeSet<DeviceId>;
    /// The photos in the last backup; none where there is no backup.
    fn backed_up_photos(&mut self) -> BTreeSet<PhotoHash>;
}

/// The essence of each row that a device holds, by kind and id.
pub type Holding = BTreeMap<(String, String), String>;

/// What the office does.
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    /// Settles what is doubtful and confirms.
    Confirm(CaseId),
    /// Returns to the inspector.
    Return(CaseId),
    /// Dismisses, also after posting.
    Dismiss(CaseId),
    /// Keeps a proposed duplicate apart from the others.
    KeepApart(CaseId),
    /// Gives a confirmed case to another unit, with what stands of it.
    ReAttribute(CaseId, UnitId),
    /// Closes a month.
    CloseMonth(Month),
    /// Changes a target: another name, or another grid too.
    ChangeTarget(Box<Target>),
    /// Takes a target out of the register.
    RemoveTarget(TargetId, u32),
    /// Sends an inspector to another grid from tomorrow on.
    MoveInspector(UserId, GridPath),
    /// Adopts the next version of the pack from this day on.
    AdoptNextPack(Date),
    /// Revokes a device: it is lost, or its inspector left.
    Revoke(DeviceId),
    /// Makes a backup.
    BackUp,
    /// Loses everything since the last backup.
    Restore,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// It is done.
    Made,
    /// It was refused, with this code.
    Refused(String),
}

/// A case as the office sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservedCase {
    /// Which.
    pub case_id: CaseId,
    /// The inspection it stands on.
    pub inspection_id: InspectionId,
    /// Review state.
    pub state: ReviewState,
    /// What must be settled.
    pub flags: Vec<Flag>,
    /// The unit it falls on.
    pub unit_id: UnitId,
    /// Charges by id: amount in fen and state.
    pub charges: BTreeMap<ChargeId, (Option<i64>, ChargeState)>,
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedDecision {
    /// Its number.
    pub number: i64,
    /// What was decided, by code.
    pub kind: String,
    /// The case and the inspection it stood on, where it is about a case.
    pub case: Option<(CaseId, Option<InspectionId>)>,
    /// The month, where it is about one.
    pub month: Option<Month>,
    /// The unit that the case went to, where it did.
    pub unit: Option<UnitId>,
}

/// A ledger entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedEntry {
    /// Its number.
    pub number: i64,
    /// By code.
    pub kind: String,
    /// The charge.
    pub charge: ChargeId,
    /// The unit's account.
    pub unit: UnitId,
    /// The month of account.
    pub period: Month,
    /// Signed fen.
    pub amount: i64,
    /// Which posting of the charge.
    pub posting: i64,
    /// The entry that it takes back.
    pub reverses: Option<i64>,
    /// The decision that wrote it.
    pub decision: i64,
}

/// What the oracle looks at.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    /// Stored operations: SHA-256 of the bytes, and the result.
    pub operations: BTreeMap<OperationId, (Vec<u8>, Option<Outcome>)>,
    /// Accepted inspections.
    pub inspections: BTreeMap<InspectionId, Inspection>,
    /// Cases.
    pub cases: Vec<ObservedCase>,
    /// Decisions in order.
    pub decisions: Vec<ObservedDecision>,
    /// Ledger entries in order.
    pub entries: Vec<ObservedEntry>,
    /// Photos whose hash is verified.
    pub photos: BTreeSet<PhotoHash>,
}

/// What of a row must agree between server and device.
pub fn essence(entity: &str, row: &Value) -> String {
    let fields: &[&str] = match entity {
        "target" => &["version", "grid", "name", "unit_id"],
        "case" => &["version", "review_state", "unit_id", "inspection_id", "grid"],
        "unit" => &["name"],
        "grid" => &["unit_id"],
        "pack" => &["adopted_from", "adopted_until"],
        "assignment" => &["grid", "from", "until"],
        _ => &[],
    };
    let mut text: Vec<String> = fields.iter().map(|field| row[*field].to_string()).collect();
    if let Some(charges) = row["charges"].as_array() {
        let line = |charge: &Value| format!("{} {} {}", charge["measure"], charge["state"], charge["amount"]);
        let mut lines: Vec<String> = charges.iter().map(line).collect();
        lines.sort();
        text.extend(lines);
    }
    text.join(" ")
}
