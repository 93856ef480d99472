//! The screens (网页): the built web application, served by the server itself, so that an office needs one program and
//! one address.
//!
//! Invariants: a request reaches no file outside of the configured directory; by default no page asks another host
//! for anything; no page runs script that stands in a page.
//!
//! Must not: know what a screen shows. Screens get all of it from the API.

mod content_policy;
mod files;
mod tile_source;

use std::path::PathBuf;

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, ContentType, HeaderName, HeaderValue, VARY,
};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};

pub use tile_source::{TileFault, TileSource};

use crate::config::Config;
use files::{Files, Found, Freshness};

/// Which of a browser's faculties a page may use: none beyond showing itself.
const PERMISSIONS: &str = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";

/// The header of [`PERMISSIONS`].
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// What stands at `/` where no application is configured.
const NO_APPLICATION: &str = "\
蓝天 Lantian

服务器正在运行，但没有配置网页。请在项目的 web 目录中执行：
    npm ci && npm run build
再把配置项 web_root 设为 web/office/dist（环境变量 LANTIAN_WEB_ROOT），然后重新启动；cargo xtask up 会自动完成。

The server runs, but no web application is configured. In the project's folder web do
    npm ci && npm run build
then set web_root to web/office/dist (environment: LANTIAN_WEB_ROOT) and start again; cargo xtask up does all of it.

API: /api/docs/
";

/// Paths that belong to the API and to operation: nothing there is a screen.
const NOT_SCREENS: [&str; 5] = ["/api", "/api/", "/healthz", "/readyz", "/metrics"];

/// The built web application, where one is configured.
#[derive(Debug)]
pub struct Screens {
    files: Option<Files>,
    policy: HeaderValue,
    /// Where maps get their background; none by default.
    pub tiles: Option<TileSource>,
}

/// Why there are no screens.
#[derive(Debug, thiserror::Error)]
pub enum ScreensFault {
    /// The directory is not a built application.
    #[error(
        "web_root: {index} cannot be read ({source}); build the web application in web/ by `npm ci && npm run build`"
    )]
    NotBuilt {
        /// The page that should be there.
        index: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The tile source makes no sense.
    #[error("configuration key tile_layers: {0}")]
    Tiles(#[from] TileFault),
}

impl Screens {
    /// Looks at what is configured.
    ///
    /// # Errors
    /// [`ScreensFault`].
    pub fn open(config: &Config) -> Result<Self, ScreensFault> {
        let tiles = TileSource::of(config)?;
        let files = config.web_root.as_deref().map(Files::open).transpose()?;
        Ok(Self { files, policy: content_policy::of(tiles.as_ref()), tiles })
    }

    /// What a browser gets for an address that no route of the API has; `None`: there is nothing.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub async fn answer(&self, request: &HttpRequest) -> std::io::Result<Option<HttpResponse>> {
        let path = request.path();
        let reads = [Method::GET, Method::HEAD].contains(request.method());
        let reserved =
            NOT_SCREENS.iter().any(|own| path == *own || (own.ends_with('/') && path.starts_with(own)));
        if !reads || reserved {
            return Ok(None);
        }
        match &self.files {
            Some(files) => Ok(files.find(path, request).await?.map(|found| self.response(found))),
            None if path == "/" => {
                Ok(Some(HttpResponse::Ok().insert_header(ContentType::plaintext()).body(NO_APPLICATION)))
            }
            None => Ok(None),
        }
    }

    fn response(&self, found: Found) -> HttpResponse {
        let mut response = HttpResponse::build(StatusCode::OK);
        response
            .content_type(found.media_type)
            .insert_header((VARY, "accept-encoding"))
            .insert_header((CACHE_CONTROL, found.freshness.cache_control()))
            .insert_header((CONTENT_SECURITY_POLICY, self.policy.clone()));
        if found.freshness == Freshness::Ask {
            response.insert_header((PERMISSIONS_POLICY, PERMISSIONS));
        }
        if let Some(encoding) = found.encoding {
            response.insert_header((CONTENT_ENCODING, encoding));
        }
        response.body(found.bytes)
    }
}
