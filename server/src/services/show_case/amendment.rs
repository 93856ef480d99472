//! A correction of a decided case as a proposal (更正提议): its evaluation beside what stands, with the difference.

use std::collections::BTreeMap;

use serde::Serialize;
use sync_core::ids::{CaseId, ChargeId, InspectionId, MeasureKey, UnitId};
use sync_core::model::assignment::DiscoveryLevel;
use sync_core::model::case::Flag;
use sync_core::money::Fen;
use sync_core::policy::PolicyBook;
use sync_core::time::Instant;
use utoipa::ToSchema;

use crate::auth::actor::Actor;
use crate::db::{Connection, cases};
use crate::ledger::moves::{CaseMoney, ChargeMoney};
use crate::problem::ApiError;
use crate::services::decide_case::StandingCase;
use crate::services::judge_anew::{Anew, Lineage, judge_anew};
use crate::services::move_money::load_money;

/// A correction that awaits its acceptance or refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Amendment {
    /// The correction.
    pub inspection_id: InspectionId,
    /// Whether the item is still found, by it or by a merged case; if not, accepting it dismisses the case.
    pub found: bool,
    /// Photos that its pack requires and that are not verified.
    pub missing_photos: usize,
    /// The unit it would fall on.
    pub unit_id: UnitId,
    /// The level it would count at.
    pub level: DiscoveryLevel,
    /// Every charge before and after.
    pub charges: Vec<AmendedCharge>,
    /// What accepting it would post in all; absent while an amount has to be entered.
    pub difference: Option<Fen>,
}

/// A charge before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AmendedCharge {
    /// Its id.
    pub charge_id: ChargeId,
    /// What it is charged for.
    pub measure: MeasureKey,
    /// What stands of it in the ledger, in fen.
    pub posted: Fen,
    /// What it would be, in fen: zero where it is gone; absent where it has to be entered.
    pub amount: Option<Fen>,
    /// What would be posted.
    pub difference: Option<Fen>,
}

impl Amendment {
    /// The correction pending on a case, if any.
    ///
    /// # Errors
    /// Faults of the database.
    pub async fn of(
        connection: &mut Connection,
        book: &PolicyBook,
        actor: &Actor,
        case_id: CaseId,
        now: Instant,
    ) -> Result<Option<Self>, ApiError> {
        let district = &actor.district;
        let Some(row) = cases::find(connection, district, case_id).await? else { return Ok(None) };
        let case = StandingCase::try_from(row)?;
        if !case.flags.contains(&Flag::AmendsDecided) {
            return Ok(None);
        }
        let lineage = Lineage::load(connection, district, case.lineage, case.inspection_id).await?;
        let Some(correction) = lineage.corrected(&case) else { return Ok(None) };
        let anew = judge_anew(connection, book, district, &case, correction, now).await?;
        let money = load_money(connection, district, &[case_id]).await.map_err(ApiError::internal)?.pop();
        Ok(money.map(|money| Self::compare(&money, &anew)))
    }

    fn compare(money: &CaseMoney, anew: &Anew) -> Self {
        let mut all: BTreeMap<&MeasureKey, (ChargeId, Option<&ChargeMoney>, Option<&ChargeMoney>)> =
            BTreeMap::new();
        for before in money.live() {
            all.insert(&before.measure, (before.charge_id, Some(before), None));
        }
        let aimed = anew.charges_beside(money);
        for after in &aimed {
            all.entry(&after.measure).or_insert((after.charge_id, None, None)).2 = Some(after);
        }
        let charges: Vec<AmendedCharge> = all
            .into_iter()
            .map(|(measure, (charge_id, before, after))| {
                let posted = before.and_then(|charge| charge.standing().ok()).unwrap_or(Fen::ZERO);
                let amount = after.map_or(Some(Fen::ZERO), |charge| charge.amount);
                let difference = amount.and_then(|amount| amount.checked_add(posted.checked_neg()?));
                AmendedCharge { charge_id, measure: measure.clone(), posted, amount, difference }
            })
            .collect();
        let context = &anew.inspection.context;
        Self {
            inspection_id: anew.inspection.inspection_id,
            found: anew.stands(money),
            missing_photos: anew.missing_photos,
            unit_id: context.unit_id,
            level: context.level,
            difference: charges
                .iter()
                .map(|charge| charge.difference)
                .collect::<Option<Vec<_>>>()
                .and_then(Fen::checked_sum),
            charges,
        }
    }
}
