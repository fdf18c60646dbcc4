//! Reading score files of 100,000 rows as they come: plain, quoted, with semicolons, without the optional
//! columns. Ten million rows are the example `csv_speed`'s.
#![allow(missing_docs, reason = "the macros write undocumented items")]

use std::io::Write;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fasgard_metrics::{ScoreFile, ScoreTable};

const ROWS: u32 = 100_000;
const HEADER: &str =
    "sample,dataset,split,subject,video,frame,label,species,attributes,score,logit,status";

/// 20 frames a video, 50 videos a person, a fifth of the videos live.
fn plain() -> String {
    let rows = (0..ROWS).map(|i| {
        let video = i / 20;
        let class = match video % 5 {
            0 => "live,",
            k if k % 2 == 0 => "attack,print/1",
            _ => "attack,replay/mobile",
        };
        // Seventeen digits, as round trips need.
        let score = (f64::from(i % 9973) + 0.5) / 9974.0;
        let logit = (score / (1.0 - score)).ln();
        format!(
            "v{video}-{i},bench,test,p{},v{video},{},{class},device=a;session=2,{score},{logit},ok\n",
            video / 50,
            i % 20
        )
    });
    format!("{HEADER}\n") + &rows.collect::<String>()
}

fn bench(c: &mut Criterion) {
    let plain = plain();
    let short: String = plain
        .lines()
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            format!("{},{},{}\n", cells[4], cells[6], cells[9])
        })
        .collect();
    let mut group = c.benchmark_group("read 100,000 rows");
    group.sample_size(20);
    group.throughput(Throughput::Elements(u64::from(ROWS)));
    for (name, content) in [
        ("semicolons", plain.replace(',', ";")),
        ("quoted", plain.replace("bench", "\"bench\"")),
        ("three columns", short),
        ("plain", plain),
    ] {
        let Ok(mut file) = tempfile::NamedTempFile::new() else {
            return;
        };
        if file.write_all(content.as_bytes()).is_err() {
            return;
        }
        // A bench of an error would look fast.
        if let Err(error) = ScoreTable::read(file.path()) {
            eprintln!("{name}: {error}");
            continue;
        }
        group.bench_function(format!("to columns, {name}"), |b| {
            b.iter(|| ScoreTable::read(file.path()))
        });
        if name == "plain" {
            group.bench_function("to rows, plain", |b| {
                b.iter(|| ScoreFile::parse("bench.csv", content.as_bytes()))
            });
        }
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
