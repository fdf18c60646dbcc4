//! How often 95 % intervals hold the truth: subjects shift all their scores, so that videos of one
//! subject err together. `cargo run --release -p fasgard-metrics --example coverage`
#![allow(clippy::print_stdout, reason = "prints a table")]

use fasgard_metrics::{
    clopper_pearson,
    resample::{Bootstrap, Clustered, Unit, intervals},
};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore, SeedableRng},
};

const TRIALS: u64 = 1000;
const VIDEOS: u32 = 6;

fn normal(r: &mut ChaCha8Rng) -> f64 {
    // The sum of twelve uniform numbers: near enough, and the truth is measured with it as well.
    (0..12)
        .map(|_| r.next_u32() as f64 / f64::from(u32::MAX))
        .sum::<f64>()
        - 6.0
}

/// Live scores around 1.3, attacks around -1.3, the threshold at 0; half the variance is the subject's.
fn set(subjects: u32, r: &mut ChaCha8Rng) -> (Clustered, u64, u64) {
    let (mut items, mut errors) = (Vec::new(), 0);
    for s in 0..subjects {
        let (live, attack) = (normal(r), normal(r));
        for _ in 0..VIDEOS {
            let score = 1.3 + 0.5f64.sqrt() * (live + normal(r));
            errors += u64::from(score <= 0.0);
            items.push((score, s, None));
            items.push((-1.3 + 0.5f64.sqrt() * (attack + normal(r)), s, Some(0)));
        }
    }
    (
        Clustered::from_items(Unit::Subject, items, 0.0),
        errors,
        u64::from(subjects * VIDEOS),
    )
}

fn main() {
    let truth = set(300_000, &mut ChaCha8Rng::seed_from_u64(99))
        .0
        .observed();
    println!(
        "truth: BPCER {:.4}, ACER {:.4}, EER {:.4}, AUC {:.4}",
        truth.bpcer, truth.acer, truth.eer, truth.auc
    );
    println!(
        "| clusters | BPCER, Clopper-Pearson on videos | BPCER, clustered | ACER, clustered | EER, clustered | AUC, clustered |"
    );
    println!("|---|---|---|---|---|---|");
    for subjects in [10, 20, 50] {
        let mut held = [0u64; 5];
        for trial in 0..TRIALS {
            let mut r = ChaCha8Rng::seed_from_u64(trial);
            let (set, errors, of) = set(subjects, &mut r);
            let i = intervals(
                &set,
                Bootstrap {
                    replicates: 1000,
                    seed: trial,
                },
            );
            let exact = clopper_pearson(errors, of);
            held[0] += u64::from(exact.is_some_and(|[lo, hi]| (lo..=hi).contains(&truth.bpcer)));
            for (h, (i, t)) in held[1..].iter_mut().zip([
                (i.bpcer, truth.bpcer),
                (i.acer, truth.acer),
                (i.eer, truth.eer),
                (i.auc, truth.auc),
            ]) {
                *h += u64::from(i.is_some_and(|i| i.lo <= t && t <= i.hi));
            }
        }
        let p = held.map(|h| format!("{:.1} %", 100.0 * h as f64 / TRIALS as f64));
        println!("| {subjects} | {} |", p.join(" | "));
    }
}
