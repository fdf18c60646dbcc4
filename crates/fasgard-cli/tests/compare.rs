//! `fasgard compare` on score files written by hand.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

mod common;
mod score_files;

use std::fs;

use common::fasgard;
use predicates::{prelude::PredicateBooleanExt, str::contains};
use score_files::{Files, json};

#[test]
fn two_systems_on_the_same_samples() {
    let files = Files::new();
    let a = files.scores("a.csv", "test", "print/1", 0.0);
    // Every attack accepted at one half.
    let content = fs::read_to_string(&a).unwrap();
    let worse: String = content
        .lines()
        .map(|l| match l.contains(",attack,") {
            true => l.replace(",0.2", ",0.8") + "\n",
            false => l.to_owned() + "\n",
        })
        .collect();
    let b = files.write("b.csv", &worse);
    let at = ["--threshold", "value=0.5", "--bootstrap", "500,3"];
    let c = json(&[&["compare", &a, &b][..], &at].concat());
    assert_eq!(c["paired"]["common"], 40);
    // 16 attacks that A rejects and B accepts.
    let m = &c["paired"]["mcnemar"];
    assert_eq!(
        (&m["only_a_right"], &m["only_b_right"]),
        (&16.into(), &0.into())
    );
    assert!((m["p"].as_f64().unwrap() - 2.0 / 65536.0).abs() < 1e-12);
    let acer = &c["paired"]["acer"];
    assert!(
        (acer["value"].as_f64().unwrap() + 0.4).abs() < 1e-12,
        "{acer}"
    );
    assert!(acer["ci95"][1].as_f64() < Some(0.0) && acer["p"].as_f64() < Some(0.05));
    assert!(c["paired"]["auc"]["value"].as_f64() > Some(0.0));
    assert_eq!(c["a"]["threshold"]["from"]["source"], "given");
    fasgard(&[&["compare", &a, &b][..], &at].concat())
        .success()
        .stdout(
            contains("only A right 16")
                .and(contains("McNemar"))
                .and(contains("p")),
        );
    let same = json(&[&["compare", &a, &a][..], &at].concat());
    assert_eq!(same["paired"]["acer"]["p"], 1.0);

    let dev = files.scores("dev.csv", "dev", "print/1", 0.0);
    fasgard(&["compare", &a, &b, "--dev-a", &dev])
        .code(2)
        .stderr(contains("--dev-b").and(contains("system B")));
    let c = json(&["compare", &a, &b, "--dev-a", &dev, "--dev-b", &dev]);
    assert_eq!(c["a"]["dev"]["sha256"], c["b"]["dev"]["sha256"]);

    let fewer: String = content.lines().take(38).map(|l| format!("{l}\n")).collect();
    let relabelled = content.replacen(",attack,print/1,", ",attack,print/2,", 1);
    let moved = content.replace("testv6,", "testv60,");
    for (name, other, parts) in [
        ("fewer.csv", fewer, ["`test37`", "line 39", "3 of"]),
        ("species.csv", relabelled, ["`test1`", "line 3", "print/2"]),
        ("moved.csv", moved, ["`test6`", "video", "testv60"]),
    ] {
        let other = files.write(name, other);
        let out = fasgard(&[&["compare", &a, &other][..], &at].concat()).code(2);
        let message = String::from_utf8_lossy(&out.get_output().stderr).into_owned();
        for part in parts {
            assert!(message.contains(part), "{name}: {part}: {message}");
        }
    }
}
