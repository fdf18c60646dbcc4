//! Breakdowns, clusters and the comparison of two systems, counted by hand.
#![allow(clippy::unwrap_used, reason = "a panic in a test is a failed test")]

mod common;

use common::{of_rows, row};
use fasgard_metrics::{
    Criterion, EvaluateError, Level, NoResponse, Request, ScoreFile, ScoreRow, ScoreTable, Status,
    compare::{CompareError, CompareRequest, compare},
    evaluate,
    resample::{Bootstrap, Unit},
};

const FEW: Bootstrap = Bootstrap {
    replicates: 200,
    seed: 1,
};

/// Ten videos of two frames each, live and attack in turn; `score` of a video.
fn rows(score: impl Fn(usize) -> f64) -> Vec<ScoreRow> {
    (0..20)
        .map(|i| {
            let video = i / 2;
            let species = if video % 2 == 0 { "live" } else { "print/1" };
            let mut row = row(i, species, Some(score(video)));
            row.video = format!("v{video}");
            row.frame = Some((i % 2) as u32);
            row.subject = format!("p{}", video / 2);
            row
        })
        .collect()
}

fn table(rows: &[ScoreRow]) -> ScoreTable {
    ScoreTable::of(&of_rows("t", rows))
}

fn at_one_half<'a>(a: &'a ScoreTable, b: &'a ScoreTable) -> CompareRequest<'a> {
    CompareRequest {
        threshold: Some(Criterion::Value(0.5)),
        bootstrap: FEW,
        ..CompareRequest::new(a, b)
    }
}

#[test]
fn videos_are_compared_once() {
    let right = |v: usize| if v.is_multiple_of(2) { 0.9 } else { 0.1 };
    // B accepts two of the five attacks.
    let a = table(&rows(right));
    let b = table(&rows(|v| if v == 1 || v == 3 { 0.8 } else { right(v) }));
    let c = compare(&at_one_half(&a, &b)).unwrap();
    assert_eq!(c.level, Level::Video);
    assert_eq!((c.paired.common, c.paired.left_out), (10, 0));
    assert_eq!((c.paired.unit, c.paired.clusters), (Unit::Subject, 5));
    let m = c.paired.mcnemar;
    assert_eq!(
        (m.both_right, m.only_a_right, m.only_b_right, m.both_wrong),
        (8, 2, 0, 0)
    );
    assert!((m.p - 0.5).abs() < 1e-12);
    // APCER 0 and 2/5, BPCER 0.
    assert!((c.paired.acer.unwrap().value + 0.2).abs() < 1e-12);
    assert!(c.table().contains("only A right 2"), "{}", c.table());
    let json = serde_json::to_string(&c).unwrap();
    let back: fasgard_metrics::compare::Comparison = serde_json::from_str(&json).unwrap();
    assert_eq!((back.level, back.paired.mcnemar), (c.level, m));
}

#[test]
fn order_does_not_matter_and_differences_are_named() {
    let a = rows(|v| v as f64 / 10.0);
    let mut shuffled = a.clone();
    shuffled.reverse();
    let (ta, tb) = (table(&a), table(&shuffled));
    let c = compare(&at_one_half(&ta, &tb)).unwrap();
    assert_eq!((c.paired.common, c.paired.mcnemar.p), (10, 1.0));
    let differs = |change: &dyn Fn(&mut Vec<ScoreRow>), parts: &[&str]| {
        let mut other = a.clone();
        change(&mut other);
        let error = compare(&at_one_half(&ta, &table(&other))).unwrap_err();
        assert!(matches!(error, CompareError::Different(_)), "{error}");
        for part in parts {
            assert!(error.to_string().contains(part), "{part}: {error}");
        }
    };
    differs(
        &|o| drop(o.remove(4)),
        &["line 6", "`s4`", "not in the second"],
    );
    differs(
        &|o| o.push(row(99, "live", Some(1.0))),
        &["line 22", "`s99`", "not in the first"],
    );
    differs(
        &|o| o[3].subject = "q".into(),
        &["1 row", "`s3`", "subject", "`q`"],
    );
    differs(&|o| o[3].frame = Some(9), &["`s3`", "frame"]);
    differs(
        &|o| {
            o[2..4]
                .iter_mut()
                .for_each(|r| r.species = "print/2".parse().ok())
        },
        &["2 rows", "species", "`print/2`"],
    );
    // What only one knows is no difference.
    let mut other = a.clone();
    other.iter_mut().for_each(|r| r.subject.clear());
    assert!(compare(&at_one_half(&ta, &table(&other))).is_ok());
}

#[test]
fn without_a_score_is_left_out_or_rejected() {
    let a = rows(|v| if v.is_multiple_of(2) { 0.9 } else { 0.1 });
    let mut b = a.clone();
    // The live video 0.
    for row in &mut b[..2] {
        (row.score, row.status) = (None, Status::NoFace);
    }
    let (a, b) = (table(&a), table(&b));
    let mut request = at_one_half(&a, &b);
    let c = compare(&request).unwrap();
    assert_eq!((c.paired.common, c.paired.left_out), (9, 2));
    assert_eq!(c.paired.mcnemar.only_a_right, 0);
    request.no_response = NoResponse::Reject;
    let c = compare(&request).unwrap();
    assert_eq!((c.paired.common, c.paired.left_out), (10, 0));
    assert_eq!(c.paired.mcnemar.only_a_right, 1);
    assert!((c.paired.acer.unwrap().value + 0.1).abs() < 1e-12);
}

#[test]
fn clusters_that_are_not_known_are_refused() {
    let mut rows = rows(|v| v as f64 / 10.0);
    rows[6].subject.clear();
    rows[7].subject.clear();
    let file: ScoreFile = of_rows("t.csv", &rows);
    let mut request = Request::new(None, &file);
    request.threshold = Some(Criterion::Value(0.5));
    request.bootstrap = Some(FEW);
    let unit = |request: &Request<'_>| {
        let e = evaluate(request)?;
        let intervals = e.outcomes()[0].1.intervals.clone().unwrap();
        Ok::<_, EvaluateError>((intervals.unit, intervals.clusters))
    };
    assert_eq!(unit(&request), Ok((Unit::Video, 10)));
    request.cluster = Some(Unit::Presentation);
    assert_eq!(unit(&request), Ok((Unit::Presentation, 10)));
    request.cluster = Some(Unit::Subject);
    let error = unit(&request).unwrap_err().to_string();
    assert!(
        error.contains("t.csv") && error.contains("`subject`"),
        "{error}"
    );
}

#[test]
fn every_species_stands_beside_all_live_presentations() {
    let mut rows = rows(|v| if v.is_multiple_of(2) { 0.9 } else { 0.1 });
    for row in rows
        .iter_mut()
        .filter(|r| r.video == "v1" || r.video == "v3")
    {
        row.species = "replay/1".parse().ok();
        row.score = Some(0.95);
    }
    let file = of_rows("t", &rows);
    let e = evaluate(&Request {
        threshold: Some(Criterion::Value(0.5)),
        by: vec!["species".to_owned(), "subject".to_owned()],
        ..Request::new(None, &file)
    })
    .unwrap();
    let by = &e.outcomes()[0].1.by;
    let species = &by[0].values;
    assert_eq!(species.keys().collect::<Vec<_>>(), ["print/1", "replay/1"]);
    for (name, attacks, auc) in [("print/1", 3, 1.0), ("replay/1", 2, 0.0)] {
        let part = &species[name];
        assert_eq!(
            (part.counts.live, part.counts.attack),
            (5, attacks),
            "{name}"
        );
        assert_eq!(part.auc.value, Some(auc), "{name}");
    }
    assert_eq!(by[1].values.len(), 5);
    assert_eq!(by[1].values["p0"].apcer.value, Some(1.0));
}
