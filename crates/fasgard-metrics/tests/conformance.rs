//! Tiny score files whose answers are worked out in the comments: where published evaluation code
//! goes wrong, and where the conventions part.
#![allow(clippy::unwrap_used, reason = "a panic in a test is a failed test")]

mod common;

use common::{file, of_rows, row};
use fasgard_metrics::{
    Aggregation, Convention, ConventionChoice, Criterion, Evaluation, NoResponse, Ranked, Request,
    ScoreFile, SetFigures, WarningCode, curves, default_level, evaluate, metrics::operating,
    presentations, threshold::choose,
};

fn run(
    dev: Option<&ScoreFile>,
    test: &ScoreFile,
    threshold: &str,
    policy: NoResponse,
) -> Evaluation {
    evaluate(&Request {
        convention: ConventionChoice::All,
        threshold: Some(threshold.parse().unwrap()),
        no_response: policy,
        ..Request::new(dev, test)
    })
    .unwrap()
}

fn figures(e: &Evaluation, convention: Convention) -> &SetFigures {
    &e.outcome(convention).unwrap().test
}

fn ranked(file: &ScoreFile, policy: NoResponse) -> Ranked {
    let presentations = presentations(file, default_level([file]), Default::default()).unwrap();
    Ranked::with(&presentations, policy)
}

fn has(e: &Evaluation, code: WarningCode) -> bool {
    e.warnings.iter().any(|w| w.code == code)
}

#[test]
fn a_score_at_the_threshold_is_an_attack() {
    let test = file("t", &[("live", &[0.5, 0.5, 0.6]), ("print/1", &[0.5, 0.7])]);
    let e = run(None, &test, "value=0.5", NoResponse::Exclude);
    let f = figures(&e, Convention::Iso);
    assert_eq!((f.bpcer.errors, f.apcer.errors), (Some(2), Some(1)));
    // Pairs of 6: .5 ties .5 twice (1 in all), .6 beats .5.
    assert_eq!(f.auc.value, Some(2.0 / 6.0));
    assert!(has(&e, WarningCode::ReversedScores));
}

#[test]
fn four_conventions_four_answers() {
    // At 0.5: print/1 1/2, print/2 0/2 (print 1/4), replay/1 1/3; pooled 2/7. Rejected 1/4.
    let groups: &[(&str, &[f64])] = &[
        ("live", &[0.4, 0.6, 0.8, 0.9]),
        ("print/1", &[0.1, 0.7]),
        ("print/2", &[0.1, 0.2]),
        ("replay/1", &[0.1, 0.3, 0.65]),
    ];
    let test = file("t", groups);
    let e = run(None, &test, "value=0.5", NoResponse::Exclude);
    for (convention, apcer) in [
        (Convention::Iso, 1.0 / 2.0),
        (Convention::Oulu, 1.0 / 3.0),
        (Convention::Pooled, 2.0 / 7.0),
    ] {
        let f = figures(&e, convention);
        assert_eq!(f.apcer.value, Some(apcer), "{convention}");
        assert_eq!(f.acer.value, Some((apcer + 0.25) / 2.0), "{convention}");
    }
    // On the target itself: at 0.4 accepted 2/7 and rejected 1/4, gap 1/28, the smallest: at 0.3
    // 2/7 and 0/4, at 0.65 1/7 and 2/4.
    let e = evaluate(&Request {
        convention: "target-eer".parse().unwrap(),
        ..Request::new(None, &test)
    })
    .unwrap();
    let (_, target) = e.outcomes()[0];
    assert_eq!(target.threshold.value, 0.4);
    assert_eq!(target.test.hter.value, Some((2.0 / 7.0 + 0.25) / 2.0));
    assert!(has(&e, WarningCode::ThresholdFromTest));
}

#[test]
fn operating_points_are_read_off_the_set() {
    // 20 live .05 .10 ... 1.00; attacks .02, .12, .52, .97 and a second species .01, .03.
    let live: Vec<f64> = (1..=20).map(|i| f64::from(i) / 20.0).collect();
    let test = file(
        "t",
        &[
            ("live", &live),
            ("print/1", &[0.02, 0.12, 0.52, 0.97]),
            ("mask/half", &[0.01, 0.03]),
        ],
    );
    let r = ranked(&test, NoResponse::Exclude);
    let iso = Aggregation::MaxSpecies;
    // Two of 20 may be rejected: the highest candidate below .15 is .12, above it .52 and .97.
    let p = operating::apcer_at_bpcer(&r, 0.1, iso);
    assert_eq!(
        (p.threshold, p.rate.errors, p.rate.of),
        (Some(0.12), Some(2), Some(4))
    );
    // None: the highest candidate below .05 is .03, above it .12, .52 and .97.
    let p = operating::apcer_at_bpcer(&r, 0.001, iso);
    assert_eq!((p.threshold, p.rate.value), (Some(0.03), Some(0.75)));
    // No attack accepted: t = .97, 19 of 20 live rejected.
    let p = operating::bpcer_at_apcer(&r, 0.05, iso);
    assert_eq!((p.threshold, p.rate.errors), (Some(0.97), Some(19)));
    assert_eq!(operating::tpr_at_fpr(&r, 0.01).rate.value, Some(0.05));
    // Pooled, one of 6 may pass 20 %: t = .52, live .55 ... 1.00 accepted.
    assert_eq!(operating::tpr_at_fpr(&r, 0.2).rate.value, Some(0.5));
    // min-acer, pooled: cost in 60ths of 2 ACER, accepted/6 + rejected/20: -inf 60; .01 50; .02 40;
    // .03 30; .05 33; .1 36; .12 26 (2/6 + 2/20); .5 and more: 20 + 30 ...
    assert_eq!(
        choose(&r, Criterion::MinAcer, Aggregation::Pooled),
        Ok(0.12)
    );
    // By species: .12 has 2/4 + 2/20 = .6; .03 has .75; .52 has 1/4 + 10/20 = .75.
    assert_eq!(choose(&r, Criterion::MinAcer, iso), Ok(0.12));
}

#[test]
fn non_responses_left_out_or_rejected() {
    let rows = [
        row(0, "live", Some(0.9)),
        row(1, "live", Some(0.2)),
        row(2, "live", None),
        row(3, "print/1", Some(0.7)),
        row(4, "print/1", None),
        row(5, "replay/1", None),
    ];
    let test = of_rows("t", &rows);
    for (policy, bpcer, apcer, replay, auc) in [
        // Pairs: .9 beats .7, .2 loses.
        (NoResponse::Exclude, (1, 2), (1, 1), None, 0.5),
        // Three attacks: .9 beats three, .2 two, none ties two: 6 of 9.
        (NoResponse::Reject, (2, 3), (1, 2), Some(0.0), 6.0 / 9.0),
    ] {
        let e = run(None, &test, "value=0.5", policy);
        let f = figures(&e, Convention::Iso);
        assert_eq!(
            (f.bpcer.errors, f.bpcer.of),
            (Some(bpcer.0), Some(bpcer.1)),
            "{policy}"
        );
        assert_eq!(
            (f.apcer.errors, f.apcer.of),
            (Some(apcer.0), Some(apcer.1)),
            "{policy}"
        );
        assert_eq!(f.apcer_by_species["replay/1"].value, replay);
        assert_eq!(f.auc.value, Some(auc));
        // Reported alike.
        assert_eq!((f.bpnrr.errors, f.bpnrr.of), (Some(1), Some(3)));
        assert_eq!((f.apnrr.errors, f.apnrr.of), (Some(2), Some(3)));
        assert_eq!((f.counts.live, f.counts.attack), (2, 1));
    }
    // A third of live is rejected at any threshold: no threshold keeps BPCER at 10 %.
    let r = ranked(&test, NoResponse::Reject);
    assert!(
        operating::apcer_at_bpcer(&r, 0.1, Aggregation::Pooled)
            .rate
            .value
            .is_none()
    );
}

#[test]
fn one_class_and_one_video() {
    let mut rows = [row(0, "live", Some(0.9)), row(1, "live", Some(0.1))];
    for row in &mut rows {
        row.video = "v".to_owned();
    }
    let e = run(None, &of_rows("t", &rows), "value=0.4", NoResponse::Exclude);
    let f = figures(&e, Convention::Iso);
    assert_eq!((f.bpcer.errors, f.bpcer.of), (Some(0), Some(1)));
    assert!(f.auc.value.is_none() && f.acer.value.is_none());
    for point in f
        .apcer_at_bpcer
        .iter()
        .chain(&f.bpcer_at_apcer)
        .chain(&f.tpr_at_fpr)
    {
        assert!(point.rate.reason.as_ref().unwrap().contains("attack"));
    }
    assert!(has(&e, WarningCode::MissingClass));
}

#[test]
fn calibration_by_hand() {
    // Bins of 1/15: .1 (bin 1), .5 three times (bin 7: mean .5, live 2/3), 1 (last).
    let test = file("t", &[("live", &[0.5, 0.5, 1.0]), ("print/1", &[0.1, 0.5])]);
    let e = run(None, &test, "value=0.5", NoResponse::Exclude);
    let c = figures(&e, Convention::Iso).calibration.as_ref().unwrap();
    assert!((c.ece.value.unwrap() - (0.1 + 0.5 + 0.0) / 5.0).abs() < 1e-15);
    assert_eq!(
        c.bins.iter().map(|b| b.count).collect::<Vec<_>>(),
        [1, 3, 1]
    );
    let foreign = file("t", &[("live", &[2.5]), ("print/1", &[0.1])]);
    let e = run(None, &foreign, "value=0.5", NoResponse::Exclude);
    assert!(
        figures(&e, Convention::Iso)
            .calibration
            .as_ref()
            .unwrap()
            .ece
            .value
            .is_none()
    );
    assert!(has(&e, WarningCode::OutsideUnit));
}

#[test]
fn parts_have_their_own_figures_and_warnings() {
    let mut rows: Vec<_> = [
        ("live", 0.9),
        ("live", 0.1),
        ("print/1", 0.2),
        ("print/1", 0.8),
    ]
    .iter()
    .enumerate()
    .map(|(i, (s, score))| row(i, s, Some(*score)))
    .collect();
    for (row, device) in rows.iter_mut().zip(["a", "b", "a", ""]) {
        if !device.is_empty() {
            row.attributes.insert("device", device).unwrap();
        }
    }
    rows[3].dataset = "other".to_owned();
    let test = of_rows("t", &rows);
    let dev = file("d", &[("live", &[0.9]), ("mask/half", &[0.1])]);
    let request = Request {
        threshold: Some(Criterion::MinAcer),
        by: vec!["device".to_owned()],
        ..Request::new(Some(&dev), &test)
    };
    let e = evaluate(&request).unwrap();
    let parts = &e.outcomes()[0].1.by[0].values;
    assert_eq!(parts.keys().collect::<Vec<_>>(), ["(none)", "a", "b"]);
    assert_eq!(
        (parts["a"].bpcer.value, parts["a"].apcer.value),
        (Some(0.0), Some(1.0))
    );
    assert_eq!(parts["b"].bpcer.value, Some(1.0));
    assert!(parts["b"].apcer.value.is_none());
    assert!(has(&e, WarningCode::SpeciesNotInDev) && has(&e, WarningCode::SeveralDatasets));
    let request = Request {
        by: vec!["light".to_owned()],
        ..request
    };
    assert!(has(&evaluate(&request).unwrap(), WarningCode::NoAttribute));
}

#[test]
fn expected_performance_by_hand() {
    let dev = file("d", &[("live", &[0.4, 0.8]), ("print/1", &[0.2, 0.6])]);
    let test = file("t", &[("live", &[0.5, 0.9]), ("print/1", &[0.3, 0.7])]);
    let (dev, test) = (
        ranked(&dev, NoResponse::Exclude),
        ranked(&test, NoResponse::Exclude),
    );
    let points = curves::epc(&dev, &test, 3);
    // Weight 0: nobody rejected: -inf, HTER (1 + 0) / 2. Weight 1: no attack accepted: 0.6, test 1/2
    // and 1/2. Half: 0.2 costs 1/4 (1/2 and 0); test at 0.2: 1 and 0.
    let found: Vec<_> = points
        .iter()
        .map(|p| (p.alpha, p.threshold, p.hter))
        .collect();
    assert_eq!(
        found,
        [
            (0.0, f64::NEG_INFINITY, 0.5),
            (0.5, 0.2, 0.5),
            (1.0, 0.6, 0.5)
        ]
    );
}

#[test]
fn semicolons_tabs_and_a_mark_are_read() {
    let comma = "dataset,split,subject,video,frame,label,species,score\nd,test,1,v,0,live,,0.5\n";
    let read = |text: &str| ScoreFile::parse("f", text.as_bytes()).unwrap().rows;
    for delimiter in [";", "\t"] {
        let text = format!("\u{feff}{}", comma.replace(',', delimiter));
        assert_eq!(read(&text), read(comma));
    }
    let error = ScoreFile::parse("f", b"\x89PNG\r\n\x1a\n\0\0").unwrap_err();
    assert!(error.to_string().contains("line 1"), "{error}");
}
