//! Responsible units (责任单位) of the demonstration: seven street offices and six bureaus, with invented codes.

use sync_core::ids::UnitId;
use sync_core::model::credit_code::credit_check;
use sync_core::model::unit::{Unit, UnitKind};

use super::map::STREETS;
use super::{DISTRICT, draw};

/// A bureau and its budget code.
struct Bureau {
    name: &'static str,
    budget_code: &'static str,
}

pub(super) const ENVIRONMENT: &str = "焦作市生态环境局马村分局";
pub(super) const HOUSING: &str = "马村区住房和城乡建设局";
pub(super) const CITY_MANAGEMENT: &str = "马村区城市管理局";
pub(super) const INDUSTRY: &str = "马村区工业和信息化局";
pub(super) const TRANSPORT: &str = "马村区交通运输局";
pub(super) const MARKETS: &str = "马村区市场监督管理局";

const ENVIRONMENT_BUDGET_CODE: &str = "201001";

const BUREAUS: [Bureau; 6] = [
    Bureau { name: ENVIRONMENT, budget_code: ENVIRONMENT_BUDGET_CODE },
    Bureau { name: HOUSING, budget_code: "202001" },
    Bureau { name: CITY_MANAGEMENT, budget_code: "203001" },
    Bureau { name: INDUSTRY, budget_code: "204001" },
    Bureau { name: TRANSPORT, budget_code: "205001" },
    Bureau { name: MARKETS, budget_code: "206001" },
];

/// Registered by the office for public bodies (机构编制), a government organ (机关): GB 32100-2015, 5.1 and 5.2.
const PUBLIC_ORGAN: &str = "11";

/// What organisation numbers of the demonstration begin with: no real one does.
const ORGANISATION_PREFIX: &str = "DEMX";

/// The unit of a street office.
pub(super) fn street_unit(number: u16) -> UnitId {
    unit_id(&street_budget_code(number))
}

/// The unit that answers for the district as a whole.
pub(super) fn environment_bureau() -> UnitId {
    unit_id(ENVIRONMENT_BUDGET_CODE)
}

fn street_budget_code(number: u16) -> String {
    format!("3{number:02}001")
}

fn unit_id(budget_code: &str) -> UnitId {
    UnitId(draw::id(&format!("unit/{budget_code}")))
}

/// All units: street offices in the order of their numbers, then bureaus.
pub(super) fn units() -> Vec<Unit> {
    let streets = STREETS.iter().map(|street| {
        (format!("{}街道办事处", street.name), UnitKind::StreetOffice, street_budget_code(street.number))
    });
    let bureaus = BUREAUS
        .iter()
        .map(|bureau| (bureau.name.to_owned(), UnitKind::Bureau, bureau.budget_code.to_owned()));
    let unit = |(number, (name, kind, budget_code)): (u32, (String, UnitKind, String))| Unit {
        unit_id: unit_id(&budget_code),
        name,
        kind,
        credit_code: Some(credit_code(number)),
        budget_code,
    };
    (1..).zip(streets.chain(bureaus)).map(unit).collect()
}

/// A unified social credit code (统一社会信用代码) with correct check characters: GB 32100-2015, and GB 11714-1997
/// for the organisation number inside it.
fn credit_code(number: u32) -> String {
    let organisation = format!("{ORGANISATION_PREFIX}{number:04}");
    let check = organisation_check(&organisation);
    let body = format!("{PUBLIC_ORGAN}{DISTRICT}{organisation}{check}");
    body.chars().chain(credit_check(&body)).collect()
}

/// Check character of an eight-character organisation number: GB 11714-1997, 4.
fn organisation_check(body: &str) -> char {
    let weights = [3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body.chars().zip(weights).map(|(c, weight)| c.to_digit(36).unwrap_or(0) * weight).sum();
    match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        digit => char::from_digit(digit, 10).unwrap_or('0'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use sync_core::model::credit_code::is_credit_code;

    #[test]
    fn an_organisation_number_checks_by_its_standard() {
        // That of the example in GB 32100-2015.
        assert_eq!(organisation_check("M000100Y"), '4');
    }

    #[test]
    fn codes_of_units_are_complete_and_differ() {
        let units = units();
        assert_eq!(units.len(), 13);
        let credit: BTreeSet<_> = units.iter().filter_map(|unit| unit.credit_code.clone()).collect();
        let budget: BTreeSet<_> = units.iter().map(|unit| unit.budget_code.clone()).collect();
        assert_eq!((credit.len(), budget.len()), (units.len(), units.len()));
        assert!(credit.iter().all(|code| is_credit_code(code) && code.starts_with("11410804DEMX")));
    }
}
