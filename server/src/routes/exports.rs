//! Files (导出): month totals, ledger entries and cases as XLSX and CSV, cases and targets as GeoJSON.
//!
//! Invariants: a file shows what the list beside it shows its caller, no more; its bytes are made off the workers that
//! answer requests.

use actix_web::http::header::{CONTENT_DISPOSITION, ContentDisposition, DispositionParam, DispositionType};
use actix_web::{HttpResponse, get, web};
use futures::join;
use serde::Deserialize;
use sync_core::time::Month;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::actor::Actor;
use crate::auth::authorised::Authorised;
use crate::auth::case_scope::CaseScope;
use crate::auth::money_scope::MoneyScope;
use crate::auth::permission::{ReadCases, ReadMoney, ReadRegisters};
use crate::auth::target_scope::TargetScope;
use crate::db::districts::district_head;
use crate::db::{Connection, month_exports, periods};
use crate::geojson;
use crate::problem::ApiError;
use crate::query::parameter;
use crate::routes::cases::CaseParameters;
use crate::routes::months::month_of;
use crate::routes::targets::TargetParameters;
use crate::services::close_month::month_file;
use crate::services::export_cases::{CasesHead, case_lines, cases_file, read_case_features, read_case_rows};
use crate::services::export_month::{
    FILE_MAX_ROWS, entries_file, read_clauses, read_entries, read_month_head, totals_file,
};
use crate::services::export_targets::read_target_features;
use crate::services::total_month::total_month;
use crate::state::AppState;
use crate::tables::{FileFormat, Language};
use crate::words::PackWords;

/// Registers the routes of this module. They come before those whose paths would match theirs too.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(totals_csv)
        .service(totals_xlsx)
        .service(entries_csv)
        .service(entries_xlsx)
        .service(cases_csv)
        .service(cases_xlsx)
        .service(cases_geojson)
        .service(targets_geojson);
}

/// Parameters of a month's file.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct FileParameters {
    /// `zh` (default) or `en`: headers and names.
    lang: Option<String>,
}

impl FileParameters {
    fn language(&self) -> Result<Language, ApiError> {
        Ok(parameter("lang", self.lang.as_deref())?.unwrap_or_default())
    }
}

/// A month's totals as CSV: UTF-8 with BOM, one line for each unit, item and street, the total last.
#[utoipa::path(
    tag = "exports",
    params(("month" = Month, Path, description = "The month of account."), FileParameters),
    responses((status = 200, content_type = "text/csv", body = String)),
    security(("session" = []))
)]
#[get("/api/v1/months/{month}/totals.csv")]
async fn totals_csv(
    actor: Authorised<ReadMoney>,
    state: web::Data<AppState>,
    path: web::Path<String>,
    asked: web::Query<FileParameters>,
) -> Result<HttpResponse, ApiError> {
    export_totals(&state, &actor, month_of(&path)?, asked.language()?, FileFormat::Csv).await
}

/// A month's totals as XLSX for finance to file: title, clauses, amounts in figures and capital figures (大写), signatures.
#[utoipa::path(
    tag = "exports",
    params(("month" = Month, Path, description = "The month of account."), FileParameters),
    responses((status = 200, description = "An XLSX file.",
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")),
    security(("session" = []))
)]
#[get("/api/v1/months/{month}/totals.xlsx")]
async fn totals_xlsx(
    actor: Authorised<ReadMoney>,
    state: web::Data<AppState>,
    path: web::Path<String>,
    asked: web::Query<FileParameters>,
) -> Result<HttpResponse, ApiError> {
    export_totals(&state, &actor, month_of(&path)?, asked.language()?, FileFormat::Xlsx).await
}

/// A month's ledger entries as CSV, by number; a liaison gets the own unit's.
#[utoipa::path(
    tag = "exports",
    params(("month" = Month, Path, description = "The month of account."), FileParameters),
    responses((status = 200, content_type = "text/csv", body = String)),
    security(("session" = []))
)]
#[get("/api/v1/months/{month}/entries.csv")]
async fn entries_csv(
    actor: Authorised<ReadMoney>,
    state: web::Data<AppState>,
    path: web::Path<String>,
    asked: web::Query<FileParameters>,
) -> Result<HttpResponse, ApiError> {
    export_entries(&state, &actor, month_of(&path)?, asked.language()?, FileFormat::Csv).await
}

/// A month's ledger entries as XLSX for finance to file; a liaison gets the own unit's.
#[utoipa::path(
    tag = "exports",
    params(("month" = Month, Path, description = "The month of account."), FileParameters),
    responses((status = 200, description = "An XLSX file.",
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")),
    security(("session" = []))
)]
#[get("/api/v1/months/{month}/entries.xlsx")]
async fn entries_xlsx(
    actor: Authorised<ReadMoney>,
    state: web::Data<AppState>,
    path: web::Path<String>,
    asked: web::Query<FileParameters>,
) -> Result<HttpResponse, ApiError> {
    export_entries(&state, &actor, month_of(&path)?, asked.language()?, FileFormat::Xlsx).await
}

/// The cases of the list's filters as CSV, 50,000 at most.
#[utoipa::path(
    tag = "exports",
    params(CaseParameters),
    responses((status = 200, content_type = "text/csv", body = String)),
    security(("session" = []))
)]
#[get("/api/v1/cases.csv")]
async fn cases_csv(
    actor: Authorised<ReadCases>,
    state: web::Data<AppState>,
    asked: web::Query<CaseParameters>,
) -> Result<HttpResponse, ApiError> {
    export_cases(&state, &actor, &asked, FileFormat::Csv).await
}

/// The cases of the list's filters as XLSX, 50,000 at most.
#[utoipa::path(
    tag = "exports",
    params(CaseParameters),
    responses((status = 200, description = "An XLSX file.",
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")),
    security(("session" = []))
)]
#[get("/api/v1/cases.xlsx")]
async fn cases_xlsx(
    actor: Authorised<ReadCases>,
    state: web::Data<AppState>,
    asked: web::Query<CaseParameters>,
) -> Result<HttpResponse, ApiError> {
    export_cases(&state, &actor, &asked, FileFormat::Xlsx).await
}

/// The cases of the list's filters as GeoJSON (RFC 7946), 50,000 at most; a case without a place has no geometry.
#[utoipa::path(
    tag = "exports",
    params(CaseParameters),
    responses((status = 200, description = "A feature collection; `datum` declares the datum.",
        content_type = "application/geo+json", body = String)),
    security(("session" = []))
)]
#[get("/api/v1/cases.geojson")]
async fn cases_geojson(
    actor: Authorised<ReadCases>,
    state: web::Data<AppState>,
    asked: web::Query<CaseParameters>,
) -> Result<HttpResponse, ApiError> {
    let order = asked.order()?;
    asked.file_language()?;
    let mut connection = state.connection().await?;
    let filter = asked.filter(&mut connection, &actor.district, state.clock.now()).await?;
    let features = read_case_features(&mut connection, &CaseScope::of(&actor), &filter, order).await?;
    drop(connection);
    let bytes = off_worker(move || serde_json::to_vec(&features)).await?;
    Ok(attachment(geojson::MEDIA_TYPE, &format!("lantian-cases-{}.geojson", actor.district), bytes))
}

/// The register by the list's filters as GeoJSON (RFC 7946), 50,000 targets at most, each at its registered point.
#[utoipa::path(
    tag = "exports",
    params(TargetParameters),
    responses((status = 200, description = "A feature collection; `datum` declares the datum.",
        content_type = "application/geo+json", body = String)),
    security(("session" = []))
)]
#[get("/api/v1/targets.geojson")]
async fn targets_geojson(
    actor: Authorised<ReadRegisters>,
    state: web::Data<AppState>,
    asked: web::Query<TargetParameters>,
) -> Result<HttpResponse, ApiError> {
    let filter = asked.filter()?;
    asked.refuse_pages()?;
    let mut connection = state.connection().await?;
    let features = read_target_features(&mut connection, &TargetScope::of(&actor), &filter).await?;
    drop(connection);
    let bytes = off_worker(move || serde_json::to_vec(&features)).await?;
    Ok(attachment(geojson::MEDIA_TYPE, &format!("lantian-targets-{}.geojson", actor.district), bytes))
}

async fn export_totals(
    state: &AppState,
    actor: &Actor,
    month: Month,
    language: Language,
    format: FileFormat,
) -> Result<HttpResponse, ApiError> {
    let (scope, now) = (MoneyScope::of(actor), state.clock.now());
    let mut connection = state.connection().await?;
    if let Some(bytes) = kept(&mut connection, &scope, month, &month_file("totals", language, format)).await?
    {
        return Ok(month_attachment("totals", actor, month, format, bytes));
    }
    let totals = total_month(&mut connection, &scope, month, now).await?;
    let clauses = read_clauses(&mut connection, &scope, month, now).await?;
    let head = read_month_head(&mut connection, &actor.district, month, totals.closed, now, language).await?;
    drop(connection);
    let bytes = off_worker(move || totals_file(&head, &totals, &clauses, format)).await?;
    Ok(month_attachment("totals", actor, month, format, bytes))
}

async fn export_entries(
    state: &AppState,
    actor: &Actor,
    month: Month,
    language: Language,
    format: FileFormat,
) -> Result<HttpResponse, ApiError> {
    let (scope, now) = (MoneyScope::of(actor), state.clock.now());
    let mut connection = state.connection().await?;
    if let Some(bytes) =
        kept(&mut connection, &scope, month, &month_file("entries", language, format)).await?
    {
        return Ok(month_attachment("entries", actor, month, format, bytes));
    }
    let words = PackWords::new(state.policies.of(&connection, &actor.district).await?, language);
    let entries = read_entries(&mut connection, &scope, month, &words, FILE_MAX_ROWS).await?;
    let calendar = periods::calendar(&mut connection, &actor.district, now).await?;
    let closed = calendar.last_closed.is_some_and(|last| month <= last);
    let head = read_month_head(&mut connection, &actor.district, month, closed, now, language).await?;
    drop(connection);
    let bytes = off_worker(move || entries_file(&head, &entries, format)).await?;
    Ok(month_attachment("entries", actor, month, format, bytes))
}

/// The file that closing kept of a month, which never changes; none of an open month, nor for who sees only a part.
async fn kept(
    connection: &mut Connection,
    scope: &MoneyScope,
    month: Month,
    name: &str,
) -> Result<Option<Vec<u8>>, ApiError> {
    if scope.units.is_some() {
        return Ok(None);
    }
    Ok(month_exports::find(connection, &scope.district, month, name).await?.map(|kept| kept.bytes))
}

async fn export_cases(
    state: &AppState,
    actor: &Actor,
    asked: &CaseParameters,
    format: FileFormat,
) -> Result<HttpResponse, ApiError> {
    let (order, language) = (asked.order()?, asked.file_language()?);
    let mut connection = state.connection().await?;
    let filter = asked.filter(&mut connection, &actor.district, state.clock.now()).await?;
    let words = PackWords::new(state.policies.of(&connection, &actor.district).await?, language);
    let district = district_head(&mut connection, &actor.district).await?;
    let head = CasesHead { district, made_at: state.clock.now(), language };
    let (to, lines) = case_lines(words);
    let scope = CaseScope::of(actor);
    // Takes the connection along, which others may have while the rest is written.
    let reading = async move { read_case_rows(&mut connection, &scope, &filter, order, to).await };
    let writing = off_worker(move || cases_file(&head, order, lines, format));
    // The writer ends when the reader is gone, and a fault of the reader is the one to tell.
    let (read, written) = join!(reading, writing);
    read?;
    let bytes = written?;
    let name = format!("lantian-cases-{}.{}", actor.district, format.extension());
    Ok(attachment(format.media_type(), &name, bytes))
}

fn month_attachment(
    what: &str,
    actor: &Actor,
    month: Month,
    format: FileFormat,
    bytes: Vec<u8>,
) -> HttpResponse {
    let name = format!("lantian-{what}-{}-{month}.{}", actor.district, format.extension());
    attachment(format.media_type(), &name, bytes)
}

/// Makes a file where it keeps no other request waiting.
async fn off_worker<E>(
    make: impl FnOnce() -> Result<Vec<u8>, E> + Send + 'static,
) -> Result<Vec<u8>, ApiError>
where
    E: std::error::Error + Send + Sync + 'static,
{
    web::block(make).await.map_err(ApiError::internal)?.map_err(ApiError::internal)
}

/// The answer that a file is.
pub(super) fn attachment(media_type: &str, name: &str, bytes: Vec<u8>) -> HttpResponse {
    let disposition = ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::Filename(name.to_owned())],
    };
    HttpResponse::Ok()
        .content_type(media_type.to_owned())
        .insert_header((CONTENT_DISPOSITION, disposition))
        .body(bytes)
}
