//! What a browser may do with a page (content security policy): only what comes from this server, and map tiles from the
//! configured hosts.
//!
//! No script and no style stands in a page. Styles that components set on elements go through the CSSOM, which a policy
//! does not concern. `data:` and `blob:` pictures are icons, previews of files and pictures of charts.

use actix_web::http::header::HeaderValue;

use super::TileSource;

/// What of the application the tablet adds: it compiles the WebAssembly that holds its store, and shows what its camera
/// sees. Script as text stays forbidden there too.
const TABLET: &str = "script-src 'self' 'wasm-unsafe-eval'; media-src 'self' blob:; ";

/// The policy of the office, as a header's value.
pub(super) fn of(tiles: Option<&TileSource>) -> HeaderValue {
    policy(tiles, "")
}

/// The policy of the tablet. Its maps have no tiles: it works without a network.
pub(super) fn of_tablet() -> HeaderValue {
    policy(None, TABLET)
}

fn policy(tiles: Option<&TileSource>, more: &str) -> HeaderValue {
    let hosts: String =
        tiles.into_iter().flat_map(TileSource::origins).flat_map(|host| [" ", host]).collect();
    let policy = format!(
        "default-src 'self'; {more}img-src 'self' blob: data:{hosts}; connect-src 'self'{hosts}; object-src 'none'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    // Hosts are letters, digits, dots, hyphens and colons; without them it is a constant.
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'self'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_tiles_only_this_server_is_asked() {
        let policy = of(None);
        let policy = policy.to_str().unwrap();
        assert!(policy.starts_with("default-src 'self';"), "{policy}");
        assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    }

    #[test]
    fn the_tablet_compiles_webassembly_and_no_text() {
        let policy = of_tablet();
        let policy = policy.to_str().unwrap();
        assert!(policy.contains("script-src 'self' 'wasm-unsafe-eval';"), "{policy}");
        assert!(!policy.contains("'unsafe-") && !policy.contains("http"), "{policy}");
    }

    #[test]
    fn tiles_add_their_host_to_pictures_and_requests_alone() {
        let source = TileSource {
            layers: vec!["https://tile.example/{z}/{x}/{y}.png".to_owned()],
            attribution: String::new(),
            max_zoom: 18,
        };
        let policy = of(Some(&source));
        let policy = policy.to_str().unwrap();
        assert!(policy.contains("img-src 'self' blob: data: https://tile.example;"), "{policy}");
        assert!(policy.contains("connect-src 'self' https://tile.example;"), "{policy}");
        assert_eq!(policy.matches("https://tile.example").count(), 2, "{policy}");
    }
}
