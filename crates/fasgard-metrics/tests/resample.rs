//! Draws, intervals and paired tests.
#![allow(clippy::unwrap_used, reason = "a panic in a test is a failed test")]

mod common;

use common::{of_rows, row};
use fasgard_metrics::{
    Aggregation, Fuse, Level, Request, ScoreFile, evaluate,
    resample::{
        Bootstrap, Clustered, Method, Unit, intervals,
        paired::{mcnemar, paired},
    },
};

const FEW: Bootstrap = Bootstrap {
    replicates: 500,
    seed: 7,
};

/// Subjects with 3 live and 3 attack videos each; `shift` moves every third attack.
fn set(shift: f64) -> ScoreFile {
    let mut rows = Vec::new();
    for i in 0..120 {
        let noise = f64::from((i * 37) % 23) / 23.0 - 0.5;
        let live = i % 2 == 0;
        let score = if live {
            0.7
        } else {
            0.3 + shift * f64::from(u8::from(i % 3 == 0))
        } + noise * 0.6;
        let species = if live { "live" } else { "print/1" };
        let mut row = row(i as usize, species, Some(score));
        row.subject = (i / 6).to_string();
        rows.push(row);
    }
    of_rows("x", &rows)
}

#[test]
fn draws_do_not_depend_on_threads_and_agree_with_the_figures() {
    let file = set(0.0);
    let mut request = Request::new(Some(&file), &file);
    request.bootstrap = Some(FEW);
    let e = evaluate(&request).unwrap();
    let (_, outcome) = e.outcomes()[0];
    let i = outcome.intervals.as_ref().unwrap();
    assert_eq!((i.unit, i.clusters), (Unit::Subject, 20));
    for (rate, interval) in [
        (&outcome.test.acer, i.acer),
        (&outcome.test.hter, i.hter),
        (&outcome.test.eer, i.eer),
        (&outcome.test.auc, i.auc),
    ] {
        let (value, interval) = (rate.value.unwrap(), interval.unwrap());
        assert!(
            interval.lo < value && value < interval.hi,
            "{value} {interval:?}"
        );
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(3)
        .build()
        .unwrap();
    assert_eq!(pool.install(|| evaluate(&request)).unwrap(), e);
}

#[test]
fn observed_figures_are_exact_with_ties() {
    // Pairs: .5 ties .5, beats .1; .9 beats both. Rejected {.5} 1/2, accepted none.
    let items = vec![
        (0.5, 0, None),
        (0.9, 1, None),
        (0.1, 0, Some(0)),
        (0.5, 1, Some(0)),
    ];
    let p = Clustered::from_items(Unit::Subject, items, 0.5).observed();
    assert_eq!((p.apcer, p.bpcer, p.acer, p.auc), (0.0, 0.5, 0.25, 0.875));
    // t = .1: rejected 0/2, accepted 1/2; t = .5: 1/2 and 0/2: gaps alike, mean 1/4.
    assert_eq!(p.eer, 0.25);
}

#[test]
fn no_error_leaves_the_exact_bound_of_the_clusters() {
    let items = (0..20)
        .flat_map(|s| [(0.9, s, None), (0.8, s, None), (0.1, s, Some(0))])
        .collect();
    let i = intervals(&Clustered::from_items(Unit::Subject, items, 0.5), FEW);
    // 0 of 20 subjects, whatever the number of videos.
    for rate in [i.apcer, i.bpcer, i.acer, i.hter, i.eer] {
        let rate = rate.unwrap();
        assert_eq!((rate.lo, rate.method), (0.0, Method::ExactClusters));
        assert!((rate.hi - 0.16843347098309).abs() < 1e-12, "{rate:?}");
    }
    assert_eq!(i.auc, None);
}

#[test]
fn mcnemar_by_hand() {
    // 2 * (1 + 10 + 45) / 1024.
    assert!((mcnemar(2, 8) - 112.0 / 1024.0).abs() < 1e-12);
    assert_eq!((mcnemar(0, 0), mcnemar(5, 5)), (1.0, 1.0));
}

#[test]
fn a_worse_system_is_seen_and_itself_is_equal() {
    let (a, b) = (set(0.0), set(0.6));
    let run = |x: &ScoreFile, y: &ScoreFile| {
        paired(
            (x, 0.5),
            (y, 0.5),
            Level::Frame,
            Fuse::Mean,
            Aggregation::MaxSpecies,
            FEW,
        )
        .unwrap()
    };
    let same = run(&a, &a);
    assert_eq!(
        (
            same.mcnemar.p,
            same.acer.unwrap().p,
            same.acer.unwrap().value
        ),
        (1.0, 1.0, 0.0)
    );
    let worse = run(&a, &b);
    assert_eq!((worse.common, worse.left_out), (120, 0));
    let (acer, back) = (worse.acer.unwrap(), run(&b, &a).acer.unwrap());
    assert!(acer.value < 0.0 && acer.ci95[1] < 0.0 && acer.p < 0.05 && worse.mcnemar.p < 0.05);
    assert_eq!(back.value, -acer.value);
}
