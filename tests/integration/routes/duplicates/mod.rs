//! Duplicates: found when they arrive, decided by a supervisor.

use serde_json::{Value, json};
use sync_core::ids::CaseId;
use sync_core::model::inspection::Inspection;
use sync_core::wire::push::Outcome;
use tests::TestDevice;
use tests::field::Occurring as _;
use tests::field::{photo_entry, visit};
use tests::review::Review;

mod arrive;
mod decide;
mod united;

/// Degrees of latitude in a metre, nearly.
const DEGREES_PER_METRE: f64 = 1.0 / 111_195.0;

/// How many rounds two tablets race for.
const ROUNDS: usize = 5;

/// What the pack says of fires in the open.
const BURNING: &[&str] = &["no_straw_burning"];

/// A fire at a spot, so many metres north and seconds after another one, with its photo.
fn fire(device: &TestDevice, like: &Inspection, metres: f64, seconds: i64) -> Inspection {
    let mut seen = like.clone();
    seen.author = device.user.user_id;
    seen.inspection_id = sync_core::ids::InspectionId::fresh();
    seen.lineage = seen.inspection_id;
    seen.occurs_at(like.occurred_at.plus_seconds(seconds));
    let fix = seen.fix.as_mut().unwrap();
    fix.point.lat += metres * DEGREES_PER_METRE;
    seen.photos = vec![photo_entry(seen.inspection_id.to_string().as_bytes(), &seen)];
    seen
}

/// The first fire, in a field of `001/001` where nothing else is.
async fn first_fire(review: &Review) -> Inspection {
    let site = review.server.site(&review.macun, "001/001").await;
    let mut seen = visit(&review.device, &site, BURNING);
    seen.kind = "straw_point".parse().unwrap();
    seen.context.target = None;
    seen.occurs_at("2026-11-20T02:00:00Z".parse().unwrap());
    fire(&review.device, &seen, 0.0, 0)
}

fn case_of(inspection: &Inspection) -> CaseId {
    CaseId::derive(inspection.lineage, &"open_burning".parse().unwrap())
}

async fn push(review: &Review, device: &TestDevice, inspection: &Inspection) -> CaseId {
    review.verify(&inspection.photos).await;
    assert_eq!(device.push(&[device.submit(inspection)]).await, [Outcome::Applied]);
    case_of(inspection)
}

async fn flags(review: &Review, case: CaseId) -> Value {
    review.show(case).await["flags"].clone()
}

fn flagged() -> Value {
    json!(["duplicate_proposed"])
}
