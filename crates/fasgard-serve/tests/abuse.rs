//! What hostile clients do: none of it may cost a good client its answer, or the service its memory.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

mod common;

use std::{
    thread,
    time::{Duration, Instant},
};

use common::{
    Running,
    client::{Client, ask},
    config,
    hostile::hostile,
    jpeg, model, png, predictor, until,
};
use fasgard_serve::ServeConfig;

const ANY: &[(&str, &str)] = &[("content-type", "application/octet-stream")];

#[test]
fn every_hostile_body_is_refused_and_polyglots_are_the_image_they_are() {
    let service = Running::tiny(config());
    for (name, body, code) in hostile() {
        let answer = ask(service.address, "POST", "/v1/predict", ANY, &body);
        // Decoders differ in what they call damage; that it is refused as an image is the point.
        let found = answer.code();
        let fits = found == code || (code == "malformed" && found == "truncated");
        assert!(fits, "{name}: expected {code}, found {}", answer.text());
    }
    let plain = ask(service.address, "POST", "/v1/predict", ANY, &jpeg(3)).json();
    for tail in [
        &b"PK\x03\x04 an archive"[..],
        b"<script>alert(1)</script>",
        b"%PDF-1.4",
    ] {
        let both = [&jpeg(3), tail].concat();
        let answer = ask(service.address, "POST", "/v1/predict", ANY, &both);
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, "application/json")
        );
        assert_eq!(answer.json()["score"], plain["score"]);
    }
    service.join();
}

#[test]
fn oversized_bodies_are_refused_before_they_are_read() {
    let service = Running::tiny(ServeConfig {
        max_bytes: 4096,
        ..config()
    });
    // Announced: refused at once, though nothing was sent.
    let mut client = Client::new(service.address);
    client
        .send(b"POST /v1/predict HTTP/1.1\r\nhost: x\r\ncontent-length: 999999999999\r\n\r\n")
        .unwrap();
    let answer = client.answer(false).unwrap();
    assert_eq!(answer.code(), "too-large", "{}", answer.text());
    // Not announced: refused once it is too much, and the client reads why although it goes on.
    let mut client = Client::new(service.address);
    client
        .send(b"POST /v1/predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
        .unwrap();
    let chunk = [&b"400\r\n"[..], &[0x20; 1024], b"\r\n"].concat();
    for _ in 0..200 {
        if client.send(&chunk).is_err() {
            break;
        }
    }
    let answer = client.answer(false).unwrap();
    assert_eq!(answer.code(), "too-large", "{}", answer.text());
    // A client that asks first sends nothing.
    let mut client = Client::new(service.address);
    client
        .send(b"POST /v1/predict HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 5000000\r\n\r\n")
        .unwrap();
    assert_eq!(client.answer(false).unwrap().status, 413);
    service.join();
}

#[test]
fn bytes_in_memory_are_bounded_over_all_clients() {
    let service = Running::tiny(ServeConfig {
        max_bytes: 100_000,
        max_held_bytes: 150_000,
        ..config()
    });
    let mut slow = Client::new(service.address);
    let head = b"POST /v1/predict HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n";
    slow.send(&[&head[..], &[0; 90_000]].concat()).unwrap();
    until("its bytes have come", || {
        let text = ask(service.address, "GET", "/metrics", &[], b"").text();
        text.contains("fasgard_held_bytes 90000\n")
    });
    let answer = ask(service.address, "POST", "/v1/predict", ANY, &[0; 99_000]);
    assert_eq!(
        (answer.status, &answer.code()[..]),
        (429, "busy"),
        "{}",
        answer.text()
    );
    assert_eq!(answer.header("retry-after"), "1");
    // A small one still has room, and a client that goes gives its room back.
    assert_eq!(
        ask(service.address, "POST", "/v1/predict", ANY, &png(1)).status,
        200
    );
    drop(slow);
    until("its room is free", || {
        let text = ask(service.address, "GET", "/metrics", &[], b"").text();
        text.contains("fasgard_held_bytes 0\n")
    });
    service.join();
}

#[test]
fn slow_clients_are_cut_off_and_hold_up_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let large = dir.path().join("m.onnx");
    std::fs::write(&large, vec![0; 64 << 20]).unwrap();
    let service = Running::tiny(ServeConfig {
        header_time_s: 1,
        body_time_s: 1,
        onnx: Some(large),
        ..config()
    });
    let address = service.address;
    let begin = Instant::now();
    let slow: Vec<_> = (0..12)
        .map(|i| {
            thread::spawn(move || {
                let mut client = Client::new(address);
                match i % 3 {
                    // A header without end.
                    0 => {
                        client.send(b"GET /healthz HTTP/1.1\r\nx: ").unwrap();
                        while begin.elapsed() < Duration::from_secs(8) && client.send(b"a").is_ok()
                        {
                            thread::sleep(Duration::from_millis(50));
                        }
                        String::new()
                    }
                    // A body without end.
                    1 => {
                        let head =
                            b"POST /v1/predict HTTP/1.1\r\nhost: x\r\ncontent-length: 9000\r\n\r\n";
                        client.send(head).unwrap();
                        for _ in 0..15 {
                            let _ = client.send(b"a");
                            thread::sleep(Duration::from_millis(100));
                        }
                        client.answer(false).unwrap().code()
                    }
                    // An answer that is not read.
                    _ => {
                        client
                            .send(b"GET /model.onnx HTTP/1.1\r\nhost: x\r\n\r\n")
                            .unwrap();
                        thread::sleep(Duration::from_secs(4));
                        let got = client.rest().len();
                        assert!(got < 64 << 20, "the whole answer came after 4 s");
                        String::new()
                    }
                }
            })
        })
        .collect();
    let mut longest = Duration::ZERO;
    while begin.elapsed() < Duration::from_secs(3) {
        let one = Instant::now();
        let answer = ask(address, "POST", "/v1/predict", ANY, &png(2));
        assert_eq!(answer.status, 200);
        longest = longest.max(one.elapsed());
    }
    let codes: Vec<String> = slow.into_iter().map(|t| t.join().unwrap()).collect();
    assert_eq!(
        codes.iter().filter(|code| *code == "body-slow").count(),
        4,
        "{codes:?}"
    );
    println!("slowest good answer beside slow clients: {longest:?}");
    until("all slow connections are closed", || {
        let text = ask(address, "GET", "/metrics", &[], b"").text();
        text.contains("fasgard_connections 1\n")
    });
    service.join();
}

#[test]
fn half_closed_connections_get_what_can_be_answered() {
    let service = Running::tiny(config());
    let body = png(1);
    let head = format!(
        "POST /v1/predict HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut client = Client::new(service.address);
    client.send(&[head.as_bytes(), &body].concat()).unwrap();
    client.end();
    assert_eq!(client.answer(false).unwrap().status, 200);
    let mut client = Client::new(service.address);
    client
        .send(&[head.as_bytes(), &body[..20]].concat())
        .unwrap();
    client.end();
    assert_eq!(client.answer(false).unwrap().code(), "body-broken");
    let mut client = Client::new(service.address);
    client.send(&head.as_bytes()[..30]).unwrap();
    client.end();
    client.rest();
    service.join();
}

#[test]
fn paths_lead_nowhere_but_where_they_say() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("assets")).unwrap();
    std::fs::write(dir.path().join("secret.json"), b"secret").unwrap();
    std::fs::write(dir.path().join("assets/a.js"), b"a").unwrap();
    let service = Running::tiny(ServeConfig {
        page_assets: Some(dir.path().join("assets")),
        ..config()
    });
    for path in [
        "/../secret.json",
        "/assets/../secret.json",
        "/assets/..%2fsecret.json",
        "/assets/%2e%2e/secret.json",
        "/assets/%2e%2e%2fsecret.json",
        "/assets/..%5csecret.json",
        "/assets/%252e%252e%252fsecret.json",
        "/assets//etc/passwd",
        "/assets/a.js%00.html",
        "/assets/a.js/",
        "//etc/passwd",
        "/./app.js",
        "/app.js%00",
        "/%61pp.js",
        "/assets/%ff%fe",
        "/v1/sessions/../predict",
        "/v1/sessions/%00/verdict",
        "/page/../Cargo.toml",
    ] {
        let answer = ask(service.address, "GET", path, &[], b"");
        let code = answer.code();
        assert!(
            [400, 404, 405].contains(&answer.status),
            "{path}: {}",
            answer.text()
        );
        assert!(!code.is_empty(), "{path}: {}", answer.text());
        assert!(!answer.text().contains("secret\""), "{path}");
    }
    assert_eq!(
        ask(service.address, "GET", "/assets/a.js?x=../y", &[], b"").status,
        200
    );
    service.join();
}

#[test]
fn a_full_queue_says_so_and_loses_nobody() {
    // Slow enough that a queue of one fills.
    let predictor = predictor(&model(256, 0.5));
    let service = fasgard_serve::Service::with_predictor(
        ServeConfig {
            queue: 1,
            batch: 1,
            ..config()
        },
        predictor,
    );
    let service = Running::start(service.unwrap());
    let address = service.address;
    let clients: Vec<_> = (0..16)
        .map(|i| {
            thread::spawn(move || {
                let mut client = Client::new(address);
                let mut refused = 0;
                loop {
                    let answer = client.ask("POST", "/v1/predict", ANY, &png(i)).unwrap();
                    match answer.status {
                        200 => return refused,
                        429 => {
                            assert_eq!(
                                (answer.code(), answer.header("retry-after")),
                                ("busy".into(), "1")
                            );
                            refused += 1;
                            thread::sleep(Duration::from_millis(20));
                        }
                        other => panic!("{other}: {}", answer.text()),
                    }
                }
            })
        })
        .collect();
    let refused: u32 = clients.into_iter().map(|c| c.join().unwrap()).sum();
    assert!(refused > 0, "the queue of one was never full");
    service.join();
}
