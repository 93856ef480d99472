//! What of the cases is asked for.

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Date as SqlDate, Text, Timestamptz};
use jiff::civil::Date;
use sync_core::grams::{folded, query_grams};
use sync_core::ids::{GridPath, ItemCode, KindCode, TargetId, UnitId, UserId};
use sync_core::model::assignment::DiscoveryLevel;
use sync_core::model::case::{RectificationState, ReviewState};
use sync_core::time::{Instant, Month};

use crate::auth::case_scope::{CaseCondition, in_grid};
use crate::db::schema::cases;
use crate::db::types::{Day, Time};
use crate::ledger::period::Occurrences;

/// Filters, all of which must hold; an absent one holds for all.
#[derive(Debug, Clone, Default)]
pub struct CaseFilter {
    /// Responsible unit.
    pub unit: Option<UnitId>,
    /// Grid, with everything below it.
    pub grid: Option<GridPath>,
    /// Item.
    pub item: Option<ItemCode>,
    /// Kind of target.
    pub kind: Option<KindCode>,
    /// Any of these review states; all of them when empty.
    pub states: Vec<ReviewState>,
    /// First day of occurrence, zone of record.
    pub from: Option<Date>,
    /// Last day of occurrence.
    pub to: Option<Date>,
    /// Words, each of which stands in what the case is searched by.
    pub text: Option<String>,
    /// Who recorded it.
    pub author: Option<UserId>,
    /// Whether doubts are open.
    pub flagged: Option<bool>,
    /// Any of these rectification states; all of them when empty.
    pub rectification: Vec<RectificationState>,
    /// At which level it was found.
    pub level: Option<DiscoveryLevel>,
    /// On which target.
    pub target: Option<TargetId>,
    /// Whether it is proposed as a duplicate of another.
    pub duplicate: Option<bool>,
    /// Whether a second person has to review what is proposed for it.
    pub proposed: Option<bool>,
    /// What belongs to this month of account.
    pub month: Option<AccountMonth>,
    /// Whether its rectification is past its deadline in the unit's hands, at this moment.
    pub overdue: Option<(bool, Instant)>,
    /// Whether an appeal waits for its decision.
    pub appealed: Option<bool>,
}

/// A month of account (账期): what was posted to it, and what would be if it were confirmed now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountMonth {
    /// The month.
    pub month: Month,
    /// Which occurrences would post to it now; none, of a closed month.
    pub occurrences: Option<Occurrences>,
}

impl CaseFilter {
    /// All filters but that of states.
    #[must_use]
    pub fn condition(&self) -> CaseCondition {
        let conditions = [
            self.unit.map(|unit| -> CaseCondition { Box::new(cases::unit_id.eq(unit.0)) }),
            self.grid.as_ref().map(in_grid),
            self.item.as_ref().map(|item| -> CaseCondition { Box::new(cases::item.eq(item.to_string())) }),
            self.kind.as_ref().map(|kind| -> CaseCondition { Box::new(cases::kind.eq(kind.to_string())) }),
            self.from.map(occurred_from),
            self.to.map(occurred_to),
            self.text.as_deref().map(has_text),
            self.author.map(|author| -> CaseCondition { Box::new(cases::author.eq(author.0)) }),
            self.flagged.map(is_flagged),
            self.rectification_condition(),
            self.level.map(|level| -> CaseCondition { Box::new(cases::level.eq(level.code())) }),
            self.target
                .map(|target| -> CaseCondition { Box::new(cases::target_id.assume_not_null().eq(target.0)) }),
            self.duplicate.map(|wanted| -> CaseCondition { Box::new(is_duplicate().eq(wanted)) }),
            self.proposed.map(|wanted| -> CaseCondition { Box::new(is_proposed().eq(wanted)) }),
            self.month.map(of_account),
            self.overdue.map(|(wanted, now)| is_overdue(wanted, now)),
            self.appealed.map(|wanted| -> CaseCondition { Box::new(is_appealed().eq(wanted)) }),
        ];
        conditions.into_iter().flatten().fold(always(), |all, one| Box::new(all.and(one)))
    }

    fn rectification_condition(&self) -> Option<CaseCondition> {
        let codes: Vec<&str> = self.rectification.iter().map(|state| state.code()).collect();
        (!codes.is_empty()).then(|| -> CaseCondition { Box::new(cases::rectification_state.eq_any(codes)) })
    }

    /// The filter of states.
    #[must_use]
    pub fn state_condition(&self) -> CaseCondition {
        if self.states.is_empty() {
            return always();
        }
        Box::new(cases::review_state.eq_any(self.states.iter().map(|state| state.code()).collect::<Vec<_>>()))
    }
}

fn always() -> CaseCondition {
    Box::new(sql::<Bool>("TRUE"))
}

fn is_flagged(flagged: bool) -> CaseCondition {
    // As the index of the cases with doubts says it: a bound value would not be seen to mean the same.
    if flagged {
        Box::new(sql::<Bool>("cases.flags <> '{}'"))
    } else {
        Box::new(cases::flags.eq(Vec::<String>::new()))
    }
}

fn is_duplicate() -> SqlLiteral<Bool> {
    sql("EXISTS (SELECT FROM duplicate_proposals AS pair WHERE pair.district = cases.district
                    AND cases.case_id IN (pair.case_id, pair.other_case_id) AND pair.state = 'proposed')")
}

fn is_proposed() -> SqlLiteral<Bool> {
    sql("EXISTS (SELECT FROM proposals WHERE proposals.district = cases.district
                    AND proposals.case_id = cases.case_id AND proposals.state = 'open')")
}

fn is_appealed() -> SqlLiteral<Bool> {
    sql("EXISTS (SELECT FROM appeals WHERE appeals.district = cases.district
                    AND appeals.case_id = cases.case_id AND appeals.state = 'open')")
}

fn is_overdue(wanted: bool, now: Instant) -> CaseCondition {
    let late = sql::<Bool>(
        "EXISTS (SELECT FROM rectifications WHERE rectifications.district = cases.district
                    AND rectifications.case_id = cases.case_id AND state = 'assigned' AND deadline < ",
    );
    Box::new(late.bind::<Timestamptz, _>(Time(now)).sql(")").eq(wanted))
}

fn of_account(account: AccountMonth) -> CaseCondition {
    let posted = sql::<Bool>(
        "cases.case_id IN (SELECT case_id FROM ledger_entries
                           WHERE ledger_entries.district = cases.district AND period = ",
    );
    let posted = posted.bind::<SqlDate, _>(Day(account.month.first_day())).sql(")");
    let Some(Occurrences { from, until }) = account.occurrences else { return Box::new(posted) };
    let pending = sql::<Bool>(
        "EXISTS (SELECT FROM charges WHERE charges.district = cases.district
                    AND charges.case_id = cases.case_id AND charges.state = 'pending')",
    );
    let since: CaseCondition = match from {
        Some(month) => Box::new(cases::occurred_month.ge(Day(month.first_day()))),
        None => always(),
    };
    let through: CaseCondition = match until {
        Some(month) => Box::new(cases::occurred_month.le(Day(month.first_day()))),
        None => always(),
    };
    Box::new(posted.or(pending.and(since).and(through)))
}

fn occurred_from(day: Date) -> CaseCondition {
    Box::new(cases::occurred_at.ge(
        sql::<Timestamptz>("(").bind::<SqlDate, _>(Day(day)).sql("::timestamp AT TIME ZONE 'Asia/Shanghai')"),
    ))
}

fn occurred_to(day: Date) -> CaseCondition {
    Box::new(
        cases::occurred_at.lt(sql::<Timestamptz>("((")
            .bind::<SqlDate, _>(Day(day))
            .sql(" + 1)::timestamp AT TIME ZONE 'Asia/Shanghai')")),
    )
}

/// The grams come from an index and leave few rows; the words themselves decide.
fn has_text(text: &str) -> CaseCondition {
    let grams: Vec<String> = query_grams(text).into_iter().collect();
    let indexed: CaseCondition = Box::new(cases::search_grams.contains(grams));
    let text = folded(text);
    text.split_whitespace().fold(indexed, |all, word| {
        let found = sql::<Bool>("strpos(search_text, ").bind::<Text, _>(word.to_owned()).sql(") > 0");
        Box::new(all.and(found))
    })
}
