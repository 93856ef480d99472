//! Every failure is a problem with a stable code, whoever noticed it.

use reqwest::Method;
use tests::{TestServer, problem};

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() {
    let server = TestServer::start().await;
    let unknown = problem(server.get("/api/v1/nowhere").send().await.unwrap()).await;
    assert_eq!((unknown.code.as_str(), unknown.status), ("not_found", 404));
    assert!(unknown.title.contains('找'), "Chinese comes first: {}", unknown.title);

    let method = problem(server.request(Method::DELETE, "/healthz").send().await.unwrap()).await;
    assert_eq!((method.code.as_str(), method.status), ("method_not_allowed", 405));
}

#[tokio::test]
async fn a_problem_names_the_request_as_the_header_does() {
    let server = TestServer::start().await;
    let response = server.get("/nowhere").send().await.unwrap();
    let header = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    assert_eq!(problem(response).await.request_id, Some(header));
}
