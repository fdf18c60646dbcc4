//! Sessions: several frames, one verdict, used once.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

mod common;

use std::{thread, time::Duration};

use common::{
    Running, assert_same,
    client::{Client, ask},
    config, model, picture, png, predictor,
};
use fasgard_metrics::Fuse;
use fasgard_model::Session;
use fasgard_serve::ServeConfig;

#[test]
fn sessions_give_one_verdict_once() {
    let predictor = predictor(&model(32, 0.125));
    let service = Running::tiny(ServeConfig {
        session_frames: 3,
        ..config()
    });
    let mut client = Client::new(service.address);
    let wanted = br#"{"nonce": "challenge-0123456789", "fuse": "min"}"#;
    let opened = client.ask("POST", "/v1/sessions", &[], wanted).unwrap();
    assert_eq!(opened.status, 201, "{}", opened.text());
    let json = opened.json();
    assert_eq!(
        (&json["nonce"], &json["frames"]),
        (&"challenge-0123456789".into(), &3.into())
    );
    let path = format!("/v1/sessions/{}", json["session"].as_str().unwrap());
    assert_eq!(opened.header("location"), path);
    let nonce = [("x-session-nonce", "challenge-0123456789")];
    let mut session = Session::new(Fuse::Min);
    let frames = format!("{path}/frames");
    for seed in 0..3 {
        let answer = client.ask("POST", &frames, &nonce, &png(seed)).unwrap();
        let expected = session.push(&predictor, &picture(seed));
        assert_eq!(answer.json()["frame"], seed + 1);
        assert_same(&answer.json()["score"], expected.score);
        let again = client.ask("POST", &frames, &nonce, &png(seed)).unwrap();
        let code = if seed == 2 {
            "session-full"
        } else {
            "frame-repeated"
        };
        assert_eq!(again.code(), code);
    }
    let stranger = client.ask("POST", &frames, &[], &png(4)).unwrap();
    assert_eq!(
        (stranger.status, &stranger.code()[..]),
        (403, "nonce-wrong")
    );
    let verdict = format!("{path}/verdict");
    let answer = client.ask("POST", &verdict, &nonce, b"").unwrap();
    let expected = session.answer(&predictor);
    let json = answer.json();
    assert_eq!(json["verdict"], expected.verdict.as_str());
    assert_same(&json["score"], expected.score);
    assert_eq!((&json["scored"], &json["fuse"]), (&3.into(), &"min".into()));
    assert_eq!(json["nonce"], "challenge-0123456789");
    // Used once: neither its verdict nor its nonce is to be had again.
    for path in [&verdict, &frames] {
        let answer = client.ask("POST", path, &nonce, &png(5)).unwrap();
        assert_eq!(answer.code(), "session-used");
    }
    let replayed = client.ask("POST", "/v1/sessions", &[], wanted).unwrap();
    assert_eq!(
        (replayed.status, &replayed.code()[..]),
        (409, "nonce-replayed")
    );
    service.join();
}

#[test]
fn sessions_expire_are_given_up_and_refuse_other_bodies() {
    let service = Running::tiny(ServeConfig {
        session_time_s: 1,
        max_sessions: 2,
        ..config()
    });
    let mut client = Client::new(service.address);
    let mut open = |body: &[u8]| client.ask("POST", "/v1/sessions", &[], body).unwrap();
    for bad in [
        &b"no json"[..],
        br#"{"nonce": "short"}"#,
        br#"{"nonce": "spaces are not allowed"}"#,
        br#"{"fuse": "sum"}"#,
        br#"{"frames": 4}"#,
        br#"[1]"#,
    ] {
        assert_eq!(open(bad).code(), "json", "{}", String::from_utf8_lossy(bad));
    }
    assert_eq!(open(&[b' '; 5000]).code(), "too-large");
    let (first, second) = (open(b"").json(), open(b"{}").json());
    assert_eq!(open(b"").code(), "too-many-sessions");
    let mut with = |method: &str, opened: &serde_json::Value, end: &str| {
        let path = format!("/v1/sessions/{}{end}", opened["session"].as_str().unwrap());
        let nonce = [("x-session-nonce", opened["nonce"].as_str().unwrap())];
        client.ask(method, &path, &nonce, b"").unwrap()
    };
    assert_eq!(with("DELETE", &first, "").status, 204);
    assert_eq!(with("DELETE", &first, "").code(), "session-used");
    // Without frames there is nothing to claim.
    let empty = with("POST", &second, "/verdict").json();
    assert_eq!(
        (&empty["verdict"], &empty["reason"]),
        (&"no-decision".into(), &"no-frames".into())
    );
    let third = client_session(&service);
    thread::sleep(Duration::from_millis(1100));
    assert_eq!(with("POST", &third, "/frames").code(), "session-expired");
    let unknown = serde_json::json!({"session": "0", "nonce": "0"});
    assert_eq!(with("POST", &unknown, "/verdict").code(), "session-unknown");
    service.join();
    let off = Running::tiny(ServeConfig {
        sessions: false,
        ..config()
    });
    let answer = ask(off.address, "POST", "/v1/sessions", &[], b"");
    assert_eq!(answer.code(), "sessions-off");
    off.join();
}

fn client_session(service: &Running) -> serde_json::Value {
    ask(service.address, "POST", "/v1/sessions", &[], b"").json()
}
