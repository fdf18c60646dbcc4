//! What never becomes a request: the transport refuses it, with a document like every other refusal.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

mod common;

use common::{
    Running,
    client::{Client, ask},
    config,
};
use fasgard_serve::{Code, ServeConfig};

#[test]
fn what_is_not_http_is_refused_with_a_document_and_the_connection_closed() {
    let service = Running::tiny(config());
    let long = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "a".repeat(20_000));
    let long_path = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(70_000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(100));
    let lengths = "POST /v1/predict HTTP/1.1\r\nhost: x\r\ncontent-length: ";
    let two = format!("{lengths}5\r\ncontent-length: 6\r\n\r\nhello");
    let negative = format!("{lengths}-5\r\n\r\n");
    let cases: [(&str, &str); 9] = [
        ("GET /assets/\0 HTTP/1.1\r\nhost: x\r\n\r\n", "not-http"),
        ("GET  HTTP/1.1\r\n\r\n", "not-http"),
        ("\x16\x03\x01\x02\0\x01\0\x01\x03\x03", "not-http"),
        (&two, "not-http"),
        (&negative, "not-http"),
        ("GET / HTTP/1.1\r\nbad header\r\n\r\n", "not-http"),
        (&long, "header-too-large"),
        (&long_path, "header-too-large"),
        (&many, "header-too-large"),
    ];
    let good = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    for (bytes, code) in cases {
        let start: String = bytes.chars().take(60).collect();
        let expected = Code::ALL.iter().find(|c| c.as_str() == code).unwrap();
        // As the first words of a connection, and after a request that is answered.
        for before in ["", good] {
            let mut client = Client::new(service.address);
            client.send(before.as_bytes()).unwrap();
            if !before.is_empty() {
                assert_eq!(client.answer(false).unwrap().status, 200);
            }
            client.send(bytes.as_bytes()).unwrap();
            let answer = client.answer(false).unwrap();
            assert_eq!(answer.code(), code, "{start:?}: {}", answer.text());
            assert_eq!(answer.status, expected.status().as_u16(), "{start:?}");
            let json = answer.json();
            assert_eq!(json["status"], answer.status, "{start:?}");
            assert_eq!(json["request_id"], answer.header("x-request-id"));
            assert!(client.is_closed(), "{start:?}");
            assert!(client.rest().is_empty(), "{start:?}");
        }
    }
    // The preface of HTTP/2, which the transport itself leaves without an answer, and what a client sends
    // behind it: the first settings. Behind an answer it is not said anything.
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    for behind in [&[][..], &[0, 0, 0, 4, 0, 0, 0, 0, 0]] {
        let mut client = Client::new(service.address);
        client.send(&[&preface[..], behind].concat()).unwrap();
        let answer = client.answer(false).unwrap();
        assert_eq!((answer.status, answer.code().as_str()), (400, "not-http"));
        assert!(client.is_closed() && client.rest().is_empty());
    }
    let mut client = Client::new(service.address);
    client.send(good.as_bytes()).unwrap();
    assert_eq!(client.answer(false).unwrap().status, 200);
    client.send(preface).unwrap();
    assert!(client.rest().is_empty());
    // They are counted.
    let text = ask(service.address, "GET", "/metrics", &[], b"").text();
    for line in [
        "fasgard_refusals_total{code=\"not-http\"} 14\n",
        "fasgard_refusals_total{code=\"header-too-large\"} 6\n",
        "fasgard_requests_total{route=\"unread\",status=\"400\"} 14\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
    assert_eq!(
        ask(service.address, "GET", "/healthz", &[], b"").status,
        200
    );
    service.join();
}

#[test]
fn a_header_that_comes_too_slowly_is_refused_with_a_document() {
    let service = Running::tiny(ServeConfig {
        header_time_s: 1,
        ..config()
    });
    let begun = b"GET /healthz HTTP/1.1\r\nhost: ";
    let mut client = Client::new(service.address);
    client.send(begun).unwrap();
    let answer = client.answer(false).unwrap();
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (408, "header-slow")
    );
    assert!(client.is_closed() && client.rest().is_empty());
    // Nobody asked for anything, or an answer was given before: nothing is said.
    let good = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    for (before, then) in [("", &[][..]), (good, &[]), (good, begun)] {
        let mut client = Client::new(service.address);
        client.send(before.as_bytes()).unwrap();
        if !before.is_empty() {
            assert_eq!(client.answer(false).unwrap().status, 200);
        }
        client.send(then).unwrap();
        assert!(client.rest().is_empty());
    }
    let text = ask(service.address, "GET", "/metrics", &[], b"").text();
    let line = "fasgard_refusals_total{code=\"header-slow\"} 1\n";
    assert!(text.contains(line), "{text}");
    service.join();
}
