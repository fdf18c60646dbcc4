//! Seconds for all figures of ten million scores, and for 10,000 clustered replicates of 100,000
//! videos. `cargo run --release -p fasgard-metrics --example speed`
#![allow(clippy::print_stdout, reason = "prints figures")]

use std::{collections::BTreeMap, hint::black_box, time::Instant};

use fasgard_metrics::{
    Aggregation, Criterion, Ranked, Species,
    metrics::{apcer, auc, bpcer, calibration, eer, hter, operating},
    resample::{Bootstrap, Clustered, Unit},
    threshold::choose,
};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore, SeedableRng},
};

fn main() {
    let mut r = ChaCha8Rng::seed_from_u64(1);
    let mut unit = move || (r.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
    for round in 0..3 {
        let live: Vec<f64> = (0..2_000_000).map(|_| (0.4 + unit()) / 1.4).collect();
        let species: BTreeMap<Species, Vec<f64>> = ["print/1", "print/2", "replay/1", "mask/half"]
            .iter()
            .filter_map(|n| {
                Some((
                    n.parse().ok()?,
                    (0..2_000_000).map(|_| unit() / 1.4).collect(),
                ))
            })
            .collect();
        let start = Instant::now();
        let ranked = Ranked::from_scores(live, species);
        let sorted = start.elapsed();
        let a = Aggregation::MaxSpecies;
        let t = choose(&ranked, Criterion::Eer, a).unwrap_or(0.5);
        black_box((
            auc::auc(&ranked),
            eer::eer(&ranked),
            hter::hter(&ranked, t),
            apcer::apcer_by(&ranked, t, a),
            bpcer::bpcer(&ranked, t),
            calibration::calibration(&ranked),
        ));
        for allowed in operating::ALLOWANCES {
            black_box((
                operating::apcer_at_bpcer(&ranked, allowed, a),
                operating::bpcer_at_apcer(&ranked, allowed, a),
                operating::tpr_at_fpr(&ranked, allowed),
            ));
        }
        println!(
            "round {round}: ten million scores {:.2} s (sorting {:.2} s)",
            start.elapsed().as_secs_f64(),
            sorted.as_secs_f64()
        );
    }
    for subjects in [200u32, 20_000] {
        let items = (0..100_000u32)
            .map(|i| match i % 5 {
                0 => ((0.4 + unit()) / 1.4, i % subjects, None),
                g => (unit() / 1.4, i % subjects, Some(g - 1)),
            })
            .collect();
        let set = Clustered::from_items(Unit::Subject, items, 0.5);
        let start = Instant::now();
        black_box(set.draw(Bootstrap {
            replicates: 10_000,
            seed: 1,
        }));
        println!(
            "10,000 replicates of 100,000 videos of {subjects} subjects: {:.2} s",
            start.elapsed().as_secs_f64()
        );
    }
}
