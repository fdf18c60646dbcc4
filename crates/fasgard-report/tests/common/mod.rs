//! A made-up experiment: small drawn faces, three runs with logs, scores, maps and evaluations.
#![allow(dead_code, reason = "every test file uses a part of it")]

use std::path::{Path, PathBuf};

use fasgard_data::{DatasetInfo, ManifestRow, RelativePath, write_manifest};
use fasgard_image::{
    FaceBox, GrayImage, Luma, Rgb, RgbImage, encode_jpeg, encode_png_gray, random::stream,
};
use fasgard_metrics::{
    Attributes, ConventionChoice, Evaluation, Label, Request, ScoreFile, ScoreRow, ScoreTable,
    Species, Split, Status, evaluate,
};
use fasgard_report::maps::{MapFile, MapTarget};
use fasgard_report::{ModelFiles, ReportOptions, write_report};
use rand::Rng;

/// A sample id that would run a script if it were not escaped.
pub(crate) const HOSTILE: &str = "live-<script>alert(1)</script>\"'&";
pub(crate) const CLASSES: [&str; 4] = ["live", "print/photo", "replay/phone", "mask/half"];

/// Name, sides of maps (none: binary), and how well it tells live from attack.
pub(crate) const MODELS: [(&str, &[usize], f64); 3] = [
    ("binary", &[], 2.2),
    ("single-8x8", &[8], 3.0),
    ("pyramid", &[8, 4, 2, 1], 3.8),
];

pub(crate) struct Experiment {
    pub(crate) data: PathBuf,
    pub(crate) runs: Vec<PathBuf>,
}

struct Sample {
    id: String,
    class: &'static str,
    subject: usize,
    seed: u64,
}

/// Writes the experiment below `root`, `each` test samples of every class.
pub(crate) fn write(root: &Path, each: usize) -> Experiment {
    let mut samples = Vec::new();
    for class in CLASSES {
        for i in 0..each {
            let id = match (class, i) {
                ("live", 0) => HOSTILE.to_owned(),
                _ => format!("{}-{i:03}", class.replace('/', "-")),
            };
            samples.push(Sample {
                id,
                class,
                subject: i % 7,
                seed: samples.len() as u64,
            });
        }
    }
    let data = root.join("faces");
    dataset(&data, &samples);
    let runs = MODELS
        .iter()
        .map(|&(name, sides, skill)| {
            let dir = root.join(name);
            run(&dir, name, sides, skill, &samples);
            dir
        })
        .collect();
    Experiment { data, runs }
}

/// All runs and the dataset.
pub(crate) fn options(experiment: &Experiment) -> ReportOptions {
    let models = experiment.runs.iter().map(ModelFiles::in_run).collect();
    let mut options = ReportOptions::new("Single scale & pyramid", models);
    options.data.push(experiment.data.clone());
    options
}

/// Writes the report and reads it.
pub(crate) fn report(options: &ReportOptions, dir: &Path) -> String {
    let path = dir.join("report.html");
    write_report(options, &path).unwrap();
    std::fs::read_to_string(path).unwrap()
}

/// Evaluates a run again, with everything there is.
pub(crate) fn evaluate_fully(run: &Path) -> Evaluation {
    let read = |name: &str| ScoreTable::read(run.join(name)).unwrap();
    let (dev, test) = (read("scores-dev.csv"), read("scores-test.csv"));
    let evaluation = evaluate(&Request {
        convention: ConventionChoice::All,
        by: vec!["subject".to_owned()],
        bootstrap: Some("200".parse().unwrap()),
        ..Request::new(Some(&dev), &test)
    })
    .unwrap();
    let json = serde_json::to_vec(&evaluation).unwrap();
    std::fs::write(run.join("evaluation.json"), json).unwrap();
    evaluation
}

fn random(seed: u64, purpose: &str, key: &str) -> impl Rng + use<> {
    stream(seed, purpose, 0, key)
}

fn is_covered(class: &str, x: f64, y: f64) -> bool {
    match class {
        "live" => false,
        "mask/half" => y > 0.52 && (0.2..0.8).contains(&x),
        _ => true,
    }
}

fn face(sample: &Sample) -> RgbImage {
    let mut rng = random(sample.subject as u64, "face", "");
    let skin: [f64; 3] = [
        rng.random_range(150.0..225.0),
        rng.random_range(110.0..170.0),
        rng.random_range(85.0..135.0),
    ];
    let back: [f64; 3] = std::array::from_fn(|_| rng.random_range(40.0..150.0));
    let (wide, light) = (rng.random_range(0.24..0.31), rng.random_range(-0.5..0.5));
    let mut noise = random(sample.seed, "noise", "");
    RgbImage::from_fn(192, 192, |px, py| {
        let (x, y) = (f64::from(px) / 192.0, f64::from(py) / 192.0);
        let r = ((x - 0.5) / wide).powi(2) + ((y - 0.5) / 0.38).powi(2);
        let eye = |ex: f64| ((x - ex) / 0.045).powi(2) + ((y - 0.42) / 0.025).powi(2) < 1.0;
        let mouth = ((x - 0.5) / 0.1).powi(2) + ((y - 0.7) / 0.022).powi(2) < 1.0;
        let mut c = if r > 1.0 {
            back
        } else if eye(0.39) || eye(0.61) {
            [45.0, 35.0, 35.0]
        } else if mouth {
            [165.0, 70.0, 75.0]
        } else if sample.class == "mask/half" && is_covered(sample.class, x, y) {
            [200.0, 205.0, 210.0]
        } else {
            skin.map(|v| v * (1.0 - 0.45 * r + light * (x - 0.5)))
        };
        match sample.class {
            "print/photo" => c = c.map(|v| v * 0.75 + 45.0 + 14.0 * f64::from((px + py) % 3 == 0)),
            "replay/phone" => c[2] += 22.0 + 12.0 * (f64::from(py) * 0.9).sin(),
            _ => {}
        }
        let n: f64 = noise.random_range(-7.0..7.0);
        Rgb(c.map(|v| (v + n).clamp(0.0, 255.0) as u8))
    })
}

fn dataset(dir: &Path, samples: &[Sample]) {
    std::fs::create_dir_all(dir.join("faces")).unwrap();
    std::fs::create_dir_all(dir.join("masks")).unwrap();
    let mut rows = Vec::new();
    for (i, sample) in samples.iter().enumerate() {
        let path = format!("faces/{i}.jpg");
        std::fs::write(dir.join(&path), encode_jpeg(&face(sample), 90).unwrap()).unwrap();
        let species: Option<Species> =
            (sample.class != "live").then(|| sample.class.parse().unwrap());
        let label = if species.is_none() {
            Label::Live
        } else {
            Label::Attack
        };
        let mut row = ManifestRow::new(
            "drawn",
            &sample.id,
            label,
            species,
            RelativePath::new(&path).unwrap(),
        );
        row.split = Some(Split::Test);
        row.subject = Some(format!("p{}", sample.subject));
        row.face = Some(FaceBox {
            x: 36.0,
            y: 24.0,
            w: 120.0,
            h: 144.0,
        });
        if sample.class == "mask/half" {
            let path = format!("masks/{i}.png");
            let mask = GrayImage::from_fn(128, 128, |x, y| {
                let covered = is_covered(sample.class, f64::from(x) / 128.0, f64::from(y) / 128.0);
                Luma([if covered { 0 } else { 255 }])
            });
            std::fs::write(dir.join(&path), encode_png_gray(&mask).unwrap()).unwrap();
            row.mask = Some(RelativePath::new(&path).unwrap());
        }
        rows.push(row);
    }
    write_manifest(dir.join("manifest.csv"), &rows).unwrap();
    DatasetInfo::new("drawn", "folder").write(dir).unwrap();
}

fn run(dir: &Path, name: &str, sides: &[usize], skill: f64, samples: &[Sample]) {
    std::fs::create_dir_all(dir).unwrap();
    std::fs::write(
        dir.join("config.toml"),
        format!("schema = 1\nname = \"{name}\"\nseed = 7\n[model]\nbackbone = \"resnet18\"\ntap = \"layer3\"\n\
             supervision = {{ target = \"{}\", scales = {sides:?} }}\n[input]\nsize = 128\n\
             crop_scale = 1.2\n[train]\nsteps = 400\nbatch_size = 16\n",
            if sides.is_empty() { "binary" } else { "mask" }),
    )
    .unwrap();
    log(&dir.join("metrics.csv"), sides, skill);
    for (split, file) in [
        (Split::Dev, "scores-dev.csv"),
        (Split::Test, "scores-test.csv"),
    ] {
        let rows: Vec<ScoreRow> = samples
            .iter()
            .map(|s| score(s, name, skill, split))
            .collect();
        ScoreFile::write(dir.join(file), &rows).unwrap();
    }
    let dev = ScoreFile::read(dir.join("scores-dev.csv")).unwrap();
    let test = ScoreFile::read(dir.join("scores-test.csv")).unwrap();
    let evaluation = evaluate(&Request::new(Some(&dev), &test)).unwrap();
    std::fs::write(
        dir.join("evaluation.json"),
        serde_json::to_vec_pretty(&evaluation).unwrap(),
    )
    .unwrap();
    if sides.is_empty() {
        return;
    }
    let mut maps = MapFile::new(MapTarget::Mask, sides).unwrap();
    for (sample, row) in samples.iter().zip(&test.rows) {
        let logit = row.logit.unwrap() / 1.6;
        let mut rng = random(sample.seed, "map", name);
        let fine: Vec<f32> = (0..64)
            .map(|i| {
                let (x, y) = (
                    (f64::from(i % 8) + 0.5) / 8.0,
                    (f64::from(i / 8) + 0.5) / 8.0,
                );
                let local = if sample.class == "mask/half" && !is_covered(sample.class, x, y) {
                    2.4
                } else {
                    0.0
                };
                let noise = rng.random_range(-1.5..1.5) * if sides.len() > 1 { 0.6 } else { 1.3 };
                (1.0 / (1.0 + (-(logit + local + noise)).exp())) as f32
            })
            .collect();
        let levels: Vec<Vec<f32>> = sides.iter().map(|&side| pooled(&fine, side)).collect();
        let slices: Vec<&[f32]> = levels.iter().map(Vec::as_slice).collect();
        maps.push(&sample.id, &slices).unwrap();
    }
    maps.write(&dir.join("maps-test.safetensors")).unwrap();
}

fn pooled(fine: &[f32], side: usize) -> Vec<f32> {
    let step = 8 / side;
    let cell = |i: usize| {
        let (r, c) = (i / side * step, i % side * step);
        let sum: f32 = (0..step * step)
            .map(|k| fine[(r + k / step) * 8 + c + k % step])
            .sum();
        (sum / (step * step) as f32).clamp(0.0, 1.0)
    };
    (0..side * side).map(cell).collect()
}

fn score(sample: &Sample, model: &str, skill: f64, split: Split) -> ScoreRow {
    let mut rng = random(sample.seed, "score", &format!("{model}{split}"));
    let spread: f64 = (0..4).map(|_| rng.random_range(-1.6..1.6)).sum();
    let centre = match sample.class {
        "live" => skill,
        "mask/half" => -0.35 * skill,
        _ => -skill,
    };
    let logit = centre + spread;
    ScoreRow {
        sample: format!(
            "{}{}",
            if split == Split::Dev { "dev-" } else { "" },
            sample.id
        ),
        dataset: "drawn".to_owned(),
        split: Some(split),
        subject: format!(
            "{}{}",
            if split == Split::Dev { "d" } else { "p" },
            sample.subject
        ),
        video: String::new(),
        frame: None,
        label: if sample.class == "live" {
            Label::Live
        } else {
            Label::Attack
        },
        species: (sample.class != "live").then(|| sample.class.parse().unwrap()),
        attributes: Attributes::default(),
        score: Some(1.0 / (1.0 + (-logit).exp())),
        logit: Some(logit),
        status: Status::Ok,
    }
}

fn log(path: &Path, sides: &[usize], skill: f64) {
    let mut terms: Vec<String> = sides.iter().map(|s| format!("bce@{s}")).collect();
    terms.push("bce@final".to_owned());
    let mut text = format!(
        "step,epoch,phase,lr,loss,{},grad_norm,auc,eer,threshold\n",
        terms.join(",")
    );
    let mut rng = random(1, "log", &terms.join(","));
    for step in 1..=400 {
        let base = 0.7 * (-f64::from(step) / (90.0 * 3.0 / skill)).exp() + 0.06;
        let values: Vec<f64> = (0..terms.len())
            .map(|i| base * (1.0 - 0.12 * i as f64) * rng.random_range(0.75..1.3))
            .collect();
        let cells: Vec<String> = values.iter().map(f64::to_string).collect();
        let sum: f64 = values.iter().sum();
        text.push_str(&format!(
            "{step},0,train,0.001,{sum},{},1.5,,,\n",
            cells.join(",")
        ));
        if step % 40 == 0 {
            let eer = 0.45 * (-f64::from(step) / 130.0).exp()
                + 0.12 / skill
                + rng.random_range(0.0..0.02);
            let empty = ",".repeat(terms.len());
            text.push_str(&format!(
                "{step},0,dev,,{},{empty},{},{eer},0.5\n",
                sum * 1.2,
                1.0 - eer * 0.6
            ));
        }
    }
    std::fs::write(path, text).unwrap();
}
