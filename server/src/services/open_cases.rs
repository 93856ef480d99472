//! Opens the cases (案件) of an inspection with their charges, and judges them anew when the inspection is corrected.
//!
//! Invariants: cases and charges are what [`evaluate`](sync_core::evaluate) says and nothing else; their ids are
//! derived, so a case or charge exists once whatever is retried (invariant 2). A correction moves an undecided case to
//! the successor and proposes its charges again, by the unit, level and pack version that a supervisor decided; of a
//! decided case it is a proposal: the case is flagged, and its state, charges and ledger stay. Nothing here posts.

use std::collections::{BTreeSet, HashMap, HashSet};

use diesel::prelude::*;
use diesel::sql_types::{Array, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use futures::join;
use jiff::civil::Date;
use serde::Serialize;
use sync_core::evaluate::{Evaluation, Evidence, ProposedCase};
use sync_core::geo::Point;
use sync_core::grams::{folded, index_grams};
use sync_core::ids::{
    CaseId, GridPath, InspectionId, ItemCode, KindCode, PackHash, PackId, PhotoHash, RegionCode, TargetId,
    UnitId, UserId,
};
use sync_core::model::assignment::DiscoveryLevel;
use sync_core::model::case::{Flag, RectificationState, ReviewState};
use sync_core::model::inspection::{Inspection, PackRef};
use sync_core::model::target::TargetContent;
use sync_core::time::{Instant, Month};
use uuid::Uuid;

use crate::db::Connection;
use crate::db::bulk::execute_with_rows;
use crate::db::changes::NewChange;
use crate::db::charges::{self, ChargeWrite};
use crate::db::place_cells::cell_of;
use crate::db::schema::{cases, inspections};
use crate::db::statement::statement;
use crate::db::types::{StoredValueError, storable, stored, stored_code, stored_json};
use crate::ledger::moves::ChargeMoney;
use crate::problem::ApiError;

/// What a supervisor decided of a case otherwise than its inspection says (改定): it outlives corrections, which say
/// what was seen and not who answers for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overruled {
    unit_id: Option<UnitId>,
    level: Option<DiscoveryLevel>,
    /// A pack version, or that none was in force.
    pack: Option<Option<PackRef>>,
}

impl Overruled {
    /// What a case stands on otherwise than its sealed inspection.
    #[must_use]
    pub fn between(sealed: &JudgedUnder, stands: &JudgedUnder) -> Self {
        let hash = |pack: &Option<PackRef>| pack.as_ref().map(|pack| pack.hash.clone());
        Self {
            unit_id: (stands.unit_id != sealed.unit_id).then_some(stands.unit_id),
            level: (stands.level != sealed.level).then_some(stands.level),
            pack: (hash(&stands.pack) != hash(&sealed.pack)).then(|| stands.pack.clone()),
        }
    }

    /// An inspection in the context that was decided; `None` where nothing was.
    #[must_use]
    pub fn applied_to(&self, inspection: &Inspection) -> Option<Inspection> {
        if *self == Self::default() {
            return None;
        }
        let mut inspection = inspection.clone();
        let context = &mut inspection.context;
        context.unit_id = self.unit_id.unwrap_or(context.unit_id);
        context.level = self.level.unwrap_or(context.level);
        if let Some(pack) = &self.pack {
            context.pack.clone_from(pack);
        }
        Some(inspection)
    }
}

/// What of its context a case is judged under and a supervisor may decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedUnder {
    /// The unit that answers for it.
    pub unit_id: UnitId,
    /// The discovery level that it counts at.
    pub level: DiscoveryLevel,
    /// The pack version; none where none was in force.
    pub pack: Option<PackRef>,
}

impl JudgedUnder {
    /// As an inspection was sealed.
    #[must_use]
    pub fn sealed(inspection: &Inspection) -> Self {
        let context = &inspection.context;
        Self { unit_id: context.unit_id, level: context.level, pack: context.pack.clone() }
    }
}

/// A case as a correction finds it.
#[derive(Debug, Clone)]
pub struct StoredCase {
    /// Its id.
    pub case_id: CaseId,
    /// The lineage it belongs to.
    pub lineage: InspectionId,
    /// Its review state.
    pub review_state: ReviewState,
    /// Its version.
    pub version: u32,
    /// The grid that devices know it in; absent while it is not committed.
    pub grid: Option<GridPath>,
    /// The unit that answers for it; absent while it is not committed.
    pub unit: Option<UnitId>,
    /// What was proposed last.
    pub proposed: ProposedCase,
    /// What a supervisor decided of it otherwise than its inspection says.
    pub overruled: Overruled,
}

impl StoredCase {
    /// The cases of these lineages, which the caller has locked.
    ///
    /// # Errors
    /// Faults of the database.
    pub async fn of_lineages(
        mut conn: &Connection,
        district: &RegionCode,
        lineages: &BTreeSet<Uuid>,
    ) -> Result<HashMap<CaseId, Self>, ApiError> {
        if lineages.is_empty() {
            return Ok(HashMap::new());
        }
        let of_lineages = cases::district.eq(district.as_str()).and(cases::lineage.eq_any(lineages));
        let stands_on = inspections::district
            .eq(cases::district)
            .and(inspections::inspection_id.eq(cases::inspection_id));
        let rows: Vec<StoredCaseRow> = cases::table
            .inner_join(inspections::table.on(stands_on))
            .filter(of_lineages)
            .select(StoredCaseRow::as_select())
            .load(&mut conn)
            .await?;
        let read = |row: StoredCaseRow| Self::try_from(row).map(|case| (case.case_id, case));
        rows.into_iter().map(|row| read(row).map_err(ApiError::from)).collect()
    }

    /// Whether a supervisor has decided it for good: only a returned case awaits a correction.
    const fn is_decided(&self) -> bool {
        match self.review_state {
            ReviewState::AwaitingEvidence | ReviewState::UnderReview | ReviewState::Returned => false,
            ReviewState::Confirmed | ReviewState::Dismissed | ReviewState::Merged => true,
        }
    }
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = cases, check_for_backend(diesel::pg::Pg))]
struct StoredCaseRow {
    case_id: Uuid,
    lineage: Uuid,
    review_state: String,
    version: i32,
    grid: String,
    evaluation: serde_json::Value,
    unit_id: Uuid,
    level: String,
    pack_id: Option<String>,
    pack_hash: Option<String>,
    #[diesel(select_expression = inspections::sealed)]
    sealed: serde_json::Value,
}

impl TryFrom<StoredCaseRow> for StoredCase {
    type Error = StoredValueError;

    fn try_from(row: StoredCaseRow) -> Result<Self, StoredValueError> {
        let pack = match row.pack_id.zip(row.pack_hash) {
            Some((id, hash)) => {
                Some(PackRef { id: stored("cases.pack_id", &id)?, hash: stored("cases.pack_hash", &hash)? })
            }
            None => None,
        };
        let stands = JudgedUnder {
            unit_id: UnitId(row.unit_id),
            level: stored_code("cases.level", &row.level)?,
            pack,
        };
        let sealed: Inspection = stored_json("inspections.sealed", row.sealed)?;
        Ok(Self {
            case_id: CaseId(row.case_id),
            lineage: InspectionId(row.lineage),
            review_state: stored_code("cases.review_state", &row.review_state)?,
            version: u32::try_from(row.version).unwrap_or_default(),
            grid: Some(stored("cases.grid", &row.grid)?),
            unit: Some(stands.unit_id),
            proposed: stored_json("cases.evaluation", row.evaluation)?,
            overruled: Overruled::between(&JudgedUnder::sealed(&sealed), &stands),
        })
    }
}

/// An inspection as judged.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'a> {
    /// The district.
    pub district: &'a RegionCode,
    /// The inspection.
    pub inspection: &'a Inspection,
    /// What the evaluator says.
    pub evaluation: &'a Evaluation,
    /// Where it is; see [`place_of`].
    pub place: Option<Point>,
    /// What a supervisor must settle.
    pub flags: &'a [Flag],
    /// What people search the cases by, beside the item's name.
    pub search_texts: &'a [&'a str],
    /// Photos that count as evidence.
    pub verified: &'a HashSet<PhotoHash>,
    /// The server's clock.
    pub now: Instant,
}

/// Where the cases of an inspection are: the point that was looked at, else the target's own (the inspector may stand
/// across the street), else the fix.
#[must_use]
pub fn place_of(target: Option<&TargetContent>, inspection: &Inspection) -> Option<Point> {
    inspection.found_at(target.map(|content| content.point))
}

/// What people search the cases of an inspection by: its target's name, number and address, the place and the notes.
#[must_use]
pub fn search_texts<'a>(target: Option<&'a TargetContent>, inspection: &'a Inspection) -> Vec<&'a str> {
    let registered = target
        .into_iter()
        .flat_map(|content| [Some(content.name.as_str()), content.code.as_deref(), Some(&content.address)]);
    registered.flatten().chain([inspection.place.as_str(), inspection.notes.as_str()]).collect()
}

/// What an inspection makes of the cases of its lineage.
#[derive(Debug, Default)]
pub struct CaseWrites {
    /// Cases to insert or overwrite, with all their charges.
    pub cases: Vec<CaseWrite>,
    /// Decided cases that the correction is a proposal for.
    pub proposals: Vec<CaseId>,
}

/// A case as it is written.
#[derive(Debug, Clone, Serialize)]
pub struct CaseWrite {
    district: RegionCode,
    case_id: CaseId,
    pub(super) lineage: InspectionId,
    inspection_id: InspectionId,
    pub(super) item: ItemCode,
    kind: KindCode,
    author: UserId,
    pub(super) target_id: Option<TargetId>,
    grid: GridPath,
    unit_id: UnitId,
    level: DiscoveryLevel,
    pub(super) occurred_at: Instant,
    occurred_month: Date,
    pack_id: Option<PackId>,
    pub(super) pack_hash: Option<PackHash>,
    review_state: ReviewState,
    rectification_state: RectificationState,
    flags: Vec<Flag>,
    pub(super) version: u32,
    lon: Option<f64>,
    lat: Option<f64>,
    cell: Option<i32>,
    evaluation: ProposedCase,
    search_text: String,
    search_grams: BTreeSet<String>,
    created_at: Instant,
    updated_at: Instant,
    /// The grid that devices knew it in before.
    #[serde(skip)]
    grid_before: Option<GridPath>,
    /// The unit that answered for it before.
    #[serde(skip)]
    unit_before: Option<UnitId>,
    #[serde(skip)]
    overruled: Overruled,
}

impl CaseWrite {
    /// Its id.
    #[must_use]
    pub fn case_id(&self) -> CaseId {
        self.case_id
    }

    /// Where it is; nothing for a place that is not on the globe, or where a correction withdrew it.
    #[must_use]
    pub fn point(&self) -> Option<Point> {
        self.lon.zip(self.lat).map(|(lon, lat)| Point { lon, lat })
    }

    /// As a later correction in the same transaction finds it.
    #[must_use]
    pub fn as_stored(&self) -> StoredCase {
        StoredCase {
            case_id: self.case_id,
            lineage: self.lineage,
            review_state: self.review_state,
            version: self.version,
            grid: self.grid_before.clone(),
            unit: self.unit_before,
            proposed: self.evaluation.clone(),
            overruled: self.overruled.clone(),
        }
    }

    /// As it stands when it was decided before this product: confirmed, with nothing to charge.
    #[must_use]
    pub fn decided_on_paper(self) -> Self {
        Self { review_state: ReviewState::Confirmed, ..self }
    }

    /// Who must hear of it.
    #[must_use]
    pub fn change(&self) -> NewChange {
        NewChange {
            grid_before: self.grid_before.clone(),
            unit_before: self.unit_before.filter(|unit| *unit != self.unit_id),
            ..NewChange::of_case(self.case_id, self.grid.clone(), self.author)
        }
    }

    /// A case as its inspection is judged now, and whether its item is still found; where it is not, nothing is
    /// charged.
    #[must_use]
    pub fn anew(judged: Judged<'_>, before: &StoredCase) -> (Self, bool) {
        let cases = &judged.evaluation.cases;
        match cases.iter().find(|proposed| proposed.case_id == before.case_id) {
            Some(proposed) => (Self::new(judged, proposed.clone(), Some(before)), true),
            None => {
                let withdrawn = withdrawn(&before.proposed, judged.evaluation);
                (Self::new(judged, withdrawn, Some(before)), false)
            }
        }
    }

    /// Its review state by the evidence at hand.
    #[must_use]
    pub const fn review_state(&self) -> ReviewState {
        self.review_state
    }

    /// Photos that its pack requires and that are not among these.
    #[must_use]
    pub fn missing_photos(&self, verified: &HashSet<PhotoHash>) -> usize {
        self.evaluation.evidence.missing_of(|photo| verified.contains(photo))
    }

    fn new(judged: Judged<'_>, proposed: ProposedCase, before: Option<&StoredCase>) -> Self {
        let Judged { district, inspection, flags, now, .. } = judged;
        let context = &inspection.context;
        let occurred_at = storable(inspection.occurred_at);
        let place = judged.place.filter(|place| place.is_on_globe());
        let names = [proposed.zh.as_str(), proposed.en.as_str()];
        let texts: Vec<&str> = judged.search_texts.iter().copied().chain(names).collect();
        Self {
            district: district.clone(),
            case_id: proposed.case_id,
            lineage: inspection.lineage,
            inspection_id: inspection.inspection_id,
            item: proposed.item.clone(),
            kind: inspection.kind.clone(),
            author: inspection.author,
            target_id: context.target.as_ref().map(|target| target.target_id),
            grid: context.grid.clone(),
            unit_id: context.unit_id,
            level: context.level,
            occurred_at,
            occurred_month: Month::of(occurred_at.record_date()).first_day(),
            pack_id: context.pack.as_ref().map(|pack| pack.id.clone()),
            pack_hash: context.pack.as_ref().map(|pack| pack.hash.clone()),
            review_state: state_by_evidence(&proposed, judged.verified),
            rectification_state: RectificationState::None,
            flags: flags.to_vec(),
            version: before.map_or(1, |case| case.version.saturating_add(1)),
            lon: place.map(|place| place.lon),
            lat: place.map(|place| place.lat),
            cell: place.and_then(cell_of),
            search_text: folded(&texts.join("\n")),
            search_grams: index_grams(texts),
            created_at: now,
            updated_at: now,
            grid_before: before.and_then(|case| case.grid.clone()),
            unit_before: before.and_then(|case| case.unit),
            overruled: before.map(|case| case.overruled.clone()).unwrap_or_default(),
            evaluation: proposed,
        }
    }

    /// Its charges: an item is charged only by a pack.
    #[must_use]
    pub fn charges(&self) -> Vec<ChargeMoney> {
        let proposed = |pack_hash| {
            let charges = self.evaluation.charges.iter();
            charges.map(move |charge| ChargeMoney::proposed(charge, pack_hash, self.unit_id))
        };
        self.pack_hash.iter().flat_map(proposed).collect()
    }
}

/// Under review when the photos at hand suffice, else awaiting evidence.
pub(crate) fn state_by_evidence(proposed: &ProposedCase, verified: &HashSet<PhotoHash>) -> ReviewState {
    if proposed.evidence.missing_of(|photo| verified.contains(photo)) == 0 {
        ReviewState::UnderReview
    } else {
        ReviewState::AwaitingEvidence
    }
}

/// What a correction makes of the cases of its lineage, `before`; `judge` says what is charged in a context that a
/// supervisor decided for one of them.
#[must_use]
pub fn correct_cases(
    judged: Judged<'_>,
    before: &[&StoredCase],
    judge: impl Fn(&Inspection) -> Evaluation,
) -> CaseWrites {
    let mut writes = open_cases(judged, before.iter().copied());
    for write in &mut writes.cases {
        let Some(case) = before.iter().find(|case| case.case_id == write.case_id) else { continue };
        let Some(inspection) = case.overruled.applied_to(judged.inspection) else { continue };
        let evaluation = judge(&inspection);
        let found = evaluation.cases.iter().any(|proposed| proposed.case_id == case.case_id);
        let place = judged.place.filter(|_| found);
        let judged = Judged { inspection: &inspection, evaluation: &evaluation, place, ..judged };
        *write = CaseWrite::anew(judged, case).0;
    }
    writes
}

/// What a judged inspection makes of the cases of its lineage; `before` are those that exist.
#[must_use]
pub fn open_cases<'a>(judged: Judged<'_>, before: impl Iterator<Item = &'a StoredCase>) -> CaseWrites {
    let before: HashMap<CaseId, &StoredCase> = before.map(|case| (case.case_id, case)).collect();
    let mut writes = CaseWrites::default();
    for proposed in &judged.evaluation.cases {
        match before.get(&proposed.case_id) {
            Some(case) if case.is_decided() => {}
            case => writes.cases.push(CaseWrite::new(judged, proposed.clone(), case.copied())),
        }
    }
    let proposed: HashSet<CaseId> = judged.evaluation.cases.iter().map(|case| case.case_id).collect();
    for case in before.values() {
        if case.is_decided() {
            writes.proposals.push(case.case_id);
        } else if !proposed.contains(&case.case_id) {
            let withdrawn = withdrawn(&case.proposed, judged.evaluation);
            writes.cases.push(CaseWrite::new(Judged { place: None, ..judged }, withdrawn, Some(case)));
        }
    }
    writes
}

/// A case whose item the correction does not find any more: nothing is charged, and it waits for its dismissal.
fn withdrawn(before: &ProposedCase, evaluation: &Evaluation) -> ProposedCase {
    let asked: HashSet<_> = before
        .charges
        .iter()
        .map(|charge| &charge.question)
        .chain(before.non_charges.iter().map(|non_charge| &non_charge.question))
        .collect();
    let answers = evaluation.non_charges.iter().filter(|non_charge| asked.contains(&non_charge.question));
    ProposedCase {
        charges: Vec::new(),
        non_charges: answers.cloned().collect(),
        evidence: Evidence { photos_each: 0, questions: Vec::new(), visit_photos: Vec::new() },
        stop_work: None,
        ..before.clone()
    }
}

/// Writes cases with their charges: new ones appear, those before are overwritten, and charges that are not proposed
/// any more are void, but for those that an absorbed case found. The caller has locked those before, and records the changes.
///
/// # Errors
/// Faults of the database.
pub async fn store_cases(
    conn: &Connection,
    district: &RegionCode,
    cases: &[CaseWrite],
    proposals: &[CaseId],
) -> QueryResult<()> {
    let proposed: Vec<_> = cases.iter().map(|case| (case.case_id, case.charges())).collect();
    let rows: Vec<_> = proposed
        .iter()
        .flat_map(|(case_id, charges)| {
            charges.iter().map(|charge| ChargeWrite::new(district, *case_id, charge))
        })
        .collect();
    let charge_ids: Vec<Uuid> =
        proposed.iter().flat_map(|(_, charges)| charges).map(|charge| charge.charge_id.0).collect();
    // Together, in one round trip: none depends on what another answers.
    let (stored, voided, charged, flagged) = join!(
        store_case_rows(conn, cases),
        void_charges(conn, district, cases, charge_ids),
        charges::upsert(conn, &rows),
        flag_proposals(conn, district, proposals),
    );
    stored.and(voided).and(charged).and(flagged)
}

/// Voids the pending charges of cases that were there before, but for those that are proposed now.
async fn void_charges(
    mut conn: &Connection,
    district: &RegionCode,
    cases: &[CaseWrite],
    proposed: Vec<Uuid>,
) -> QueryResult<()> {
    let rewritten: Vec<Uuid> =
        cases.iter().filter(|case| case.version > 1).map(|case| case.case_id.0).collect();
    if rewritten.is_empty() {
        return Ok(());
    }
    statement(
        "UPDATE charges SET state = 'void'
         WHERE district = $1 AND case_id = ANY ($2) AND charge_id <> ALL ($3) AND state = 'pending'
           AND NOT reason ? 'merged_from'",
    )
    .bind::<Text, _>(district.as_str())
    .bind::<Array<SqlUuid>, _>(rewritten)
    .bind::<Array<SqlUuid>, _>(proposed)
    .execute(&mut conn)
    .await?;
    Ok(())
}

/// Flags the decided cases that a correction is a proposal for, and those that they were merged into.
async fn flag_proposals(
    mut conn: &Connection,
    district: &RegionCode,
    proposals: &[CaseId],
) -> QueryResult<()> {
    if proposals.is_empty() {
        return Ok(());
    }
    statement(
        "WITH amended AS (
             UPDATE cases SET flags = array_append(flags, $3)
             WHERE district = $1 AND case_id = ANY ($2) AND $3 <> ALL (flags)
         )
         UPDATE cases SET flags = array_append(flags, $4)
         WHERE district = $1 AND $4 <> ALL (flags) AND case_id IN (
             SELECT merged_into FROM cases WHERE district = $1 AND case_id = ANY ($2))",
    )
    .bind::<Text, _>(district.as_str())
    .bind::<Array<SqlUuid>, _>(proposals.iter().map(|case| case.0).collect::<Vec<_>>())
    .bind::<Text, _>(Flag::AmendsDecided.code())
    .bind::<Text, _>(Flag::AbsorbedAmended.code())
    .execute(&mut conn)
    .await?;
    Ok(())
}

/// The correction of a case that was merged was refused: the survivor is in doubt no more, unless another one's is open.
///
/// # Errors
/// Faults of the database.
pub async fn unflag_survivor(
    mut conn: &Connection,
    district: &RegionCode,
    absorbed: CaseId,
) -> QueryResult<()> {
    statement(
        "UPDATE cases SET flags = array_remove(flags, $4)
         WHERE district = $1 AND case_id = (SELECT merged_into FROM cases WHERE district = $1 AND case_id = $2)
           AND NOT EXISTS (SELECT FROM cases AS other WHERE other.district = $1
                           AND other.merged_into = cases.case_id AND other.case_id <> $2 AND $3 = ANY (other.flags))",
    )
    .bind::<Text, _>(district.as_str())
    .bind::<SqlUuid, _>(absorbed.0)
    .bind::<Text, _>(Flag::AmendsDecided.code())
    .bind::<Text, _>(Flag::AbsorbedAmended.code())
    .execute(&mut conn)
    .await?;
    Ok(())
}

/// Writes cases without their charges.
///
/// # Errors
/// Faults of the database.
pub async fn store_case_rows(conn: &Connection, cases: &[CaseWrite]) -> QueryResult<()> {
    execute_with_rows(conn, UPSERT_CASES, cases).await?;
    Ok(())
}

const UPSERT_CASES: &str = "
    INSERT INTO cases (
        district, case_id, lineage, inspection_id, item, kind, author, target_id, grid, unit_id, level,
        occurred_at, occurred_month, pack_id, pack_hash, review_state, rectification_state, flags, version, lon, lat,
        cell, evaluation, search_text, search_grams, created_at, updated_at)
    SELECT
        district, case_id, lineage, inspection_id, item, kind, author, target_id, grid, unit_id, level,
        occurred_at, occurred_month, pack_id, pack_hash, review_state, rectification_state, flags, version, lon, lat,
        cell, evaluation, search_text, search_grams, created_at, updated_at
    FROM json_populate_recordset(NULL::cases, CAST($1 AS json))
    ON CONFLICT ON CONSTRAINT cases_pkey DO UPDATE SET
        inspection_id = excluded.inspection_id, kind = excluded.kind, target_id = excluded.target_id,
        grid = excluded.grid, unit_id = excluded.unit_id, level = excluded.level,
        occurred_at = excluded.occurred_at, occurred_month = excluded.occurred_month,
        pack_id = excluded.pack_id, pack_hash = excluded.pack_hash, review_state = excluded.review_state,
        flags = excluded.flags, version = excluded.version, lon = excluded.lon, lat = excluded.lat,
        cell = excluded.cell, evaluation = excluded.evaluation,
        search_text = excluded.search_text, search_grams = excluded.search_grams, updated_at = excluded.updated_at";
