//! Evaluation of a million rows under all conventions, and reading them.
#![allow(missing_docs, reason = "the macros write undocumented items")]

use std::io::Write;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fasgard_metrics::{
    Attributes, ConventionChoice, Label, Level, Request, ScoreFile, ScoreRow, ScoreTable, Species,
    Status, evaluate,
};

const ROWS: u32 = 1_000_000;

fn rows() -> Vec<ScoreRow> {
    let species: Vec<Species> = ["print/1", "print/2", "replay/1", "mask/half"]
        .iter()
        .filter_map(|name| name.parse().ok())
        .collect();
    let mut state = 1u64;
    let mut unit = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    (0..ROWS)
        .map(|i| {
            let video = i / 20;
            let live = video % 5 == 0;
            ScoreRow {
                sample: format!("v{video}-{i}"),
                dataset: "bench".to_owned(),
                split: None,
                subject: format!("{}", video / 50),
                video: format!("v{video}"),
                frame: Some(i % 20),
                label: if live { Label::Live } else { Label::Attack },
                species: (!live).then(|| species[(video % 4) as usize].clone()),
                attributes: Attributes::default(),
                score: Some((unit() + f64::from(u8::from(live)) * 0.4) / 1.4),
                logit: None,
                status: Status::Ok,
            }
        })
        .collect()
}

fn bench(c: &mut Criterion) {
    let rows = rows();
    let Ok(bytes) = ScoreFile::to_csv(&rows) else {
        return;
    };
    let Ok(file) = ScoreFile::parse("bench.csv", &bytes) else {
        return;
    };
    let mut group = c.benchmark_group("million rows");
    group.sample_size(10);
    for level in [Level::Frame, Level::Video] {
        group.bench_function(format!("evaluate {level}"), |b| {
            let request = Request {
                level: Some(level),
                convention: ConventionChoice::All,
                ..Request::new(Some(&file), &file)
            };
            b.iter(|| evaluate(&request));
        });
    }
    group.bench_function("parse to rows", |b| {
        b.iter(|| ScoreFile::parse("bench.csv", &bytes))
    });
    let Ok(mut on_disk) = tempfile::NamedTempFile::new() else {
        return;
    };
    if on_disk.write_all(&bytes).is_ok() {
        group.throughput(Throughput::Elements(u64::from(ROWS)));
        group.bench_function("read to columns", |b| {
            b.iter(|| ScoreTable::read(on_disk.path()))
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
