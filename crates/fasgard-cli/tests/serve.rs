//! `fasgard serve`: configuration from four places, a start that is soon ready, an orderly end.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

mod common;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
};

use common::{fasgard, text, trained};
use predicates::str::contains;

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Starts it; its address and the lines of its log after it listens.
fn start(args: &[&str]) -> (Child, String, impl Iterator<Item = String> + use<>) {
    let mut child = Command::new(assert_cmd::cargo::cargo_bin("fasgard"))
        .arg("serve")
        .args(args)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let address = log
        .find_map(|line| {
            let event: serde_json::Value = serde_json::from_str(&line).unwrap();
            Some(event["url"].as_str()?.strip_prefix("http://")?.to_owned())
        })
        .unwrap();
    (child, address, log)
}

#[test]
fn it_serves_until_it_is_told_to_end() {
    let dir = tempfile::tempdir().unwrap();
    let (model, _) = trained(dir.path());
    let (mut child, address, mut log) =
        start(&[&model, "--listen", "127.0.0.1:0", "--crop", "none"]);
    assert!(get(&address, "/healthz").starts_with("HTTP/1.1 200"));
    let ready = log.find(|line| line.contains("model ready")).unwrap();
    assert!(!ready.contains("no model"), "{ready}");
    assert!(get(&address, "/v1/info").contains("\"name\":\"tiny\""));
    let kill = Command::new("kill").arg(child.id().to_string()).status();
    assert!(kill.unwrap().success());
    assert!(child.wait().unwrap().success());
    let rest: Vec<String> = log.collect();
    let request: serde_json::Value = rest
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .find(|event: &serde_json::Value| event["route"] == "/v1/info")
        .unwrap();
    assert_eq!(request["status"], 200);
    assert_eq!(request["request_id"].as_str().unwrap().len(), 32);
    assert!(rest.last().unwrap().contains("ended"), "{rest:?}");
}

#[test]
fn the_command_line_wins_over_the_environment_and_that_over_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("serve.toml");
    std::fs::write(
        &file,
        "allow_missing_model = true\nqueue = 5\nbatch = 2\nworkers = 3\n",
    )
    .unwrap();
    let output = assert_cmd::Command::cargo_bin("fasgard")
        .unwrap()
        .args(["serve", "--config", &text(&file), "--check-config"])
        .args(["--set", "queue=7", "--answers", "coarse"])
        .env("FASGARD_SERVE_QUEUE", "6")
        .env("FASGARD_SERVE_BATCH", "4")
        .env("FASGARD_SERVE_API_KEYS", "a-very-secret-key-indeed")
        .assert()
        .success();
    let printed = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    for line in [
        "queue = 7",
        "batch = 4",
        "workers = 3",
        "answers = \"coarse\"",
        "max_side = 8192",
    ] {
        assert!(
            printed.lines().any(|found| found == line),
            "{line}\n{printed}"
        );
    }
    assert!(!printed.contains("secret"), "{printed}");
}

#[test]
fn misuse_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |args: &[&str], message: &str| {
        let args: Vec<&str> = [&["serve"], args].concat();
        fasgard(&args).code(2).stderr(contains(message));
    };
    let path = |name: &str, content: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        text(&path)
    };
    let wrong = path("wrong.toml", "model = \"m\"\nquue = 1\n");
    refused(&[], "`model`");
    refused(&["none.safetensors"], "none.safetensors");
    refused(&["--config", &wrong], "quue");
    refused(&["--config", "none.toml"], "none.toml");
    refused(&["m", "--set", "queue"], "expected key=value");
    refused(&["m", "--set", "queue=0"], "`queue`: expected 1 to");
    refused(&["m", "--set", "quue=1"], "quue");
    refused(&["m", "--listen", "here"], "`listen`");
    let junk = path("junk.safetensors", "junk");
    refused(
        &[&junk, "--crop", "none", "--listen", "127.0.0.1:0"],
        "junk.safetensors",
    );
    refused(&[&junk, "--check-config"], "junk.safetensors");
    let keys = path("keys", "short\n");
    refused(
        &["--allow-missing-model", "--api-keys-file", &keys],
        "16 characters",
    );
    assert!(Path::new(&junk).exists());
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    refused(
        &["--allow-missing-model", "--listen", &address],
        "listen = ",
    );
}
