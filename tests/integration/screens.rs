//! The web application as a browser gets it: which file, how long it may be kept, what a page may do; and nothing
//! outside of its directory.

use std::io::{Read, Write};
use std::net::TcpStream;

use reqwest::header::{ACCEPT_ENCODING, HeaderMap};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{MACUN, TestServer, problem};

const PAGE: &str = "<!doctype html><title>蓝天</title>";
const SECRET: &str = "not for browsers";

/// A built application beside a file that is none of it.
fn built() -> TempDir {
    let files = tempfile::tempdir().unwrap();
    let root = files.path().join("dist");
    std::fs::create_dir_all(root.join("assets")).unwrap();
    let write = |name: &str, content: &str| std::fs::write(root.join(name), content).unwrap();
    write("index.html", PAGE);
    write("favicon.svg", "<svg/>");
    write("assets/index-a1.js", "plain");
    write("assets/index-a1.js.br", "as brotli");
    write("assets/index-a1.js.gz", "as gzip");
    write(".env", SECRET);
    std::fs::write(files.path().join("secret.txt"), SECRET).unwrap();
    files
}

async fn serving(files: &TempDir) -> TestServer {
    let root = files.path().join("dist");
    TestServer::start_with(|config| config.web_root = Some(root)).await
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

async fn get(server: &TestServer, path: &str) -> (HeaderMap, String) {
    let response = server.get(path).send().await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    (response.headers().clone(), response.text().await.unwrap())
}

#[tokio::test]
async fn every_address_of_a_screen_gets_the_page_and_asks_for_it_each_time() {
    let files = built();
    let server = serving(&files).await;
    for path in ["/", "/index.html", "/cases", "/cases/01890000-0000-7000-8000-000000000009?tab=map"] {
        let (headers, text) = get(&server, path).await;
        assert_eq!(text, PAGE, "{path}");
        assert_eq!(header(&headers, "content-type"), "text/html; charset=utf-8");
        assert_eq!(header(&headers, "cache-control"), "no-cache");
    }
}

#[tokio::test]
async fn a_page_may_ask_no_other_host_and_run_no_script_of_its_own() {
    let files = built();
    let server = serving(&files).await;
    let (headers, _) = get(&server, "/").await;
    let policy = header(&headers, "content-security-policy");
    for directive in ["default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'"]
    {
        assert!(policy.contains(directive), "{policy}");
    }
    assert!(!policy.contains("unsafe-") && !policy.contains("http"), "{policy}");
    assert_eq!(header(&headers, "x-content-type-options"), "nosniff");
    assert_eq!(header(&headers, "referrer-policy"), "strict-origin-when-cross-origin");
    assert!(header(&headers, "permissions-policy").contains("geolocation=()"));
}

#[tokio::test]
async fn hashed_files_are_kept_for_ever_and_sent_in_the_smallest_form_that_is_taken() {
    let files = built();
    let server = serving(&files).await;
    let forms = [
        ("gzip, deflate, br", "as brotli", "br"),
        ("gzip", "as gzip", "gzip"),
        ("gzip, br;q=0", "as gzip", "gzip"),
        ("identity", "plain", ""),
    ];
    for (accepted, text, encoding) in forms {
        let request = server.get("/assets/index-a1.js").header(ACCEPT_ENCODING, accepted);
        let response: Response = request.send().await.unwrap();
        let headers = response.headers().clone();
        assert_eq!(response.text().await.unwrap(), text, "{accepted}");
        assert_eq!(header(&headers, "content-encoding"), encoding, "{accepted}");
        assert_eq!(header(&headers, "content-type"), "text/javascript; charset=utf-8");
        assert_eq!(header(&headers, "cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(header(&headers, "vary"), "accept-encoding");
    }
    let (headers, _) = get(&server, "/favicon.svg").await;
    assert_eq!(header(&headers, "cache-control"), "no-cache");
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_and_not_the_page() {
    let files = built();
    let server = serving(&files).await;
    for path in ["/assets/index-old.js", "/missing.png", "/.env", "/api", "/api/v1/nothing", "/assets/.js"] {
        let response = server.get(path).send().await.unwrap();
        assert_eq!(problem(response).await.code.as_str(), "not_found", "{path}");
    }
    let response = server.request(reqwest::Method::POST, "/cases").send().await.unwrap();
    assert_eq!(problem(response).await.code.as_str(), "not_found");
    let response = server.request(reqwest::Method::DELETE, "/healthz").send().await.unwrap();
    assert_eq!(problem(response).await.code.as_str(), "method_not_allowed");
}

const TABLET_PAGE: &str = "<!doctype html><title>蓝天平板</title>";

/// Both applications, the tablet's with its WebAssembly and service worker.
async fn serving_both(files: &TempDir) -> TestServer {
    let (office, tablet) = (files.path().join("dist"), files.path().join("tablet"));
    std::fs::create_dir_all(tablet.join("core")).unwrap();
    for (name, content) in [("index.html", TABLET_PAGE), ("sw.js", "worker"), ("core/store.wasm", "\0asm")] {
        std::fs::write(tablet.join(name), content).unwrap();
    }
    TestServer::start_with(|config| {
        config.web_root = Some(office);
        config.tablet_root = Some(tablet);
    })
    .await
}

#[tokio::test]
async fn the_tablet_is_below_its_own_path_beside_the_office() {
    let files = built();
    let server = serving_both(&files).await;
    for path in
        ["/tablet", "/tablet/", "/tablet/today", "/tablet/inspect/01890000-0000-7000-8000-000000000009"]
    {
        let (headers, text) = get(&server, path).await;
        assert_eq!(text, TABLET_PAGE, "{path}");
        assert_eq!(header(&headers, "cache-control"), "no-cache");
    }
    for (path, media_type) in
        [("/tablet/sw.js", "text/javascript; charset=utf-8"), ("/tablet/core/store.wasm", "application/wasm")]
    {
        let (headers, _) = get(&server, path).await;
        assert_eq!(header(&headers, "content-type"), media_type);
        assert_eq!(header(&headers, "cache-control"), "no-cache", "{path}");
    }
    assert_eq!(get(&server, "/tablets").await.1, PAGE);
    let missing = server.get("/tablet/assets/old.js").send().await.unwrap();
    assert_eq!(problem(missing).await.code.as_str(), "not_found");
}

#[tokio::test]
async fn the_tablet_alone_may_compile_webassembly_and_use_camera_and_position() {
    let files = built();
    let server = serving_both(&files).await;
    let (tablet, _) = get(&server, "/tablet/").await;
    let (office, _) = get(&server, "/").await;
    let policy = header(&tablet, "content-security-policy");
    assert!(policy.contains("script-src 'self' 'wasm-unsafe-eval';"), "{policy}");
    assert!(!policy.contains("'unsafe-") && !policy.contains("http"), "{policy}");
    assert!(header(&tablet, "permissions-policy").contains("camera=(self), geolocation=(self)"));
    assert!(!header(&office, "content-security-policy").contains("wasm"));
    assert!(header(&office, "permissions-policy").contains("camera=(), geolocation=()"));
}

#[tokio::test]
async fn without_a_tablet_application_nothing_is_below_its_path() {
    let files = built();
    let server = serving(&files).await;
    let response = server.get("/tablet/").send().await.unwrap();
    assert_eq!(problem(response).await.code.as_str(), "not_found");
}

/// Sends a path as it stands, which an HTTP client would tidy up first.
async fn raw(server: &TestServer, path: &str) -> String {
    let address = server.url.trim_start_matches("http://").to_owned();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let exchange = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    };
    tokio::task::spawn_blocking(exchange).await.unwrap()
}

#[tokio::test]
async fn no_path_leaves_the_directory() {
    let files = built();
    let server = serving(&files).await;
    let ways = [
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/assets/..%5c..%5csecret.txt",
        "//../secret.txt",
        "/./../secret.txt",
        "/%2e%2e%2fsecret.txt%00.js",
        "/.env",
        "/tablet/../secret.txt",
        "/tablet/..%2f..%2fsecret.txt",
    ];
    for way in ways {
        let answer = raw(&server, way).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{way}: {answer}");
        assert!(!answer.contains(SECRET), "{way}: {answer}");
    }
}

#[tokio::test]
async fn without_an_application_the_root_says_how_to_build_it() {
    let server = TestServer::start().await;
    let (headers, text) = get(&server, "/").await;
    assert_eq!(header(&headers, "content-type"), "text/plain; charset=utf-8");
    assert!(text.contains("npm ci && npm run build") && text.contains("web_root"), "{text}");
    let elsewhere = server.get("/cases").send().await.unwrap();
    assert_eq!(problem(elsewhere).await.code.as_str(), "not_found");
}

#[tokio::test]
async fn a_page_learns_before_sign_in_what_it_needs_and_nothing_more() {
    let server = TestServer::start_with(|config| {
        config.tile_layers = vec!["https://tile.example/{z}/{x}/{y}.png".to_owned()];
        config.tile_attribution = "© 测绘".to_owned();
    })
    .await;
    server.district(MACUN).await;
    let settings: Value = server.get("/api/v1/web-settings").send().await.unwrap().json().await.unwrap();
    let expected = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "districts": [{ "code": MACUN, "name": "测试区", "demonstration": false, "access": null }],
        "tiles": {
            "layers": ["https://tile.example/{z}/{x}/{y}.png"], "attribution": "© 测绘", "max_zoom": 18,
        },
        "languages": ["zh", "en"],
        "password_min_chars": 10,
    });
    assert_eq!(settings, expected);
}

#[tokio::test]
async fn the_demonstration_says_who_signs_in_and_how() {
    let server = TestServer::demonstration("2026-11-22T01:00:00Z", "2026-11-22T01:00:00Z").await;
    let settings: Value = server.get("/api/v1/web-settings").send().await.unwrap().json().await.unwrap();
    let access = &settings["districts"][0]["access"];
    let sign_ins = access["sign_ins"].as_array().unwrap();
    assert!(sign_ins.iter().all(|one| one["role"] != "inspector"), "inspectors come with a device");
    let finance = sign_ins.iter().find(|one| one["username"] == "finance1").unwrap();
    assert_eq!(finance["role"], "finance");

    let body = json!({ "username": finance["username"], "password": access["password"] });
    let session = server.request(Method::POST, "/api/v1/sessions").json(&body).send().await.unwrap();
    assert!(session.status().is_success());
}
