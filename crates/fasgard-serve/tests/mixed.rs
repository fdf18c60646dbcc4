//! Ten thousand good and hostile requests at once: the good ones are answered right.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

mod common;

use std::{thread, time::Instant};

use common::{
    Running,
    client::{Client, ask},
    config,
    hostile::hostile,
    model, picture, png, predictor,
};
use fasgard_image::random::stream;
use rand::Rng;

const ANY: &[(&str, &str)] = &[("content-type", "application/octet-stream")];

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
