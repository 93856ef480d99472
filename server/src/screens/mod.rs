//! The screens (网页): the built web applications, served by the server itself, so that an office needs one program and
//! one address: the office's at `/`, the tablet's below `/tablet/`.
//!
//! Invariants: a request reaches no file outside of the configured directories; by default no page asks another host
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
use actix_web::web::Redirect;
use actix_web::{HttpRequest, HttpResponse, Responder as _};

pub use tile_source::{TileFault, TileSource};

use crate::config::Config;
use files::{Files, Found, Freshness};

/// Which of a browser's faculties a page may use: none beyond showing itself.
const PERMISSIONS: &str = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";

/// The tablet takes photos and says where.
const TABLET_PERMISSIONS: &str = "camera=(self), geolocation=(self), microphone=(), payment=(), usb=()";

/// The header of both.
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// What stands at `/` where no application is configured.
const NO_APPLICATION: &str = "\
蓝天 Lantian

服务器正在运行，但没有配置网页。请在项目的 web 目录中执行：
    npm ci && npm run build
再把配置项 web_root 设为 web/office/dist、tablet_root 设为 web/tablet/dist（环境变量 LANTIAN_WEB_ROOT、LANTIAN_TABLET_ROOT），然后重新启动；cargo xtask up 会自动完成。

The server runs, but no web application is configured. In the project's folder web do
    npm ci && npm run build
then set web_root to web/office/dist and tablet_root to web/tablet/dist (environment: LANTIAN_WEB_ROOT,
LANTIAN_TABLET_ROOT) and start again; cargo xtask up does all of it.

API: /api/docs/
";

/// What lies below this path is the tablet's application.
const TABLET: &str = "/tablet";

/// Paths that belong to the API and to operation: nothing there is a screen.
const NOT_SCREENS: [&str; 5] = ["/api", "/api/", "/healthz", "/readyz", "/metrics"];

/// One built application: its files, and what a page of it may do.
#[derive(Debug)]
struct Application {
    files: Files,
    policy: HeaderValue,
    permissions: &'static str,
}

/// The built web applications, where they are configured.
#[derive(Debug)]
pub struct Screens {
    office: Option<Application>,
    tablet: Option<Application>,
    /// Where maps get their background; none by default.
    pub tiles: Option<TileSource>,
}

/// Why there are no screens.
#[derive(Debug, thiserror::Error)]
pub enum ScreensFault {
    /// The directory is not a built application.
    #[error(
        "{key}: {index} cannot be read ({source}); build the web application in web/ by `npm ci && npm run build`"
    )]
    NotBuilt {
        /// The configuration key of the directory.
        key: &'static str,
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
        let open = |key, root: &Option<PathBuf>, policy, permissions| {
            let files = root.as_deref().map(|root| Files::open(key, root)).transpose()?;
            Ok::<_, ScreensFault>(files.map(|files| Application { files, policy, permissions }))
        };
        let office = open("web_root", &config.web_root, content_policy::of(tiles.as_ref()), PERMISSIONS)?;
        let tablet =
            open("tablet_root", &config.tablet_root, content_policy::of_tablet(), TABLET_PERMISSIONS)?;
        Ok(Self { office, tablet, tiles })
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
        if let Some(rest) = path.strip_prefix(TABLET) {
            if rest.is_empty() && self.tablet.is_some() {
                // Relative addresses of the page, and what its service worker may see, begin at the slash.
                return Ok(Some(
                    Redirect::to(format!("{TABLET}/")).respond_to(request).map_into_boxed_body(),
                ));
            }
            if rest.is_empty() || rest.starts_with('/') {
                return match &self.tablet {
                    Some(tablet) => tablet.answer(rest, request).await,
                    None => Ok(None),
                };
            }
        }
        match &self.office {
            Some(office) => office.answer(path, request).await,
            None if path == "/" => {
                Ok(Some(HttpResponse::Ok().insert_header(ContentType::plaintext()).body(NO_APPLICATION)))
            }
            None => Ok(None),
        }
    }
}

impl Application {
    async fn answer(&self, path: &str, request: &HttpRequest) -> std::io::Result<Option<HttpResponse>> {
        Ok(self.files.find(path, request).await?.map(|found| self.response(found)))
    }

    fn response(&self, found: Found) -> HttpResponse {
        let mut response = HttpResponse::build(StatusCode::OK);
        response
            .content_type(found.media_type)
            .insert_header((VARY, "accept-encoding"))
            .insert_header((CACHE_CONTROL, found.freshness.cache_control()))
            .insert_header((CONTENT_SECURITY_POLICY, self.policy.clone()));
        if found.freshness == Freshness::Ask {
            response.insert_header((PERMISSIONS_POLICY, self.permissions));
        }
        if let Some(encoding) = found.encoding {
            response.insert_header((CONTENT_ENCODING, encoding));
        }
        response.body(found.bytes)
    }
}
