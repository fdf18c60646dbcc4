//! At the end every accepted request gets its answer.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

mod common;

use std::{
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use common::{
    Running,
    client::{Client, ask},
    config, model, png, predictor, until,
};
use fasgard_serve::{ServeConfig, Service};

const ANY: &[(&str, &str)] = &[("content-type", "application/octet-stream")];

#[test]
fn requests_in_flight_are_finished_and_no_others_are_taken() {
    // Slow enough that most of them wait when the end comes.
    let service = Service::with_predictor(
        ServeConfig {
            batch: 2,
            ..config()
        },
        predictor(&model(256, 0.5)),
    );
    let mut service = Running::start(service.unwrap());
    let address = service.address;
    let idle = Client::new(address);
    let mut half = Client::new(address);
    let body = png(99);
    let head = format!(
        "POST /v1/predict HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    half.send(&[head.as_bytes(), &body[..50]].concat()).unwrap();
    let connected = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..24)
        .map(|i| {
            let connected = connected.clone();
            thread::spawn(move || {
                let mut client = Client::new(address);
                connected.fetch_add(1, Ordering::SeqCst);
                client.ask("POST", "/v1/predict", ANY, &png(i))
            })
        })
        .collect();
    let depth = || {
        let text = ask(address, "GET", "/metrics", &[], b"").text();
        let line = text
            .lines()
            .find(|l| l.starts_with("fasgard_queue_depth"))
            .unwrap()
            .to_owned();
        line.rsplit_once(' ').unwrap().1.parse::<u32>().unwrap()
    };
    until("requests wait", || depth() >= 8);
    // Connections are taken in turn: once a later one is answered, those of all clients are taken.
    until("all clients have connected", || {
        connected.load(Ordering::SeqCst) == 24
    });
    depth();
    service.ask_to_end();
    until("no connection is taken any more", || {
        TcpStream::connect(address).is_err()
    });
    assert!(!service.service.is_ready());
    // Its header was accepted: the rest of its body is still taken, and it is judged.
    half.send(&body[50..]).unwrap();
    let answer = half.answer(false).unwrap();
    assert_eq!((answer.status, answer.header("connection")), (200, "close"));
    for client in clients {
        let answer = client.join().unwrap().unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    drop(idle);
    service.join();
}

#[test]
fn the_end_does_not_wait_for_clients_that_do_nothing() {
    let mut service = Running::tiny(ServeConfig {
        shutdown_time_s: 1,
        header_time_s: 60,
        body_time_s: 60,
        ..config()
    });
    let _idle = Client::new(service.address);
    let mut half = Client::new(service.address);
    half.send(b"POST /v1/predict HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n")
        .unwrap();
    thread::sleep(Duration::from_millis(100));
    let begin = std::time::Instant::now();
    service.ask_to_end();
    service.join();
    assert!(
        begin.elapsed() < Duration::from_secs(10),
        "{:?}",
        begin.elapsed()
    );
}
