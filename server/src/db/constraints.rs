//! What a violated constraint means: the one table from constraint names to problems.
//!
//! A constraint that is not here cannot be violated by a request that was checked, so its violation is a defect and
//! answered as an internal error. A check that only repeats what the code ensures does not belong here.

use sync_core::wire::problem::ProblemKind;

/// Constraint, problem, and the field that the client should look at.
const MEANINGS: &[(&str, ProblemKind, &str)] = &[
    ("appeals_charged_by_key", ProblemKind::AppealDecided, "case_id"),
    ("appeals_open_case_key", ProblemKind::AppealOpen, "case_id"),
    ("appeals_request_key", ProblemKind::RequestIdReused, "request_id"),
    ("assignments_days_check", ProblemKind::AssignmentIncomplete, "until"),
    ("assignments_grid_fkey", ProblemKind::GridUnknown, "grid"),
    ("assignments_inspector_level_check", ProblemKind::AssignmentIncomplete, "level"),
    ("assignments_liaison_unit_check", ProblemKind::AssignmentIncomplete, "unit_id"),
    ("assignments_unit_fkey", ProblemKind::UnitUnknown, "unit_id"),
    ("assignments_user_fkey", ProblemKind::UserUnknown, "user_id"),
    ("cases_unit_fkey", ProblemKind::UnitUnknown, "unit_id"),
    ("decisions_case_version_key", ProblemKind::CaseChanged, "expected_version"),
    ("decisions_request_key", ProblemKind::DecisionIdReused, "request_id"),
    ("districts_pkey", ProblemKind::DistrictExists, "code"),
    ("executions_cancels_key", ProblemKind::ExecutionCancelled, "execution_id"),
    ("executions_request_key", ProblemKind::RequestIdReused, "request_id"),
    ("fire_points_grid_fkey", ProblemKind::GridUnknown, "grid"),
    ("grids_pkey", ProblemKind::GridExists, "path"),
    ("grids_unit_fkey", ProblemKind::UnitUnknown, "unit_id"),
    ("inspections_grid_fkey", ProblemKind::GridUnknown, "grid"),
    ("inspections_pack_fkey", ProblemKind::PackUnknown, "pack_hash"),
    ("inspections_pkey", ProblemKind::InspectionExists, "inspection_id"),
    ("inspections_replaces_key", ProblemKind::Superseded, "replaces"),
    ("inspections_target_fkey", ProblemKind::TargetUnknown, "target_id"),
    ("inspections_unit_fkey", ProblemKind::UnitUnknown, "unit_id"),
    ("proposals_open_case_key", ProblemKind::ProposalOpen, "case_id"),
    ("proposals_open_month_key", ProblemKind::ProposalOpen, "month"),
    ("proposals_request_key", ProblemKind::DecisionIdReused, "request_id"),
    ("subsidies_payee_key", ProblemKind::SubsidyExists, "credit_code"),
    ("subsidies_request_key", ProblemKind::RequestIdReused, "request_id"),
    ("subsidies_target_fkey", ProblemKind::TargetUnknown, "target_id"),
    ("targets_code_key", ProblemKind::TargetCodeTaken, "code"),
    ("targets_grid_fkey", ProblemKind::GridUnknown, "grid"),
    ("targets_pkey", ProblemKind::TargetExists, "target_id"),
    ("targets_point_check", ProblemKind::PlaceOutsideChina, "point"),
    ("targets_unit_fkey", ProblemKind::UnitUnknown, "unit_id"),
    ("units_budget_code_key", ProblemKind::BudgetCodeTaken, "budget_code"),
    ("units_name_key", ProblemKind::UnitNameTaken, "name"),
    ("units_pkey", ProblemKind::UnitExists, "unit_id"),
    ("users_username_key", ProblemKind::UsernameTaken, "username"),
    ("zones_pkey", ProblemKind::ZoneExists, "zone_id"),
];

/// The problem of a violated constraint, and its field.
#[must_use]
pub fn meaning_of(constraint: &str) -> Option<(ProblemKind, &'static str)> {
    MEANINGS.iter().find(|(name, ..)| *name == constraint).map(|(_, kind, field)| (*kind, *field))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_without_repeats() {
        assert!(MEANINGS.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(meaning_of("targets_code_key"), Some((ProblemKind::TargetCodeTaken, "code")));
        assert_eq!(meaning_of("unheard_of"), None);
    }

    #[test]
    fn every_constraint_named_exists_in_the_migrations() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations");
        let migrations: String = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|entry| std::fs::read_to_string(entry.unwrap().path().join("up.sql")).ok())
            .collect();
        for (name, ..) in MEANINGS {
            assert!(migrations.contains(&format!("{name} ")), "{name} is in no migration");
        }
    }
}
