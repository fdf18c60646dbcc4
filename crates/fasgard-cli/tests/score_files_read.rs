//! Which score files are read, and what is said of those that are not.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

mod common;
mod score_files;

use std::fs;

use common::fasgard;
use predicates::{prelude::PredicateBooleanExt, str::contains};
use score_files::{Files, HEADER, json};

#[test]
fn bad_files_are_refused_with_the_row() {
    let files = Files::new();
    let good = "a,d,test,1,v,0,live,,,0.9,,ok\nb,d,test,2,w,0,attack,print/1,,0.1,,ok\n";
    for (name, row, parts) in [
        (
            "nan",
            "c,d,test,3,x,0,live,,,NaN,,ok",
            ["line 4", "`score`", "finite"],
        ),
        (
            "inf",
            "c,d,test,3,x,0,live,,,inf,,ok",
            ["line 4", "`score`", "finite"],
        ),
        (
            "none",
            "c,d,test,3,x,0,live,,,,,ok",
            ["line 4", "`score`", "nothing"],
        ),
        (
            "word",
            "c,d,test,3,x,0,live,,,high,,ok",
            ["line 4", "`score`", "`high`"],
        ),
        (
            "label",
            "c,d,test,3,x,0,real,,,0.5,,ok",
            ["line 4", "`label`", "`real`"],
        ),
        (
            "species",
            "c,d,test,3,x,0,live,print/1,,0.5,,ok",
            ["line 4", "`species`", "no species"],
        ),
        (
            "twice",
            "a,d,test,3,x,0,live,,,0.5,,ok",
            ["line 2", "line 4", "`a`"],
        ),
        ("short", "c,d,test", ["line 4", "12 fields", "found 3"]),
        (
            "status",
            "c,d,test,3,x,0,live,,,0.5,,lost",
            ["line 4", "`status`", "`lost`"],
        ),
        (
            "scored",
            "c,d,test,3,x,0,live,,,0.5,,no-face",
            ["line 4", "`score`", "no-face"],
        ),
        (
            "video",
            "c,d,test,1,v,1,attack,print/1,,0.5,,ok",
            ["`v`", "`a`", "`c`"],
        ),
    ] {
        let file = files.write(name, format!("{HEADER}\n{good}{row}\n"));
        let out = fasgard(&["evaluate", "--test", &file, "--threshold", "value=0.5"]).code(2);
        let out = out.stderr(contains("panicked").not());
        for part in parts {
            out.get_output();
            let message = String::from_utf8_lossy(&out.get_output().stderr).into_owned();
            assert!(
                message.contains(part) && message.contains(&file),
                "{name}: {message}"
            );
        }
    }
    for (name, content) in [
        ("empty.csv", &b""[..]),
        ("no.json", b"{\"scores\": [1, 2]}"),
        ("no.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
        ("header.csv", HEADER.as_bytes()),
    ] {
        let file = files.write(name, content);
        fasgard(&["evaluate", "--test", &file, "--threshold", "value=0.5"])
            .code(2)
            .stdout("")
            .stderr(contains(&file).and(contains("panicked").not()));
    }
}

#[test]
fn marks_semicolons_and_tabs_are_read() {
    let files = Files::new();
    let dev = files.scores("dev.csv", "dev", "print/1", 0.0);
    let plain = files.scores("plain.csv", "test", "print/1", 0.0);
    let content = fs::read_to_string(&plain).unwrap();
    let expected = json(&["evaluate", "--dev", &dev, "--test", &plain])["test"].clone();
    assert_eq!(expected["bpcer"]["of"], 20);
    for (name, other) in [
        ("mark.csv", format!("\u{feff}{content}")),
        ("semicolon.csv", content.replace(',', ";")),
        ("tab.tsv", content.replace(',', "\t")),
        ("returns.csv", content.replace('\n', "\r\n")),
        ("quotes.csv", content.replace("print/1", "\"print/1\"")),
    ] {
        let file = files.write(name, other);
        let found = json(&["evaluate", "--dev", &dev, "--test", &file]);
        assert_eq!(found["test"], expected, "{name}");
    }
}
