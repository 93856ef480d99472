//! Judges a case anew (重新判定): by another pack version, level or unit, or by a correction of its inspection.
//!
//! Invariants: the one evaluator says what is charged; this changes nothing, the decision that asked for it does.
//! Photos count as they are verified now: who writes what this says shares the evidence lock
//! ([`evidence_lock`](crate::db::evidence_lock)) from before the case's lock.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use sync_core::evaluate::evaluate;
use sync_core::ids::{ChargeId, GridPath, InspectionId, RegionCode};
use sync_core::model::case::{ChargeState, Flag, ReviewState};
use sync_core::model::inspection::Inspection;
use sync_core::model::target::Target;
use sync_core::policy::PolicyBook;
use sync_core::time::{Instant, Month};
use sync_core::wire::problem::ProblemKind;
use uuid::Uuid;

use crate::db::schema::{inspections, targets};
use crate::db::targets::TargetRow;
use crate::db::types::{storable, stored_code, stored_json};
use crate::db::{Connection, photos};
use crate::ledger::moves::{CaseMoney, ChargeMoney};
use crate::problem::ApiError;
use crate::services::decide_case::StandingCase;
use crate::services::open_cases::{
    CaseWrite, Judged, JudgedUnder, Overruled, StoredCase, place_of, search_texts,
};
use crate::services::prior_facts::{confirmed_cases, prior_facts};
use crate::services::store_inspections::InspectionSource;

/// A case as it would be.
#[derive(Debug, Clone)]
pub struct Anew {
    /// Its row.
    pub write: CaseWrite,
    /// The inspection it would stand on, in the context it is judged in.
    pub inspection: Inspection,
    /// What it would be charged for, pending; amounts to be entered are absent.
    pub charges: Vec<ChargeMoney>,
    /// Whether its item is found at all.
    pub found: bool,
    /// Whether it was dismissed: what stood then stands again.
    pub reopens: bool,
    /// Photos that the pack requires and that are not verified.
    pub missing_photos: usize,
}

impl Anew {
    /// The grid its deductions would be booked under.
    #[must_use]
    pub fn grid(&self) -> &GridPath {
        &self.inspection.context.grid
    }

    /// Its month of occurrence.
    #[must_use]
    pub fn occurred_month(&self) -> Month {
        Month::of(storable(self.inspection.occurred_at).record_date())
    }

    /// What the case is charged for once it is decided so, beside its money until then: what is judged anew, and what
    /// absorbed cases found, which is no part of this inspection and stays. What people decided outlives it: an amount that
    /// they entered where the pack leaves it to them, and one that stands otherwise than the same pack version says.
    #[must_use]
    pub fn charges_beside(&self, money: &CaseMoney) -> Vec<ChargeMoney> {
        let decided = |charge: &ChargeMoney| {
            let before = money.charge(charge.charge_id)?;
            let stands = before.state != ChargeState::Void || self.reopens;
            let same_pack = before.pack_hash == charge.pack_hash;
            before.amount.filter(|_| same_pack && (stands || charge.amount.is_none()))
        };
        let own = self.charges.iter().map(|charge| {
            let mut own = ChargeMoney { amount: decided(charge).or(charge.amount), ..charge.clone() };
            if let Some(absorbed) = money.charge(charge.charge_id).and_then(ChargeMoney::merged_from) {
                own.found_by(absorbed);
            }
            own
        });
        let found: BTreeSet<ChargeId> = self.charges.iter().map(|charge| charge.charge_id).collect();
        let merged = self.merged_into(money).filter(|charge| !found.contains(&charge.charge_id));
        own.chain(merged.cloned()).collect()
    }

    /// Whether anything is left of the case: its item is found, or merges brought charges for it. If not, accepting it
    /// dismisses the case.
    #[must_use]
    pub fn stands(&self, money: &CaseMoney) -> bool {
        self.found || self.merged_into(money).next().is_some()
    }

    /// The charges that an absorbed case found, alone or too; those of a dismissed case come back with it.
    fn merged_into<'m>(&self, money: &'m CaseMoney) -> impl Iterator<Item = &'m ChargeMoney> {
        let reopens = self.reopens;
        let stands = move |charge: &&ChargeMoney| reopens || charge.state != ChargeState::Void;
        money.charges.iter().filter(stands).filter(|charge| charge.merged_from().is_some())
    }
}

/// The inspections of a case's lineage.
#[derive(Debug, Clone)]
pub struct Lineage {
    /// The one that the case stands on.
    pub present: Inspection,
    /// The last correction, where the case does not stand on it.
    pub correction: Option<Inspection>,
    /// The doubts about that correction.
    pub doubts: Vec<Flag>,
    /// Whether it was decided and charged on paper, before this product.
    pub of_the_past: bool,
}

impl Lineage {
    /// Loads it.
    ///
    /// # Errors
    /// Faults of the database.
    pub async fn load(
        conn: &mut Connection,
        district: &RegionCode,
        lineage: InspectionId,
        present: InspectionId,
    ) -> Result<Self, ApiError> {
        type Row = (Uuid, Option<Uuid>, serde_json::Value, Vec<String>, String);
        let rows: Vec<Row> = inspections::table
            .filter(inspections::district.eq(district.as_str()))
            .filter(inspections::lineage.eq(lineage.0))
            .select((
                inspections::inspection_id,
                inspections::replaces,
                inspections::sealed,
                inspections::flags,
                inspections::source,
            ))
            .load(conn)
            .await?;
        let replaced: BTreeSet<Uuid> = rows.iter().filter_map(|(_, replaces, ..)| *replaces).collect();
        let mut sealed: BTreeMap<Uuid, serde_json::Value> = BTreeMap::new();
        let (mut last, mut doubts, mut of_the_past) = (None, Vec::new(), false);
        for (id, _, inspection, flags, source) in rows {
            of_the_past |= source == InspectionSource::History.code();
            if !replaced.contains(&id) {
                last = Some(id);
                doubts = flags;
            }
            sealed.insert(id, inspection);
        }
        let mut take = |id: Uuid| -> Result<Inspection, ApiError> {
            let inspection = sealed.remove(&id).ok_or(ProblemKind::InternalError)?;
            Ok(stored_json("inspections.sealed", inspection)?)
        };
        let correction = last.filter(|last| *last != present.0).map(&mut take).transpose()?;
        let doubts = doubts.iter().map(|flag| stored_code("inspections.flags", flag));
        let doubts = doubts.collect::<Result<_, _>>()?;
        Ok(Self { present: take(present.0)?, correction, doubts, of_the_past })
    }

    /// The correction in the context of the case: what a supervisor decided on unit, level and pack outlives it.
    #[must_use]
    pub fn corrected(&self, case: &StandingCase) -> Option<Inspection> {
        let correction = self.correction.as_ref()?;
        let stands = JudgedUnder { unit_id: case.unit_id, level: case.level, pack: case.pack.clone() };
        let overruled = Overruled::between(&JudgedUnder::sealed(&self.present), &stands);
        Some(overruled.applied_to(correction).unwrap_or_else(|| correction.clone()))
    }
}

/// Judges a case on this inspection, in the context that it names.
///
/// # Errors
/// `pack_unknown` for a version that the district does not have; faults of the database.
pub async fn judge_anew(
    conn: &mut Connection,
    book: &PolicyBook,
    district: &RegionCode,
    case: &StandingCase,
    inspection: Inspection,
    now: Instant,
) -> Result<Anew, ApiError> {
    let unknown = || ApiError::new(ProblemKind::PackUnknown).field("pack_hash");
    let pack = match &inspection.context.pack {
        Some(pack) => Some(book.by_hash(&pack.hash).ok_or_else(unknown)?),
        None => None,
    };
    let target_id = inspection.context.target.as_ref().map(|target| target.target_id.0);
    let confirmed = confirmed_cases(conn, district, &target_id.into_iter().collect()).await?;
    let evaluation = evaluate(pack, &inspection, &prior_facts(&confirmed, &inspection));
    let target = registered(conn, district, target_id).await?;
    let before = StoredCase::of_lineages(conn, district, &BTreeSet::from([case.lineage.0])).await?;
    let before = before.get(&case.case_id).ok_or(ProblemKind::InternalError)?;
    let manifest = inspection.photos.iter().map(|photo| photo.sha256.clone()).collect();
    let verified = photos::verified_of(conn, district, &manifest).await?;
    let judged = Judged {
        district,
        inspection: &inspection,
        evaluation: &evaluation,
        flags: &[],
        search_texts: &search_texts(target.as_ref().map(|target| &target.content), &inspection),
        place: place_of(target.as_ref().map(|target| &target.content), &inspection),
        verified: &verified,
        now,
    };
    let (write, found) = CaseWrite::anew(judged, before);
    Ok(Anew {
        charges: write.charges(),
        missing_photos: write.missing_photos(&verified),
        write,
        found,
        reopens: case.state == ReviewState::Dismissed,
        inspection,
    })
}

async fn registered(
    conn: &mut Connection,
    district: &RegionCode,
    target_id: Option<Uuid>,
) -> Result<Option<Target>, ApiError> {
    let Some(target_id) = target_id else { return Ok(None) };
    let row: Option<TargetRow> = targets::table
        .find((district.as_str(), target_id))
        .select(TargetRow::as_select())
        .first(conn)
        .await
        .optional()?;
    Ok(row.map(Target::try_from).transpose()?)
}
