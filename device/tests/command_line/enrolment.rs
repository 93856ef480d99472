use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;

use serde_json::{Value, json};
use sync_core::ids::{DeviceId, UserId};

use super::tablet::{Said, run};

/// Answers these requests, one connection each, and hands back the bodies it got.
fn answer(listener: TcpListener, answers: Vec<(u16, Value)>) -> JoinHandle<Vec<Value>> {
    std::thread::spawn(move || {
        let bodies = answers.into_iter().map(|(status, answer)| {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream);
            let mut length = 0;
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line == "\r\n" {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let text = answer.to_string();
            let head =
                format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", text.len());
            reader.into_inner().write_all(format!("{head}{text}").as_bytes()).unwrap();
            serde_json::from_slice(&body).unwrap()
        });
        bodies.collect()
    })
}

fn enrol(data: &std::path::Path, server: &str) -> Said {
    run(data, &["--json", "enrol", "--server", server, "--code", "AB12", "--name", "一号"])
}

#[test]
fn two_users_enrol_with_one_key_and_the_key_is_their_owners_only() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let device = DeviceId::fresh();
    let enrolled = |name: &str| {
        let body = json!({ "device_id": device, "district": "410804", "user_id": UserId::fresh(), "user_name": name });
        (200, body)
    };
    let bodies = answer(listener, vec![enrolled("张三"), enrolled("李四")]);
    assert_eq!(enrol(&data, &server).done()["name"], "张三");
    assert_eq!(enrol(&data, &server).done()["name"], "李四");
    let bodies = bodies.join().unwrap();
    assert_eq!(bodies[0]["code"], "AB12");
    assert_eq!(
        (&bodies[0]["public_key"], &bodies[0]["incarnation"]),
        (&bodies[1]["public_key"], &bodies[1]["incarnation"])
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(data.join("device.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(run(&data, &["--json", "--user", "李四", "status"]).done()["user"], "李四");
    assert_eq!(enrol(&data, "http://127.0.0.1:1").refused().0, "other_server");
}

#[test]
fn a_spent_code_says_what_to_do_and_enrols_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let kind = sync_core::wire::problem::ProblemKind::EnrolmentCodeInvalid;
    let problem = serde_json::to_value(sync_core::wire::problem::Problem::new(kind)).unwrap();
    let asked = answer(listener, vec![(401, problem)]);
    let said = enrol(&data, &server);
    asked.join().unwrap();
    assert_eq!((said.code, &said.json()["code"]), (1, &"enrolment_code_invalid".into()));
    assert_eq!(run(&data, &["--json", "status"]).refused().0, "device_unknown");
}

#[test]
fn without_a_server_enrolment_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let said = enrol(&folder.path().join("data"), "http://127.0.0.1:1");
    assert_eq!((said.code, &said.json()["code"]), (1, &"server_unreachable".into()));
}

#[test]
fn before_enrolment_every_command_says_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    for command in [&["list"][..], &["sync"], &["inspect"], &["targets", "list"]] {
        assert_eq!(run(&data, &[&["--json"], command].concat()).refused().0, "device_unknown");
    }
    assert!(!data.exists(), "nothing is made by asking");
}
