//! Users and dated assignments: what an administrator does, and when it takes effect.

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use sync_core::ids::UserId;
use tests::review::read;
use tests::{MACUN, TestOffice, TestRole, TestServer, problem};

async fn administrator(server: &TestServer) -> TestOffice {
    let district = server.district(MACUN).await;
    let user = server.user(&district, "admin", &[TestRole::administrator()]).await;
    server.office(&user).await
}

async fn post(office: &TestOffice, path: &str, body: Value) -> Response {
    office.request(Method::POST, path).json(&body).send().await.unwrap()
}

async fn create(office: &TestOffice, username: &str) -> UserId {
    let body = json!({ "username": username, "name": "李娜", "password": "a first password" });
    let response = post(office, "/api/v1/users", body).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    response.json::<Value>().await.unwrap()["user_id"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_created_user_signs_in_and_may_do_what_is_assigned_today() {
    let server = TestServer::start().await;
    let office = administrator(&server).await;
    let user = create(&office, "lina").await;
    let assignment = json!({ "role": "administrator", "grid": MACUN, "from": "2026-11-23" });
    let response = post(&office, &format!("/api/v1/users/{user}/assignments"), assignment).await;
    assert_eq!(response.status(), StatusCode::CREATED);

    let sign_in = json!({ "username": "lina", "password": "a first password" });
    let session = server.request(Method::POST, "/api/v1/sessions").json(&sign_in).send().await.unwrap();
    let cookie = session.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let users = async || server.get("/api/v1/users").header("cookie", &cookie).send().await.unwrap();
    assert_eq!(problem(users().await).await.code.as_str(), "role_forbidden");
    // 16:00 UTC is midnight in Shanghai: the assignment's first day.
    server.clock.set("2026-11-22T15:59:59Z".parse().unwrap());
    server.extend_sessions().await;
    assert_eq!(problem(users().await).await.code.as_str(), "role_forbidden");
    server.clock.advance_seconds(1);
    let list = users().await;
    assert_eq!(list.status(), StatusCode::OK);
    let list: Value = list.json().await.unwrap();
    assert_eq!(list["users"][1]["username"], "lina");
    assert_eq!(list["users"][1]["assignments"][0]["from"], "2026-11-23");
}

#[tokio::test]
async fn an_assignment_that_ends_takes_its_rights_with_it_and_its_user_hears_of_it() {
    let server = TestServer::start().await;
    let office = administrator(&server).await;
    let user = create(&office, "lina").await;
    let body = json!({
        "role": "inspector", "grid": "410804/001", "level": "district", "from": "2026-11-01",
    });
    let made = post(&office, &format!("/api/v1/users/{user}/assignments"), body).await;
    let made: Value = made.json().await.unwrap();
    let path = format!("/api/v1/assignments/{}/end", made["assignment_id"].as_str().unwrap());

    let reversed = post(&office, &path, json!({ "until": "2026-10-31" })).await;
    let reversed = problem(reversed).await;
    assert_eq!((reversed.code.as_str(), reversed.field.as_deref()), ("assignment_incomplete", Some("until")));
    let ended = post(&office, &path, json!({ "until": "2026-11-21" })).await;
    assert_eq!(ended.status(), StatusCode::NO_CONTENT);

    assert_eq!(server.audit_actions().await, ["user_created", "role_assigned", "assignment_ended"]);
    assert_eq!(server.scope_version(user).await, 3, "made and ended: two changes after the first");
    assert_eq!(server.changes("assignment").await, 2);
}

#[tokio::test]
async fn what_does_not_exist_or_belongs_elsewhere_cannot_be_assigned() {
    let server = TestServer::start().await;
    let office = administrator(&server).await;
    let user = create(&office, "lina").await;
    let path = format!("/api/v1/users/{user}/assignments");
    let refused = async |path: &str, body: Value| {
        let problem = problem(post(&office, path, body).await).await;
        (problem.code.to_string(), problem.field.unwrap_or_default())
    };
    let expect = |code: &str, field: &str| (code.to_owned(), field.to_owned());
    let role = |role: &str, grid: &str| json!({ "role": role, "grid": grid, "from": "2026-11-01" });

    assert_eq!(refused(&path, role("finance", "410804/009")).await, expect("grid_unknown", "grid"));
    assert_eq!(refused(&path, role("finance", "410802")).await, expect("other_district", "grid"));
    assert_eq!(refused(&path, role("finance", "41/1")).await, expect("malformed_request", "grid"));
    assert_eq!(refused(&path, role("king", "410804")).await, expect("malformed_request", "role"));
    assert_eq!(refused(&path, role("inspector", "410804")).await, expect("assignment_incomplete", "level"));
    assert_eq!(refused(&path, role("liaison", "410804")).await, expect("assignment_incomplete", "unit_id"));
    let mut liaison = role("liaison", "410804");
    liaison["unit_id"] = json!(UserId::fresh());
    assert_eq!(refused(&path, liaison).await, expect("unit_unknown", "unit_id"));
    let nobody = format!("/api/v1/users/{}/assignments", UserId::fresh());
    assert_eq!(refused(&nobody, role("finance", "410804")).await, expect("user_unknown", "user_id"));
}

#[tokio::test]
async fn names_are_unique_and_first_passwords_long_enough() {
    let server = TestServer::start().await;
    let office = administrator(&server).await;
    create(&office, "lina").await;
    for (body, code, field) in [
        (json!({ "username": "lina", "name": "李娜" }), "username_taken", "username"),
        (json!({ "username": " ", "name": "李娜" }), "text_required", "username"),
        (json!({ "username": "a", "name": "李\u{0}娜" }), "text_contains_nul", "name"),
        (json!({ "username": "a", "name": "李".repeat(201) }), "text_too_long", "name"),
        (json!({ "username": "a", "name": "李娜", "password": "short" }), "password_too_weak", "password"),
    ] {
        let refused = problem(post(&office, "/api/v1/users", body).await).await;
        assert_eq!((refused.code.as_str(), refused.field.as_deref()), (code, Some(field)));
    }
}

#[tokio::test]
async fn a_disabled_user_is_signed_out_and_stays_out() {
    let server = TestServer::start().await;
    let office = administrator(&server).await;
    let user = create(&office, "lina").await;
    let sign_in = async || {
        let body = json!({ "username": "lina", "password": "a first password" });
        server.request(Method::POST, "/api/v1/sessions").json(&body).send().await.unwrap()
    };
    let session = sign_in().await;
    let cookie = session.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let disabled = post(&office, &format!("/api/v1/users/{user}/disable"), json!({})).await;
    assert_eq!(disabled.status(), StatusCode::NO_CONTENT);

    let ended = server.get("/api/v1/sessions").header("cookie", cookie).send().await.unwrap();
    assert_eq!(problem(ended).await.code.as_str(), "sign_in_required");
    assert_eq!(problem(sign_in().await).await.code.as_str(), "wrong_credentials");
    let code = post(&office, &format!("/api/v1/users/{user}/enrolment-codes"), json!({})).await;
    assert_eq!(problem(code).await.code.as_str(), "user_unknown");
}

#[tokio::test]
async fn an_enabled_user_signs_in_again_and_the_audit_trail_says_who_did_it() {
    let server = TestServer::start().await;
    let office = administrator(&server).await;
    let user = create(&office, "lina").await;
    let sign_in = async || {
        let body = json!({ "username": "lina", "password": "a first password" });
        server.request(Method::POST, "/api/v1/sessions").json(&body).send().await.unwrap().status()
    };
    let turn =
        async |how: &str| post(&office, &format!("/api/v1/users/{user}/{how}"), Value::Null).await.status();
    assert_eq!(turn("disable").await, StatusCode::NO_CONTENT);
    assert_eq!(sign_in().await, StatusCode::UNAUTHORIZED);

    for _ in 0..2 {
        assert_eq!(turn("enable").await, StatusCode::NO_CONTENT);
    }

    assert!(sign_in().await.is_success());
    let actions = server.audit_actions().await;
    assert_eq!(actions.iter().filter(|action| *action == "user_enabled").count(), 1);
    let nobody = format!("/api/v1/users/{}/enable", sync_core::ids::UserId::fresh());
    assert_eq!(problem(post(&office, &nobody, Value::Null).await).await.code.as_str(), "not_found");
}

#[tokio::test]
async fn a_user_is_renamed_and_the_audit_trail_keeps_the_old_name() {
    let server = TestServer::start().await;
    let office = administrator(&server).await;
    let user = create(&office, "lina").await;
    let rename = async |user: UserId, name: &str| {
        let request = office.request(Method::PUT, &format!("/api/v1/users/{user}"));
        request.json(&json!({ "name": name })).send().await.unwrap()
    };
    for _ in 0..2 {
        assert_eq!(rename(user, "李梨娜").await.status(), StatusCode::NO_CONTENT);
    }

    let users = read(office.request(Method::GET, "/api/v1/users")).await;
    let lina = users["users"].as_array().unwrap().iter().find(|user| user["username"] == "lina").unwrap();
    assert_eq!(lina["name"], "李梨娜");
    let trail: Value = office
        .request(Method::GET, "/api/v1/audit-events?action=user_renamed")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let events = trail["events"].as_array().unwrap();
    assert_eq!((events.len(), &events[0]["detail"]["after"]), (1, &json!("李梨娜")));
    for (user, name, code) in [
        (user, " ".to_owned(), "text_required"),
        (user, "长".repeat(201), "text_too_long"),
        (UserId::fresh(), "李".to_owned(), "not_found"),
    ] {
        assert_eq!(problem(rename(user, &name).await).await.code.as_str(), code);
    }
}

#[tokio::test]
async fn an_inspector_who_moves_has_every_day_in_one_grid_and_his_devices_start_over() {
    let server = TestServer::start().await;
    let office = administrator(&server).await;
    let user = create(&office, "lina").await;
    let body = json!({
        "role": "inspector", "grid": "410804/001", "level": "district", "from": "2026-11-01",
    });
    let made = post(&office, &format!("/api/v1/users/{user}/assignments"), body).await;
    let made: Value = made.json().await.unwrap();
    let path = format!("/api/v1/assignments/{}/move", made["assignment_id"].as_str().unwrap());

    for (body, code, field) in [
        (json!({ "grid": "410804/002", "from": "2026-11-01" }), "assignment_incomplete", "from"),
        (json!({ "grid": "410804/009", "from": "2026-12-01" }), "grid_unknown", "grid"),
        (json!({ "grid": "410802/001", "from": "2026-12-01" }), "other_district", "grid"),
    ] {
        let refused = problem(post(&office, &path, body).await).await;
        assert_eq!((refused.code.as_str(), refused.field.as_deref()), (code, Some(field)));
    }
    let moved = post(&office, &path, json!({ "grid": "410804/002", "from": "2026-12-01" })).await;
    assert_eq!(moved.status(), StatusCode::CREATED);

    let users = read(office.request(Method::GET, "/api/v1/users")).await;
    let lina = users["users"].as_array().unwrap().iter().find(|user| user["username"] == "lina").unwrap();
    let days: Vec<_> = lina["assignments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| (a["grid"].clone(), a["from"].clone(), a["until"].clone(), a["level"].clone()))
        .collect();
    assert_eq!(
        days,
        [
            (json!("410804/001"), json!("2026-11-01"), json!("2026-11-30"), json!("district")),
            (json!("410804/002"), json!("2026-12-01"), Value::Null, json!("district")),
        ]
    );
    let actions = server.audit_actions().await;
    assert_eq!(actions, ["user_created", "role_assigned", "assignment_ended", "role_assigned"]);
    assert_eq!(server.scope_version(user).await, 3);
    let again =
        problem(post(&office, &path, json!({ "grid": "410804/003", "from": "2027-01-01" })).await).await;
    assert_eq!(again.code.as_str(), "assignment_incomplete", "it has ended by then");
}

#[tokio::test]
async fn a_password_that_an_administrator_resets_is_shown_once_and_ends_every_session() {
    let server = TestServer::start().await;
    let office = administrator(&server).await;
    let user = create(&office, "lina").await;
    let sign_in = async |password: &str| {
        let body = json!({ "username": "lina", "password": password });
        server.request(Method::POST, "/api/v1/sessions").json(&body).send().await.unwrap()
    };
    let session = sign_in("a first password").await;
    let cookie = session.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();

    let reset = post(&office, &format!("/api/v1/users/{user}/password"), Value::Null).await;
    let password = reset.json::<Value>().await.unwrap()["password"].as_str().unwrap().to_owned();
    let current = server.get("/api/v1/sessions/current").header("cookie", cookie).send().await.unwrap();
    assert_eq!(problem(current).await.code.as_str(), "sign_in_required");
    assert_eq!(problem(sign_in("a first password").await).await.code.as_str(), "wrong_credentials");
    assert_eq!(sign_in(&password).await.status(), StatusCode::CREATED);
    assert!(server.audit_actions().await.contains(&"password_reset".to_owned()));

    post(&office, &format!("/api/v1/users/{user}/disable"), Value::Null).await;
    let disabled = post(&office, &format!("/api/v1/users/{user}/password"), Value::Null).await;
    assert_eq!(problem(disabled).await.code.as_str(), "not_found");
}

#[tokio::test]
async fn users_are_listed_page_by_page_each_once_with_all_assignments() {
    let server = TestServer::start().await;
    let office = administrator(&server).await;
    for username in ["wang", "lina", "zhao"] {
        let user = create(&office, username).await;
        for from in ["2026-11-02", "2026-11-01"] {
            let body = json!({ "role": "finance", "grid": MACUN, "from": from, "until": from });
            let made = post(&office, &format!("/api/v1/users/{user}/assignments"), body).await;
            assert_eq!(made.status(), StatusCode::CREATED);
        }
    }
    let page = async |query: &str| read(office.request(Method::GET, &format!("/api/v1/users?{query}"))).await;
    let whole = page("").await;

    let first = page("limit=3").await;
    let second = page(&format!("limit=3&cursor={}", first["next"].as_str().unwrap())).await;

    assert_eq!((first["users"].as_array().unwrap().len(), &second["next"]), (3, &Value::Null));
    let pages: Vec<_> =
        [&first, &second].into_iter().flat_map(|page| page["users"].as_array().unwrap()).collect();
    assert_eq!(pages, whole["users"].as_array().unwrap().iter().collect::<Vec<_>>());
    let lina = pages.iter().find(|user| user["username"] == "lina").unwrap();
    let days: Vec<_> = lina["assignments"].as_array().unwrap().iter().map(|a| a["from"].clone()).collect();
    assert_eq!(days, ["2026-11-01", "2026-11-02"]);
}

#[tokio::test]
async fn a_page_of_users_that_makes_no_sense_names_its_parameter() {
    let server = TestServer::start().await;
    let office = administrator(&server).await;
    for (query, code, field) in [
        ("limit=0", "number_out_of_range", "limit"),
        ("limit=501", "number_out_of_range", "limit"),
        ("cursor=a", "malformed_request", "cursor"),
        (&format!("cursor={}", UserId::fresh()), "malformed_request", "cursor"),
    ] {
        let asked = office.request(Method::GET, &format!("/api/v1/users?{query}"));
        let refused = problem(asked.send().await.unwrap()).await;
        assert_eq!((refused.code.as_str(), refused.field.as_deref()), (code, Some(field)), "{query}");
    }
}
