//! Registers as files: import with a preview of every row, and export.

use std::str::FromStr;

use actix_web::http::header::{CONTENT_DISPOSITION, ContentDisposition, DispositionParam, DispositionType};
use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use sync_core::wire::problem::ProblemKind;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::authorised::Authorised;
use crate::auth::permission::Administer;
use crate::problem::ApiError;
use crate::query::parameter;
use crate::registers::{
    GridRegister, HistoryRegister, PeopleRegister, TargetRegister, UnitRegister, ZoneRegister,
};
use crate::services::change_target::register_pack;
use crate::services::export_register::{ExportForm, export_register};
use crate::services::import_register::{ImportAnswer, ImportOptions, import_register};
use crate::state::AppState;
use crate::tables::Language;
use crate::tables::read::{FILE_MAX_BYTES, TableFault};

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(import).service(export);
}

/// A register that files are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RegisterName {
    /// Targets with the facts of their kinds (台账).
    Targets,
    /// Responsible units (责任单位).
    Units,
    /// Grids (网格).
    Grids,
    /// Zones (区域).
    Zones,
    /// Users with their assignments (用户与任职).
    Users,
    /// Cases of the time before this product (历史案件).
    History,
}

impl FromStr for RegisterName {
    type Err = ApiError;

    fn from_str(text: &str) -> Result<Self, ApiError> {
        match text {
            "targets" => Ok(Self::Targets),
            "units" => Ok(Self::Units),
            "grids" => Ok(Self::Grids),
            "zones" => Ok(Self::Zones),
            "users" => Ok(Self::Users),
            "history" => Ok(Self::History),
            _ => Err(ApiError::new(ProblemKind::NotFound).field("register")),
        }
    }
}

/// How a file is imported.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct ImportParameters {
    /// `true` (default): only show what would be done.
    dry_run: Option<String>,
    /// The digest of the preview that was agreed to; needed unless `dry_run`.
    digest: Option<String>,
    /// `true`: leave bad rows out; `false` (default): refuse a file that has any.
    skip_bad_rows: Option<String>,
}

/// Import a file into a register: XLSX or CSV, grids and zones also GeoJSON, known by its content. The preview shows
/// every row as new, changed, unchanged or faulty; a run does what the preview of its digest showed.
#[utoipa::path(
    tag = "registers",
    params(("register" = inline(RegisterName), Path, description = "The register."), ImportParameters),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = ImportAnswer)),
    security(("session" = []))
)]
#[post("/api/v1/imports/{register}")]
async fn import(
    actor: Authorised<Administer>,
    state: web::Data<AppState>,
    register: web::Path<String>,
    asked: web::Query<ImportParameters>,
    body: web::Payload,
) -> Result<web::Json<ImportAnswer>, ApiError> {
    let register = register.parse::<RegisterName>()?;
    let options = ImportOptions {
        dry_run: parameter("dry_run", asked.dry_run.as_deref())?.unwrap_or(true),
        digest: asked.digest.clone(),
        skip_bad_rows: parameter("skip_bad_rows", asked.skip_bad_rows.as_deref())?.unwrap_or(false),
    };
    let file = match body.to_bytes_limited(FILE_MAX_BYTES).await {
        Ok(file) => file.map_err(|error| ApiError::of(&error))?,
        Err(_) => return Err(vec![TableFault::FileTooLarge].into()),
    };
    let district = &actor.district;
    let mut connection = state.connection().await?;
    let answer = match register {
        RegisterName::Targets => {
            let book = state.policies.of(&connection, district).await?;
            let pack = register_pack(&book, district, state.clock.now())?;
            let register = TargetRegister::load(&mut connection, district, pack).await?;
            drop(connection);
            import_register(&state, &actor, register, file, &options).await
        }
        RegisterName::Units => {
            let register = UnitRegister::load(&mut connection, district).await?;
            drop(connection);
            import_register(&state, &actor, register, file, &options).await
        }
        RegisterName::Grids => {
            let register = GridRegister::load(&mut connection, district).await?;
            drop(connection);
            import_register(&state, &actor, register, file, &options).await
        }
        RegisterName::Zones => {
            drop(connection);
            import_register(&state, &actor, ZoneRegister::new(district), file, &options).await
        }
        RegisterName::Users => {
            let register = PeopleRegister::load(&mut connection, district, actor.user_id).await?;
            drop(connection);
            import_register(&state, &actor, register, file, &options).await
        }
        RegisterName::History => {
            let book = state.policies.of(&connection, district).await?;
            let (by, now) = (actor.user_id, state.clock.now());
            let register = HistoryRegister::load(&mut connection, district, book, by, now).await?;
            drop(connection);
            import_register(&state, &actor, register, file, &options).await
        }
    };
    Ok(web::Json(answer?))
}

/// Parameters of an export.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct ExportParameters {
    /// `zh` (default) or `en`: headers and names.
    lang: Option<String>,
}

/// A register as a file, such as `targets.xlsx`, `users.csv` or `zones.geojson`: its import takes it back unchanged.
#[utoipa::path(
    tag = "registers",
    params(("file" = String, Path, description = "The register, a dot, and `xlsx`, `csv` or `geojson`."), ExportParameters),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>)),
    security(("session" = []))
)]
#[get("/api/v1/registers/{file}")]
async fn export(
    actor: Authorised<Administer>,
    state: web::Data<AppState>,
    file: web::Path<String>,
    asked: web::Query<ExportParameters>,
) -> Result<HttpResponse, ApiError> {
    let unknown = || ApiError::new(ProblemKind::NotFound).field("file");
    let (register, ending) = file.split_once('.').ok_or_else(unknown)?;
    let (register, form) = (register.parse::<RegisterName>()?, ExportForm::of(ending).ok_or_else(unknown)?);
    let language = parameter("lang", asked.lang.as_deref())?.unwrap_or(Language::Zh);
    let (district, now) = (&actor.district, state.clock.now());
    let subtitle = district.to_string();
    let connection = &mut *state.connection().await?;
    let bytes = match register {
        RegisterName::Targets => {
            let book = state.policies.of(connection, district).await?;
            let register =
                TargetRegister::load(connection, district, register_pack(&book, district, now)?).await?;
            export_register(connection, register, subtitle, form, language, now).await
        }
        RegisterName::Units => {
            let register = UnitRegister::load(connection, district).await?;
            export_register(connection, register, subtitle, form, language, now).await
        }
        RegisterName::Grids => {
            let register = GridRegister::load(connection, district).await?;
            export_register(connection, register, subtitle, form, language, now).await
        }
        RegisterName::Zones => {
            let register = ZoneRegister::new(district);
            export_register(connection, register, subtitle, form, language, now).await
        }
        RegisterName::Users => {
            let register = PeopleRegister::load(connection, district, actor.user_id).await?;
            export_register(connection, register, subtitle, form, language, now).await
        }
        RegisterName::History => {
            let book = state.policies.of(connection, district).await?;
            let register = HistoryRegister::load(connection, district, book, actor.user_id, now).await?;
            export_register(connection, register, subtitle, form, language, now).await
        }
    }?;
    let name = format!("lantian-{district}-{file}");
    let disposition = ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::Filename(name)],
    };
    Ok(HttpResponse::Ok()
        .content_type(form.media_type())
        .insert_header((CONTENT_DISPOSITION, disposition))
        .body(bytes))
}
