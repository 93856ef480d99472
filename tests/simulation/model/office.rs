//! The office: decisions and their money, months, the register, assignments, packs, backup and restore.

use std::collections::BTreeMap;

use jiff::civil::Date;
use sync_core::ids::{CaseId, ChargeId, Epoch, GridPath, TargetId, UnitId, UserId};
use sync_core::model::assignment::Assignment;
use sync_core::model::case::{ChargeState, Flag, ReviewState};
use sync_core::model::target::Target;
use sync_core::time::{Instant, Month};
use sync_core::wire::pull::{PackRow, entity};

use super::{Model, NewLog};
use crate::backend::{Deed, ObservedDecision, ObservedEntry};

/// The stable code of a refusal.
type Refused = &'static str;

impl Model {
    pub(super) fn try_act(&mut self, deed: &Deed) -> Result<(), Refused> {
        self.judge_uploads();
        match deed {
            Deed::Confirm(case) => self.confirm(*case),
            Deed::Return(case) => self.send_back(*case),
            Deed::Dismiss(case) => self.dismiss(*case),
            Deed::KeepApart(_) => Err("no_duplicate"),
            Deed::ReAttribute(case, unit) => self.re_attribute(*case, *unit),
            Deed::CloseMonth(month) => self.close(*month),
            Deed::ChangeTarget(target) => self.change_target((**target).clone()),
            Deed::RemoveTarget(id, version) => self.remove_target(*id, *version),
            Deed::MoveInspector(user, grid) => self.move_inspector(*user, grid.clone()),
            Deed::AdoptNextPack(from) => self.adopt_next_pack(*from),
            Deed::Revoke(device) => {
                self.state.revoked.insert(*device);
                Ok(())
            }
            Deed::BackUp => {
                // What is acknowledged in this very millisecond after the copy is not in it.
                let before = self.now.as_millisecond() - 1;
                self.state.backed_up_through = Some(Instant::from_millisecond(before).unwrap());
                self.backup = Some(Box::new(self.state.clone()));
                Ok(())
            }
            Deed::Restore => {
                let backup = self.backup.as_ref().ok_or("no_backup")?;
                self.state = (**backup).clone();
                self.state.epoch = Epoch(self.dice.id(self.now));
                Ok(())
            }
        }
    }

    fn decide(&mut self, case: CaseId, kind: &str) -> i64 {
        let number = i64::try_from(self.state.decisions.len()).unwrap() + 1;
        let basis = self.state.cases.get(&case).map(|kept| kept.row.inspection_id);
        self.state.decisions.push(ObservedDecision {
            number,
            kind: kind.to_owned(),
            case: Some((case, basis)),
            month: None,
            unit: None,
        });
        number
    }

    fn confirm(&mut self, id: CaseId) -> Result<(), Refused> {
        let case = self.state.cases.get(&id).ok_or("not_found")?;
        if case.row.review_state != ReviewState::UnderReview {
            return Err("state_forbids");
        }
        let posted_in = self.posting_month(Month::of(case.row.occurred_at.record_date()))?;
        if case.row.flags.contains(&Flag::ClockSuspect) {
            self.decide(id, "settle");
        }
        let decision = self.decide(id, "confirm");
        let Some(case) = self.state.cases.get_mut(&id) else { return Err("not_found") };
        case.row.flags.clear();
        case.row.review_state = ReviewState::Confirmed;
        case.row.version += 1;
        for charge in case.row.charges.iter_mut().filter(|charge| charge.state == ChargeState::Pending) {
            let Some(amount) = charge.amount else { continue };
            charge.state = ChargeState::Posted;
            let before = self.state.entries.iter().filter(|entry| entry.charge == charge.charge_id);
            let posting = before.map(|entry| entry.posting).max().unwrap_or(0) + 1;
            self.state.entries.push(ObservedEntry {
                number: i64::try_from(self.state.entries.len()).unwrap() + 1,
                kind: "deduction".to_owned(),
                charge: charge.charge_id,
                unit: case.row.unit_id,
                period: posted_in,
                amount: amount.get(),
                posting,
                reverses: None,
                decision,
            });
        }
        let change = NewLog::of_case(&case.row, Some(case.row.grid.clone()));
        self.log(vec![change]);
        Ok(())
    }

    fn send_back(&mut self, id: CaseId) -> Result<(), Refused> {
        let case = self.state.cases.get(&id).ok_or("not_found")?;
        if !matches!(case.row.review_state, ReviewState::UnderReview | ReviewState::AwaitingEvidence) {
            return Err("state_forbids");
        }
        self.decide(id, "return");
        self.set_state(id, ReviewState::Returned)
    }

    fn set_state(&mut self, id: CaseId, state: ReviewState) -> Result<(), Refused> {
        let case = self.state.cases.get_mut(&id).ok_or("not_found")?;
        case.row.review_state = state;
        case.row.version += 1;
        case.row.reason = Some("现场复核".to_owned());
        let change = NewLog::of_case(&case.row, Some(case.row.grid.clone()));
        self.log(vec![change]);
        Ok(())
    }

    fn dismiss(&mut self, id: CaseId) -> Result<(), Refused> {
        let case = self.state.cases.get(&id).ok_or("not_found")?;
        if matches!(case.row.review_state, ReviewState::Dismissed | ReviewState::Merged) {
            return Err("state_forbids");
        }
        let charges: Vec<ChargeId> = case.row.charges.iter().map(|charge| charge.charge_id).collect();
        let reversals = self.standing(&charges)?;
        let decision = self.decide(id, "dismiss");
        for (sum, period, last) in reversals {
            self.state.entries.push(ObservedEntry {
                number: i64::try_from(self.state.entries.len()).unwrap() + 1,
                kind: "reversal".to_owned(),
                period,
                amount: -sum,
                reverses: Some(last.number),
                decision,
                ..last
            });
        }
        if let Some(case) = self.state.cases.get_mut(&id) {
            case.row.charges.iter_mut().for_each(|charge| charge.state = ChargeState::Void);
            case.row.flags.clear();
        }
        self.set_state(id, ReviewState::Dismissed)
    }

    /// What stands of these charges on each account, with the month in which it may be moved and its last entry.
    fn standing(&self, charges: &[ChargeId]) -> Result<Vec<(i64, Month, ObservedEntry)>, Refused> {
        let mut standing: BTreeMap<(ChargeId, UnitId), (i64, ObservedEntry)> = BTreeMap::new();
        for entry in self.state.entries.iter().filter(|entry| charges.contains(&entry.charge)) {
            let account = (entry.charge, entry.unit);
            let sum = standing.get(&account).map_or(0, |(sum, _)| *sum) + entry.amount;
            standing.insert(account, (sum, entry.clone()));
        }
        let moved = standing.into_values().filter(|(sum, _)| *sum != 0);
        moved.map(|(sum, last)| Ok((sum, self.posting_month(last.period)?, last))).collect()
    }

    /// What stands goes from the one account to the other, by a pair of entries for each charge.
    fn re_attribute(&mut self, id: CaseId, unit: UnitId) -> Result<(), Refused> {
        let case = self.state.cases.get(&id).ok_or("not_found")?;
        if case.row.review_state != ReviewState::Confirmed || case.row.unit_id == unit {
            return Err("state_forbids");
        }
        let charges: Vec<ChargeId> = case.row.charges.iter().map(|charge| charge.charge_id).collect();
        let moved = self.standing(&charges)?;
        let decision = self.decide(id, "re_attribute");
        if let Some(decided) = self.state.decisions.last_mut() {
            decided.unit = Some(unit);
        }
        for (sum, period, last) in moved {
            for (account, amount) in [(last.unit, -sum), (unit, sum)] {
                self.state.entries.push(ObservedEntry {
                    number: i64::try_from(self.state.entries.len()).unwrap() + 1,
                    kind: "transfer".to_owned(),
                    unit: account,
                    period,
                    amount,
                    reverses: None,
                    decision,
                    ..last.clone()
                });
            }
        }
        let Some(case) = self.state.cases.get_mut(&id) else { return Err("not_found") };
        case.row.unit_id = unit;
        case.row.version += 1;
        let change = NewLog::of_case(&case.row, Some(case.row.grid.clone()));
        self.log(vec![change]);
        Ok(())
    }

    /// The month of occurrence or the first open one after it, never in the future.
    fn posting_month(&self, occurred: Month) -> Result<Month, Refused> {
        let mut month = occurred;
        while self.state.closed.contains_key(&month) {
            month = month.next();
        }
        if month > Month::of(self.now.record_date()) { Err("no_open_month") } else { Ok(month) }
    }

    /// In order: what lies before a closed month is closed.
    fn close(&mut self, month: Month) -> Result<(), Refused> {
        let last = self.state.closed.keys().next_back();
        let in_order = last.is_none_or(|last| last.next() == month);
        if month >= Month::of(self.now.record_date()) || !in_order {
            return Err("month_not_closable");
        }
        let before = Month::of(month.first_day().yesterday().unwrap());
        let number = i64::try_from(self.state.decisions.len()).unwrap() + 1;
        let decision = ObservedDecision {
            number,
            kind: "close_month".to_owned(),
            case: None,
            month: Some(month),
            unit: None,
        };
        self.state.decisions.push(decision);
        self.state.closed.entry(before).or_insert(number);
        self.state.closed.insert(month, number);
        Ok(())
    }

    fn change_target(&mut self, target: Target) -> Result<(), Refused> {
        let id = target.content.target_id;
        let kept = self.state.targets.get(&id).ok_or("not_found")?;
        if kept.removed || kept.target.version != target.version {
            return Err("target_changed");
        }
        let before = kept.target.content.grid.clone();
        let after = target.content.grid.clone();
        self.keep_target(Target { version: target.version + 1, ..target });
        self.log(vec![NewLog(entity::TARGET, id.to_string(), Some(before), Some(after), None)]);
        Ok(())
    }

    fn remove_target(&mut self, id: TargetId, version: u32) -> Result<(), Refused> {
        let kept = self.state.targets.get_mut(&id).ok_or("not_found")?;
        if kept.removed || kept.target.version != version {
            return Err("target_changed");
        }
        kept.removed = true;
        kept.target.version += 1;
        let before = kept.target.content.grid.clone();
        self.log(vec![NewLog(entity::TARGET, id.to_string(), Some(before), None, None)]);
        Ok(())
    }

    /// Today is the last day of the former assignment, tomorrow the first of the next.
    fn move_inspector(&mut self, user: UserId, grid: GridPath) -> Result<(), Refused> {
        let today = self.now.record_date();
        let next = sync_core::ids::AssignmentId(self.dice.id(self.now));
        let open = self.state.assignments.iter_mut().find(|a| a.user_id == user && a.until.is_none());
        let open = open.filter(|a| a.from <= today).ok_or("assignment_incomplete")?;
        open.until = Some(today);
        let (ended, made) = (
            open.assignment_id,
            Assignment {
                assignment_id: next,
                grid,
                from: today.tomorrow().unwrap(),
                until: None,
                ..open.clone()
            },
        );
        self.state.assignments.push(made);
        let hears = |id| NewLog::of_user(entity::ASSIGNMENT, id, user);
        self.log(vec![hears(ended), hears(next)]);
        Ok(())
    }

    fn adopt_next_pack(&mut self, from: Date) -> Result<(), Refused> {
        let next = &self.cast.next_pack;
        if self.state.packs.len() > 1 {
            return Err("pack_overlap");
        }
        self.state.packs[0].adopted_until = Some(from.yesterday().unwrap());
        self.state.packs.push(PackRow {
            id: next.loaded.id().clone(),
            hash: next.loaded.hash().clone(),
            region: next.loaded.region().clone(),
            source: next.source.clone(),
            adopted_from: Some(from),
            adopted_until: None,
        });
        let changes =
            self.state.packs.iter().map(|pack| NewLog::of_district(entity::PACK, &pack.hash)).collect();
        self.log(changes);
        Ok(())
    }
}
