//! Every figure and convention on sets small enough to count by hand.
#![allow(clippy::unwrap_used, reason = "a panic in a test is a failed test")]

mod common;

use common::{file, of_rows, row};
use fasgard_metrics::{
    Convention, ConventionChoice, Criterion, EvaluateError, Evaluation, Fuse, Label, Level,
    Request, ScoreFile, SetFigures, Source, WarningCode, evaluate,
};

/// Candidates -inf, .1 ... .9. At t = 0.4: live rejected {.4} = 1/4, attacks accepted {.5, .7} of
/// 6 = 1/3, gap 1/12. At t = 0.5: 1/4 and 1/6, gap 1/12 too: the lower is taken.
fn dev() -> ScoreFile {
    file(
        "dev.csv",
        &[
            ("live", &[0.4, 0.6, 0.8, 0.9]),
            ("print/1", &[0.1, 0.2, 0.3]),
            ("replay/1", &[0.3, 0.5, 0.7]),
        ],
    )
}

/// At t = 0.4: live rejected {.4 (a tie), .3} = 2/5; accepted print/1 0/2, print/2 1/2,
/// replay/1 2/6.
fn test_set() -> ScoreFile {
    file(
        "test.csv",
        &[
            ("live", &[0.3, 0.4, 0.6, 0.8, 0.9]),
            ("print/1", &[0.1, 0.4]),
            ("print/2", &[0.2, 0.5]),
            ("replay/1", &[0.1, 0.2, 0.3, 0.35, 0.7, 0.95]),
        ],
    )
}

fn all(dev: Option<&ScoreFile>, test: &ScoreFile, threshold: Option<Criterion>) -> Evaluation {
    evaluate(&Request {
        convention: ConventionChoice::All,
        threshold,
        ..Request::new(dev, test)
    })
    .unwrap()
}

fn test_figures(evaluation: &Evaluation, convention: Convention) -> &SetFigures {
    &evaluation.outcome(convention).unwrap().test
}

fn close(found: Option<f64>, expected: f64) {
    let found = found.unwrap();
    assert!(
        (found - expected).abs() < 1e-12,
        "{found} is not {expected}"
    );
}

fn has(evaluation: &Evaluation, code: WarningCode) -> bool {
    evaluation.warnings.iter().any(|w| w.code == code)
}

#[test]
fn conventions_differ_as_they_should() {
    let (dev, test) = (dev(), test_set());
    let e = all(Some(&dev), &test, None);
    for convention in [Convention::Iso, Convention::Oulu, Convention::Pooled] {
        let outcome = e.outcome(convention).unwrap();
        assert_eq!(outcome.threshold.value, 0.4);
        assert_eq!(outcome.threshold.from.source, Source::Dev);
        assert_eq!(
            (outcome.threshold.from.live, outcome.threshold.from.attack),
            (4, 6)
        );
        assert_eq!(
            outcome.threshold.from.sha256.as_deref(),
            Some(dev.sha256.as_str())
        );
        close(
            outcome.dev.as_ref().unwrap().eer.value,
            (0.25 + 1.0 / 3.0) / 2.0,
        );
        close(outcome.test.bpcer.value, 0.4);
        close(outcome.test.hter.value, (0.3 + 0.4) / 2.0);
        assert!(outcome.note.is_none());
    }
    let iso = test_figures(&e, Convention::Iso);
    assert_eq!((iso.apcer.errors, iso.apcer.of), (Some(1), Some(2)));
    assert_eq!(iso.worst_species.as_deref(), Some("print/2"));
    close(iso.acer.value, (0.5 + 0.4) / 2.0);
    let oulu = test_figures(&e, Convention::Oulu);
    // print 1/4, replay 2/6.
    assert_eq!((oulu.apcer.errors, oulu.apcer.of), (Some(2), Some(6)));
    assert_eq!(oulu.worst_family.as_deref(), Some("replay"));
    assert_eq!(oulu.apcer_by_family["print"].errors, Some(1));
    let pooled = test_figures(&e, Convention::Pooled);
    assert_eq!((pooled.apcer.errors, pooled.apcer.of), (Some(3), Some(10)));
    assert_eq!(pooled.apcer_by_species["print/1"].value, Some(0.0));
    assert!(pooled.acer.errors.is_none() && pooled.acer.of.is_none() && pooled.acer.ci95.is_none());
    // Target: at t = 0.35 live rejected 1/5, accepted 4/10: gap .2; at 0.4: 2/5 and 3/10, gap .1.
    let target = e.outcome(Convention::TargetEer).unwrap();
    assert_eq!(target.threshold.value, 0.4);
    assert_eq!(target.threshold.from.source, Source::Test);
    assert!(target.note.as_ref().unwrap().contains("flattering"));
    close(target.test.eer.value, 0.35);
    close(target.test.hter.value, 0.35);
    assert!(has(&e, WarningCode::ThresholdFromTest) && has(&e, WarningCode::FewPresentations));
}

#[test]
fn auc_counts_ties_half() {
    // Pairs: .5 beats .1 and ties .5; .9 beats both: 3.5 of 4.
    let test = file("t", &[("live", &[0.5, 0.9]), ("print/1", &[0.1, 0.5])]);
    let e = all(None, &test, Some(Criterion::Value(0.5)));
    close(test_figures(&e, Convention::Iso).auc.value, 3.5 / 4.0);
    // A live score at the threshold is rejected, an attack at it too.
    let figures = test_figures(&e, Convention::Iso);
    assert_eq!(
        (figures.bpcer.errors, figures.apcer.errors),
        (Some(1), Some(0))
    );
}

#[test]
fn fixed_rates_follow_their_rules() {
    let (dev, test) = (dev(), test_set());
    for (text, convention, expected) in [
        // Highest candidate with no live at or below it: 0.3.
        ("bpcer=0%", Convention::Iso, 0.3),
        // One of four live may be rejected: the highest candidate below 0.6.
        ("bpcer=25%", Convention::Iso, 0.5),
        ("bpcer=24.9%", Convention::Iso, 0.3),
        ("bpcer=50%", Convention::Iso, 0.7),
        // Species: replay/1 must fall to at most 1/3: t = 0.5; pooled to 2/6: t = 0.4 or lower
        // (0.3 leaves .5 and .7).
        ("apcer=34%", Convention::Iso, 0.5),
        ("apcer=34%", Convention::Oulu, 0.5),
        ("apcer=34%", Convention::Pooled, 0.3),
        ("apcer=0%", Convention::Pooled, 0.7),
    ] {
        let e = all(Some(&dev), &test, Some(text.parse().unwrap()));
        let threshold = &e.outcome(convention).unwrap().threshold;
        assert_eq!(threshold.value, expected, "{text} {convention}");
        assert_eq!(threshold.criterion.to_string(), text);
    }
}

#[test]
fn all_equal_scores_reject_or_accept_everybody() {
    let test = file("t", &[("live", &[0.5; 3]), ("print/1", &[0.5; 4])]);
    let e = all(Some(&test), &test, None);
    let outcome = e.outcome(Convention::Iso).unwrap();
    // Both candidates have gap 1; the lower is minus infinity.
    assert_eq!(outcome.threshold.value, f64::NEG_INFINITY);
    close(outcome.test.eer.value, 0.5);
    close(outcome.test.auc.value, 0.5);
    close(outcome.test.apcer.value, 1.0);
    assert!(has(&e, WarningCode::AcceptsAll) && has(&e, WarningCode::DevIsTest));
    let json = serde_json::to_string(&e).unwrap();
    assert!(json.contains(r#""value":"-inf""#));
    assert_eq!(serde_json::from_str::<Evaluation>(&json).unwrap(), e);
}

#[test]
fn reversed_scores_are_noticed() {
    let test = file("t", &[("live", &[0.1, 0.2]), ("print/1", &[0.8, 0.9])]);
    let e = all(None, &test, Some(Criterion::Value(0.5)));
    close(test_figures(&e, Convention::Iso).auc.value, 0.0);
    assert!(has(&e, WarningCode::ReversedScores));
}

#[test]
fn a_missing_class_leaves_reasons() {
    let test = file("t", &[("live", &[0.1, 0.7])]);
    let e = all(None, &test, Some(Criterion::Value(0.5)));
    let f = test_figures(&e, Convention::Iso);
    close(f.bpcer.value, 0.5);
    for rate in [&f.apcer, &f.acer, &f.eer, &f.hter, &f.auc, &f.apcer_pooled] {
        assert!(rate.value.is_none() && rate.reason.as_ref().unwrap().contains("attack"));
    }
    assert!(f.worst_species.is_none() && f.eer_threshold.is_none());
    assert!(has(&e, WarningCode::MissingClass));
    let error = evaluate(&Request::new(Some(&test), &dev())).unwrap_err();
    assert!(matches!(error, EvaluateError::Threshold { .. }), "{error}");
}

#[test]
fn a_missing_dev_set_is_explained() {
    let error = evaluate(&Request::new(None, &test_set())).unwrap_err();
    assert!(matches!(error, EvaluateError::MissingDev { .. }));
    let text = error.to_string();
    assert!(
        text.contains("--dev") && text.contains("target-eer"),
        "{text}"
    );
}

#[test]
fn non_responses_are_counted_apart() {
    let rows = [
        row(0, "live", Some(0.9)),
        row(1, "live", None),
        row(2, "print/1", None),
        row(3, "print/1", Some(0.7)),
        row(4, "replay/1", None),
    ];
    let test = of_rows("t", &rows);
    let e = all(None, &test, Some(Criterion::Value(0.5)));
    let f = test_figures(&e, Convention::Iso);
    assert_eq!((f.bpnrr.errors, f.bpnrr.of), (Some(1), Some(2)));
    assert_eq!((f.apnrr.errors, f.apnrr.of), (Some(2), Some(3)));
    assert_eq!(f.apnrr_by_species["replay/1"].value, Some(1.0));
    assert_eq!((f.bpcer.errors, f.bpcer.of), (Some(0), Some(1)));
    assert_eq!((f.apcer.errors, f.apcer.of), (Some(1), Some(1)));
    // A species without any score has no APCER, and is not the worst.
    assert!(f.apcer_by_species["replay/1"].value.is_none());
    assert_eq!(f.worst_species.as_deref(), Some("print/1"));
    assert!(has(&e, WarningCode::NonResponses));
}

fn videos() -> Vec<fasgard_metrics::ScoreRow> {
    let mut rows = [
        row(0, "live", Some(0.2)),
        row(1, "live", Some(0.9)),
        row(2, "live", Some(0.7)),
        row(3, "print/1", Some(0.6)),
        row(4, "print/1", None),
        row(5, "print/1", None),
        row(6, "live", Some(0.4)),
    ];
    for (row, video) in rows.iter_mut().zip(["v", "v", "v", "a", "a", "b", ""]) {
        row.video = video.to_owned();
    }
    rows.to_vec()
}

#[test]
fn videos_count_once() {
    let test = of_rows("t", &videos());
    let run = |level, fuse| {
        let request = Request {
            level,
            fuse,
            threshold: Some(Criterion::Value(0.65)),
            ..Request::new(None, &test)
        };
        evaluate(&request).unwrap()
    };
    // v: mean 0.6 is rejected, median 0.7 and max are accepted; the row without a video (0.4) is
    // one of its own; b has no score.
    for (fuse, rejected) in [
        (Fuse::Mean, 2),
        (Fuse::Median, 1),
        (Fuse::Max, 1),
        (Fuse::Min, 2),
    ] {
        let e = run(None, fuse);
        assert_eq!((e.level, e.fuse), (Level::Video, Some(fuse)));
        let f = test_figures(&e, Convention::Iso);
        assert_eq!(
            (f.bpcer.errors, f.bpcer.of),
            (Some(rejected), Some(2)),
            "{fuse}"
        );
        assert_eq!((f.apnrr.errors, f.apnrr.of), (Some(1), Some(2)));
    }
    let e = run(Some(Level::Frame), Fuse::Mean);
    assert_eq!(e.fuse, None);
    assert_eq!(test_figures(&e, Convention::Iso).bpcer.of, Some(4));
    assert!(has(&e, WarningCode::FramesOfVideos));
}

#[test]
fn a_video_of_two_labels_is_refused() {
    let mut rows = videos();
    rows[2].label = Label::Attack;
    rows[2].species = Some("mask/half".parse().unwrap());
    let test = of_rows("t.csv", &rows);
    let text = evaluate(&Request::new(None, &test))
        .unwrap_err()
        .to_string();
    for part in ["t.csv", "`v`", "live", "attack mask/half", "s0", "s2"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn json_has_the_agreed_keys() {
    let (dev, test) = (dev(), test_set());
    let one = evaluate(&Request::new(Some(&dev), &test)).unwrap();
    let json = serde_json::to_value(&one).unwrap();
    assert_eq!(json["schema"], 1);
    assert_eq!(json["convention"], "iso");
    assert_eq!(json["level"], "frame");
    assert_eq!(json["threshold"]["value"], 0.4);
    assert_eq!(json["threshold"]["criterion"], "eer");
    assert_eq!(json["threshold"]["from"]["file"], "dev.csv");
    for set in ["dev", "test"] {
        for key in ["apcer", "bpcer", "acer", "eer", "hter", "auc"] {
            for part in ["value", "errors", "of", "ci95"] {
                assert!(json[set][key].get(part).is_some(), "{set} {key} {part}");
            }
        }
        assert!(json[set]["apcer_by_species"]["print/1"]["value"].is_number());
    }
    assert_eq!(serde_json::from_value::<Evaluation>(json).unwrap(), one);
    let every = all(Some(&dev), &test, None);
    let json = serde_json::to_value(&every).unwrap();
    assert!(json.get("threshold").is_none());
    for name in ["iso", "oulu", "pooled", "target-eer"] {
        assert!(json["conventions"][name]["test"]["apcer"]["value"].is_number());
    }
    assert_eq!(serde_json::from_value::<Evaluation>(json).unwrap(), every);
}

#[test]
fn table_names_what_matters() {
    let (dev, test) = (dev(), test_set());
    let table = all(Some(&dev), &test, None).table();
    for part in [
        "frame level (every row counts once)",
        "iso, oulu, pooled: score > 0.4 (eer)\n",
        "chosen on the dev set dev.csv, sha256",
        "target-eer (!)",
        "target-eer is flattering",
        "worst family",
        "1/2",
        "worst of iso: print/2",
        "1.26–98.74",
        "Warnings",
    ] {
        assert!(table.contains(part), "{part}\n{table}");
    }
    // From the figures to the intervals it fits a terminal of 100 columns.
    let figures = table.split("test set, %").nth(1).unwrap();
    let figures = figures.split("95 %: exact").next().unwrap();
    let widest = figures.lines().map(|l| l.chars().count()).max().unwrap();
    assert!(widest <= 100, "{widest}\n{table}");
}
