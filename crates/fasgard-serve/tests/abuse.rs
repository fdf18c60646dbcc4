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
    config, jpeg, model, picture, png, predictor, until,
};
use fasgard_image::random::stream;
use fasgard_serve::ServeConfig;
use rand::Rng;

const ANY: &[(&str, &str)] = &[("content-type", "application/octet-stream")];

/// A PNG whose header announces these sides; its pixels are one black row, packed.
fn bomb(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = fasgard_image::encode_png(&fasgard_image::RgbImage::new(1, 1)).unwrap();
    // IHDR: length 4, type 4, then the sides; its checksum follows 13 bytes of data.
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let sum = crc(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&sum.to_be_bytes());
    bytes
}

/// The checksum of PNG chunks (ISO 3309), bit by bit.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| {
            (sum >> 1) ^ (0xEDB8_8320 & (0_u32.wrapping_sub(sum & 1)))
        })
    })
}

/// An image that one or more hostile bytes follow or precede, and what becomes of it.
fn hostile() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let (png, jpeg) = (png(1), jpeg(1));
    let join = |a: &[u8], b: &[u8]| [a, b].concat();
    let mut bmp = b"BM".to_vec();
    bmp.extend([0xFF; 52]);
    let mut damaged = png.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0x55;
    let mut long_chunk = png.clone();
    long_chunk[8..12].copy_from_slice(&[0xFF; 4]);
    vec![
        ("nothing", Vec::new(), "empty"),
        ("one byte", vec![0xFF], "not-an-image"),
        ("zeros", vec![0; 4096], "not-an-image"),
        (
            "a page",
            b"<html><script>alert(1)</script></html>".to_vec(),
            "not-an-image",
        ),
        (
            "a drawing",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(),
            "not-an-image",
        ),
        (
            "an archive",
            b"PK\x03\x04\x14\x00\x00\x00".to_vec(),
            "not-an-image",
        ),
        (
            "a program",
            b"\x7fELF\x02\x01\x01\x00".to_vec(),
            "not-an-image",
        ),
        (
            "a GIF",
            b"GIF89a\x01\x00\x01\x00\x80\x00\x00;".to_vec(),
            "not-an-image",
        ),
        (
            "a PDF before a JPEG",
            join(b"%PDF-1.4\n", &jpeg),
            "not-an-image",
        ),
        ("half a JPEG", jpeg[..jpeg.len() / 2].to_vec(), "truncated"),
        ("half a PNG", png[..png.len() / 2].to_vec(), "truncated"),
        (
            "a JPEG without pixels",
            vec![0xFF, 0xD8, 0xFF, 0xD9],
            "malformed",
        ),
        ("a damaged PNG", damaged, "malformed"),
        ("a chunk of 4 GiB", long_chunk, "malformed"),
        ("a lying BMP", bmp, "malformed"),
        (
            "a bomb by its sides",
            bomb(60_000, 60_000),
            "too-many-pixels",
        ),
        (
            "a bomb by its pixels",
            bomb(5_000, 5_000),
            "too-many-pixels",
        ),
        ("no pixels at all", bomb(0, 10), "malformed"),
        ("fewer pixels than announced", bomb(500, 500), "malformed"),
    ]
}

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
    // What is no HTTP is refused by the transport, without a document.
    for bytes in [
        &b"GET /assets/\0 HTTP/1.1\r\nhost: x\r\n\r\n"[..],
        b"GET  HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST /v1/predict HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        b"POST /v1/predict HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n",
        b"GET / HTTP/1.1\r\nbad header\r\n\r\n",
    ] {
        let mut client = Client::new(service.address);
        client.send(bytes).unwrap();
        client.end();
        let rest = client.rest();
        let text = String::from_utf8_lossy(&rest).into_owned();
        assert!(text.is_empty() || text.starts_with("HTTP/1.1 4"), "{bytes:?}: {text}");
    }
    let long = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "a".repeat(20_000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(100));
    for request in [long, many] {
        let mut client = Client::new(service.address);
        client.send(request.as_bytes()).unwrap();
        assert_eq!(client.answer(false).unwrap().status, 431);
    }
    assert_eq!(
        ask(service.address, "GET", "/healthz", &[], b"").status,
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

/// Resident memory in MiB.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap();
    let kib: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib / 1024.0
}

/// One client's share of the mixed requests: the seconds of its good ones.
fn mixed(
    address: std::net::SocketAddr,
    client_number: u64,
    requests: std::ops::Range<u64>,
    good: &[(Vec<u8>, &'static str, f64)],
    bad: &[(&'static str, Vec<u8>, &'static str)],
) -> Vec<f64> {
    let mut client = Client::new(address);
    let mut seconds = Vec::new();
    for number in requests {
        let key = format!("{client_number}/{number}");
        let mut draw = stream(5, "abuse", 0, &key);
        if client.is_closed() {
            client = Client::new(address);
        }
        match draw.random_range(0..10) {
            // Half of all are good.
            0..5 => {
                let (body, verdict, score) = &good[draw.random_range(0..good.len())];
                let begin = Instant::now();
                let answer = client.ask("POST", "/v1/predict", ANY, body).unwrap();
                seconds.push(begin.elapsed().as_secs_f64());
                assert_eq!(answer.status, 200, "{key}: {}", answer.text());
                let json = answer.json();
                assert_eq!(json["verdict"], *verdict, "{key}");
                let found = json["score"].as_f64().unwrap();
                assert!(
                    (found - score).abs() < 1e-6,
                    "{key}: expected {score}, found {found}"
                );
            }
            5..8 => {
                let (name, body, code) = &bad[draw.random_range(0..bad.len())];
                let answer = client.ask("POST", "/v1/predict", ANY, body).unwrap();
                let found = answer.code();
                let fits = found == *code || (*code == "malformed" && found == "truncated");
                assert!(fits, "{key} {name}: expected {code}, found {found}");
            }
            8 => {
                let answer = client.ask("GET", "/assets/%2e%2e/x", &[], b"").unwrap();
                assert_eq!(answer.code(), "not-found");
                let replay = br#"{"nonce": "the-same-nonce-every-time"}"#;
                let answer = client.ask("POST", "/v1/sessions", &[], replay).unwrap();
                assert_eq!(answer.code(), "nonce-replayed");
            }
            // Breaks off in the middle.
            _ => {
                let head =
                    b"POST /v1/predict HTTP/1.1\r\nhost: x\r\ncontent-length: 90000\r\n\r\nhalf";
                let _ = client.send(&head[..draw.random_range(1..head.len())]);
                client = Client::new(address);
            }
        }
    }
    seconds
}

#[test]
fn ten_thousand_mixed_requests_good_ones_are_answered_right_and_memory_is_flat() {
    const CLIENTS: u64 = 8;
    let own = predictor(&model(32, 0.125));
    let good: Vec<_> = (0..16)
        .map(|seed| {
            let answer = own.image(&picture(seed), None);
            (png(seed), answer.verdict.as_str(), answer.score.unwrap())
        })
        .collect();
    let bad = hostile();
    let service = Running::tiny(config());
    let address = service.address;
    let first = ask(
        address,
        "POST",
        "/v1/sessions",
        &[],
        br#"{"nonce": "the-same-nonce-every-time"}"#,
    );
    assert_eq!(first.status, 201);
    let round = |requests: std::ops::Range<u64>| -> Vec<f64> {
        thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|number| {
                    let (good, bad, requests) = (&good, &bad, requests.clone());
                    scope.spawn(move || mixed(address, number, requests, good, bad))
                })
                .collect();
            clients
                .into_iter()
                .flat_map(|c| c.join().unwrap())
                .collect()
        })
    };
    let begin = Instant::now();
    round(0..250);
    let warm = resident();
    let mut seconds = round(250..1250);
    let after = resident();
    seconds.sort_by(f64::total_cmp);
    let at = |share: f64| seconds[(share * (seconds.len() - 1) as f64) as usize] * 1e3;
    println!(
        "10000 requests in {:.1} s; good answers p50 {:.1} ms, p99 {:.1} ms; resident {warm:.0} MiB after 2000, {after:.0} MiB after 10000",
        begin.elapsed().as_secs_f64(),
        at(0.5),
        at(0.99),
    );
    assert!(
        after < warm + 32.0,
        "memory grew from {warm:.0} to {after:.0} MiB"
    );
    let metrics = ask(address, "GET", "/metrics", &[], b"").text();
    for line in [
        "fasgard_queue_depth 0",
        "fasgard_held_bytes 0",
        "fasgard_refusals_total{code=\"internal\"} 0",
    ] {
        assert!(
            metrics.lines().any(|found| found == line),
            "{line}\n{metrics}"
        );
    }
    service.join();
}
