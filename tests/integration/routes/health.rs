//! Life, readiness, metrics, and the API's description of itself.

use serde_json::Value;
use tests::TestServer;

#[tokio::test]
async fn a_server_with_a_database_is_ready() {
    let server = TestServer::start().await;
    for path in ["/healthz", "/readyz"] {
        let response = server.get(path).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        assert!(response.headers().contains_key("x-request-id"), "{path}");
    }
}

#[tokio::test]
async fn metrics_count_requests_by_route_and_status() {
    let server = TestServer::start().await;
    server.get("/healthz").send().await.unwrap();
    server.get("/some/where").send().await.unwrap();
    let text = server.get("/metrics").send().await.unwrap().text().await.unwrap();
    for line in [
        r#"lantian_http_requests_total{method="GET",route="/healthz",status="200"} 1"#,
        r#"lantian_http_requests_total{method="GET",route="unmatched",status="404"} 1"#,
        "lantian_database_connections_free",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

#[tokio::test]
async fn the_api_describes_itself_without_other_hosts() {
    let server = TestServer::start().await;
    let document: Value = server.get("/api/openapi.json").send().await.unwrap().json().await.unwrap();
    assert!(document["paths"]["/healthz"]["get"].is_object());
    assert!(document["paths"]["/healthz"]["get"]["responses"]["default"].is_object());

    let page = server.get("/api/docs/").send().await.unwrap();
    assert_eq!(page.status(), 200);
    let page = page.text().await.unwrap();
    assert!(page.contains("swagger-ui") && !page.contains("https://"), "{page}");
}
