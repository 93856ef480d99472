//! Sign-in to the office: cookie, CSRF, lockout, rate limit, sign-out, and what is on record of it.

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use server::auth::authorised::{CSRF_HEADER, SESSION_COOKIE};
use server::auth::rate_limit::GUESSES_AT_ONCE;
use server::auth::sign_in::{FAILURES_BEFORE_LOCK, LOCK_SECONDS};
use tests::{MACUN, TestRole, TestServer, problem};

const PASSWORD: &str = "a password of the tests";

/// A server with one supervisor, 王芳, who has a password.
async fn server_with_supervisor() -> TestServer {
    let server = TestServer::start().await;
    let district = server.district(MACUN).await;
    let user = server.user(&district, "wangfang", &[TestRole::supervisor("")]).await;
    server.set_password(&user, PASSWORD).await;
    server
}

async fn sign_in(server: &TestServer, username: &str, password: &str) -> Response {
    let body = json!({ "username": username, "password": password });
    server.request(Method::POST, "/api/v1/sessions").json(&body).send().await.unwrap()
}

fn cookie_of(response: &Response) -> String {
    let header = response.headers()["set-cookie"].to_str().unwrap();
    header.split(';').next().unwrap().to_owned()
}

async fn code_of(response: Response) -> String {
    problem(response).await.code.to_string()
}

#[tokio::test]
async fn a_password_opens_a_session_in_a_cookie_that_scripts_and_other_sites_cannot_use() {
    let server = server_with_supervisor().await;
    let response = sign_in(&server, "wangfang", PASSWORD).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    let cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"] {
        assert!(cookie.contains(attribute), "{attribute} is not in {cookie}");
    }
    let cookie = cookie_of(&response);
    let session: Value = response.json().await.unwrap();
    assert_eq!(session["district"], MACUN);
    assert_eq!(session["assignments"][0]["role"], "supervisor");

    let current = server.get("/api/v1/sessions/current").header("cookie", cookie).send().await.unwrap();
    assert_eq!(current.status(), StatusCode::OK);
    assert_eq!(current.json::<Value>().await.unwrap()["csrf_token"], session["csrf_token"]);
}

#[tokio::test]
async fn over_https_the_cookie_never_travels_in_the_clear() {
    let server =
        TestServer::start_with(|config| config.public_url = Some("https://lantian.example".to_owned())).await;
    let district = server.district(MACUN).await;
    let user = server.user(&district, "wangfang", &[TestRole::supervisor("")]).await;
    server.set_password(&user, PASSWORD).await;
    let response = sign_in(&server, "wangfang", PASSWORD).await;
    assert!(response.headers()["set-cookie"].to_str().unwrap().contains("Secure"));
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_are_told_alike() {
    let server = server_with_supervisor().await;
    assert_eq!(code_of(sign_in(&server, "wangfang", "not the password").await).await, "wrong_credentials");
    assert_eq!(code_of(sign_in(&server, "nobody", "not the password").await).await, "wrong_credentials");
}

#[tokio::test]
async fn failures_lock_the_account_for_a_while_even_for_the_right_password() {
    let server = server_with_supervisor().await;
    for _ in 0..FAILURES_BEFORE_LOCK {
        assert_eq!(code_of(sign_in(&server, "wangfang", "wrong").await).await, "wrong_credentials");
    }
    assert_eq!(code_of(sign_in(&server, "wangfang", PASSWORD).await).await, "account_locked");
    server.clock.advance_seconds(LOCK_SECONDS - 1);
    assert_eq!(code_of(sign_in(&server, "wangfang", PASSWORD).await).await, "account_locked");
    server.clock.advance_seconds(1);
    assert_eq!(sign_in(&server, "wangfang", PASSWORD).await.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn parallel_guesses_do_not_outrun_the_lock() {
    let server = server_with_supervisor().await;
    let guesses = (0..GUESSES_AT_ONCE.get()).map(|_| sign_in(&server, "wangfang", "wrong"));
    let mut tried = 0;
    for response in futures::future::join_all(guesses).await {
        tried += i32::from(code_of(response).await == "wrong_credentials");
    }
    assert_eq!(tried, FAILURES_BEFORE_LOCK);
}

#[tokio::test]
async fn a_success_forgets_the_failures_before_it() {
    let server = server_with_supervisor().await;
    for _ in 0..2 {
        for _ in 1..FAILURES_BEFORE_LOCK {
            sign_in(&server, "wangfang", "wrong").await;
        }
        assert_eq!(sign_in(&server, "wangfang", PASSWORD).await.status(), StatusCode::CREATED);
        server.clock.advance_seconds(3600);
    }
}

#[tokio::test]
async fn one_address_may_guess_only_so_often() {
    let server = server_with_supervisor().await;
    for _ in 0..GUESSES_AT_ONCE.get() {
        assert_eq!(code_of(sign_in(&server, "nobody", "guess").await).await, "wrong_credentials");
    }
    assert_eq!(code_of(sign_in(&server, "nobody", "guess").await).await, "rate_limited");
    server.clock.advance_seconds(60);
    assert_eq!(code_of(sign_in(&server, "nobody", "guess").await).await, "wrong_credentials");
}

#[tokio::test]
async fn a_write_without_the_csrf_token_is_refused_and_a_read_is_not() {
    let server = server_with_supervisor().await;
    let response = sign_in(&server, "wangfang", PASSWORD).await;
    let cookie = cookie_of(&response);
    let request = |method| server.request(method, "/api/v1/sessions/current").header("cookie", &cookie);
    assert_eq!(request(Method::GET).send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(code_of(request(Method::DELETE).send().await.unwrap()).await, "csrf_mismatch");
    let forged = request(Method::DELETE).header(CSRF_HEADER, "guess");
    assert_eq!(code_of(forged.send().await.unwrap()).await, "csrf_mismatch");
}

#[tokio::test]
async fn a_session_ends_by_sign_out_and_by_time() {
    let server = server_with_supervisor().await;
    let response = sign_in(&server, "wangfang", PASSWORD).await;
    let cookie = cookie_of(&response);
    let csrf = response.json::<Value>().await.unwrap()["csrf_token"].as_str().unwrap().to_owned();
    let request = |method| {
        server
            .request(method, "/api/v1/sessions/current")
            .header("cookie", &cookie)
            .header(CSRF_HEADER, &csrf)
    };
    let gone = request(Method::DELETE).send().await.unwrap();
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    assert!(gone.headers()["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(code_of(request(Method::GET).send().await.unwrap()).await, "sign_in_required");

    let other = cookie_of(&sign_in(&server, "wangfang", PASSWORD).await);
    server.clock.advance_seconds(12 * 3600);
    let late = server.get("/api/v1/sessions/current").header("cookie", other).send().await.unwrap();
    assert_eq!(code_of(late).await, "sign_in_required");
}

#[tokio::test]
async fn people_see_and_end_their_own_sessions_only() {
    let server = TestServer::start().await;
    let district = server.district(MACUN).await;
    let (one, two) = (
        server.user(&district, "one", &[TestRole::finance()]).await,
        server.user(&district, "two", &[TestRole::finance()]).await,
    );
    let (office, elsewhere, stranger) =
        (server.office(&one).await, server.office(&one).await, server.office(&two).await);
    let own: Value =
        office.request(Method::GET, "/api/v1/sessions").send().await.unwrap().json().await.unwrap();
    assert_eq!(own.as_array().unwrap().len(), 2);

    for session in own.as_array().unwrap() {
        let path = format!("/api/v1/sessions/{}", session["session_id"].as_str().unwrap());
        let refused = stranger.request(Method::DELETE, &path).send().await.unwrap();
        assert_eq!(code_of(refused).await, "not_found");
        assert_eq!(
            office.request(Method::GET, "/api/v1/sessions").send().await.unwrap().status(),
            StatusCode::OK
        );
    }
    let path = format!("/api/v1/sessions/{}", elsewhere.session_id);
    assert_eq!(office.request(Method::DELETE, &path).send().await.unwrap().status(), StatusCode::NO_CONTENT);
    let ended = elsewhere.request(Method::GET, "/api/v1/sessions").send().await.unwrap();
    assert_eq!(code_of(ended).await, "sign_in_required");
}

#[tokio::test]
async fn a_new_password_needs_the_old_one_and_ends_other_sessions() {
    let server = server_with_supervisor().await;
    let other = cookie_of(&sign_in(&server, "wangfang", PASSWORD).await);
    let response = sign_in(&server, "wangfang", PASSWORD).await;
    let cookie = cookie_of(&response);
    let csrf = response.json::<Value>().await.unwrap()["csrf_token"].as_str().unwrap().to_owned();
    let change = async |current: &str, new: &str| {
        server
            .request(Method::PUT, "/api/v1/account/password")
            .header("cookie", &cookie)
            .header(CSRF_HEADER, &csrf)
            .json(&json!({ "current": current, "new": new }))
            .send()
            .await
            .unwrap()
    };
    assert_eq!(code_of(change("guess", "another password").await).await, "wrong_credentials");
    assert_eq!(code_of(change(PASSWORD, "short").await).await, "password_too_weak");
    assert_eq!(change(PASSWORD, "another password").await.status(), StatusCode::NO_CONTENT);

    let ended = server.get("/api/v1/sessions").header("cookie", other).send().await.unwrap();
    assert_eq!(code_of(ended).await, "sign_in_required");
    assert_eq!(code_of(sign_in(&server, "wangfang", PASSWORD).await).await, "wrong_credentials");
    assert_eq!(sign_in(&server, "wangfang", "another password").await.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn sign_ins_are_on_record_good_and_bad_and_cannot_be_erased() {
    let server = server_with_supervisor().await;
    sign_in(&server, "wangfang", "wrong").await;
    sign_in(&server, "wangfang", PASSWORD).await;
    assert_eq!(server.audit_actions().await, ["sign_in_failed", "sign_in"]);
    for sql in ["DELETE FROM audit_events", "UPDATE audit_events SET action = 'nothing'"] {
        let error = server.execute(sql).await.unwrap_err().to_string();
        assert!(error.contains("append-only"), "{sql}: {error}");
    }
}

#[tokio::test]
async fn a_made_up_cookie_signs_nobody_in() {
    let server = server_with_supervisor().await;
    let request = server.get("/api/v1/sessions").header("cookie", format!("{SESSION_COOKIE}=guess"));
    assert_eq!(code_of(request.send().await.unwrap()).await, "sign_in_required");
}

#[tokio::test]
async fn a_malformed_body_is_refused_by_its_field() {
    let server = server_with_supervisor().await;
    let body = json!({ "username": 7, "password": "x" });
    let refused = server.request(Method::POST, "/api/v1/sessions").json(&body).send().await.unwrap();
    let refused = problem(refused).await;
    assert_eq!((refused.code.as_str(), refused.field.as_deref()), ("malformed_request", Some("username")));

    let refused = problem(sign_in(&server, "wang\0fang", "x").await).await;
    assert_eq!((refused.code.as_str(), refused.field.as_deref()), ("text_contains_nul", Some("username")));

    let text = server.request(Method::POST, "/api/v1/sessions").body("username=a&password=b");
    assert_eq!(code_of(text.send().await.unwrap()).await, "unsupported_media_type");

    let endless = sign_in(&server, "wangfang", &"x".repeat(2 * 1024 * 1024)).await;
    assert_eq!(code_of(endless).await, "payload_too_large");
}
