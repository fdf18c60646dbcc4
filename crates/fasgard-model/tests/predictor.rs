//! The predictor: verdicts, batches, sessions.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

use std::path::Path;

use burn::tensor::Device;
use fasgard_image::{Preprocess, Rgb, RgbImage, random::stream};
use fasgard_metrics::{Fuse, Label, Threshold};
use fasgard_model::{
    CropSource, DevScores, ModelCard, ModelFile, NoDecision, Predictor, PredictorOptions, SCHEMA,
    ScoreQuantiles, SelfTest, Session, TrainingCard, Verdict, weights_sha256,
};
use fasgard_nn::{Detector, ModelConfig, named_weights};

/// A narrow detector with drawn weights.
fn model(target: &str) -> ModelFile {
    let json = format!(
        r#"{{"backbone": "resnet18", "tap": "layer2", "width": 0.125, "supervision": {target}}}"#
    );
    let model: ModelConfig = serde_json::from_str(&json).unwrap();
    let device = Device::flex();
    let detector = Detector::new(&model, 32, stream(3, "init", 0, ""), &device).unwrap();
    let self_test = SelfTest::run(&detector, &model, 32, &device);
    let weights = named_weights(&detector);
    let card = ModelCard {
        schema: SCHEMA,
        name: "test".into(),
        fasgard: "0".into(),
        weights_sha256: weights_sha256(&weights),
        model,
        preprocess: Preprocess {
            size: 32,
            ..Preprocess::default()
        },
        labels: [Label::Attack, Label::Live],
        thresholds: vec![Threshold::given(0.5)],
        support: None,
        gap: None,
        dev_scores: None,
        self_test,
        training: TrainingCard {
            seed: 3,
            steps: 0,
            best_step: 0,
            metric: "auc".into(),
            dev_value: 0.5,
            data: vec![],
            protocol: None,
        },
        licence: String::new(),
    };
    ModelFile { card, weights }
}

const MASK: &str = r#"{"target": "mask", "scales": [4, 2]}"#;
const BINARY: &str = r#"{"target": "binary"}"#;

fn predictor(file: &ModelFile, threshold: Option<f64>) -> Predictor {
    let options = PredictorOptions {
        crop: CropSource::None,
        threshold,
    };
    Predictor::new(file, Path::new("m.safetensors"), &options, &Device::flex()).unwrap()
}

fn picture(seed: u32) -> RgbImage {
    RgbImage::from_fn(50, 40, |x, y| {
        let value = x * (3 + seed) + y * (5 + 2 * seed);
        Rgb([
            (value % 251) as u8,
            (value % 127) as u8,
            (y * 6 % 255) as u8,
        ])
    })
}

#[test]
fn one_predictor_serves_many_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Predictor>();
    let file = model(MASK);
    let predictor = predictor(&file, None);
    let alone: Vec<_> = (0..4)
        .map(|i| predictor.image(&picture(i), None).score)
        .collect();
    let together: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|i| {
                let predictor = &predictor;
                scope.spawn(move || predictor.image(&picture(i), None).score)
            })
            .collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert_eq!(alone, together);
}

#[test]
fn a_batch_answers_as_single_images_do() {
    let file = model(MASK);
    let predictor = predictor(&file, None);
    let mut pictures: Vec<RgbImage> = (0..19).map(picture).collect();
    // Nothing to see: no answer, and its neighbours keep theirs.
    pictures[7] = RgbImage::new(0, 0);
    let answers = predictor.images(&pictures);
    assert_eq!(answers.len(), 19);
    for (i, (answer, image)) in answers.iter().zip(&pictures).enumerate() {
        let single = predictor.image(image, None);
        assert_eq!(
            (answer.verdict, answer.reason),
            (single.verdict, single.reason),
            "{i}"
        );
        match (answer.score, single.score) {
            (Some(a), Some(b)) => assert!((a - b).abs() < 1e-6, "{i}: {a} {b}"),
            (a, b) => assert_eq!((a, b), (None, None), "{i}"),
        }
    }
    assert_eq!(answers[7].reason, Some(NoDecision::NoFace));
    let sides: Vec<_> = answers[0]
        .maps
        .iter()
        .map(|m| (m.side, m.values.len()))
        .collect();
    assert_eq!(sides, [(4, 16), (2, 4)]);
    assert!(answers[0].score.unwrap() != answers[1].score.unwrap());
}

#[test]
fn verdicts_follow_threshold_and_support() {
    let mut file = model(BINARY);
    file.card.support = Some([0.2, 0.9]);
    file.card.gap = Some([0.3, 0.5]);
    let predictor = predictor(&file, Some(0.6));
    for (score, verdict, reason) in [
        (0.6, Verdict::Attack, None),
        (0.600001, Verdict::Live, None),
        (0.2, Verdict::Attack, None),
        (0.9, Verdict::Live, None),
        (0.4, Verdict::NoDecision, Some(NoDecision::InGap)),
        (0.3, Verdict::Attack, None),
        (0.19, Verdict::NoDecision, Some(NoDecision::OutsideSupport)),
        (0.91, Verdict::NoDecision, Some(NoDecision::OutsideSupport)),
        (f64::NAN, Verdict::NoDecision, Some(NoDecision::NotFinite)),
        (
            f64::INFINITY,
            Verdict::NoDecision,
            Some(NoDecision::NotFinite),
        ),
    ] {
        assert_eq!(predictor.decide(score), (verdict, reason), "{score}");
    }
    assert!(predictor.image(&picture(0), None).maps.is_empty());
}

#[test]
fn scores_that_dev_hardly_had_are_marked_where_the_file_knows() {
    let mut file = model(BINARY);
    let unknown = predictor(&file, None);
    let answer = unknown.image(&picture(0), None);
    assert_eq!(
        (answer.unfamiliar, unknown.is_unfamiliar(0.5)),
        (None, None)
    );
    // The picture's score lies between the classes, beside them, or where one of them is.
    let score = answer.score.unwrap();
    let class = |around: f64| ScoreQuantiles::of(vec![around, around + 0.01]);
    for (attack, live, expected) in [
        (score - 0.2, score + 0.2, Some(true)),
        (score - 0.2, score - 0.1, Some(false)),
        (score + 0.1, score + 0.2, Some(false)),
        (score - 0.2, score - 0.005, Some(false)),
        (score + 0.2, score - 0.2, Some(false)),
    ] {
        let (attack, live) = class(attack).zip(class(live)).unwrap();
        file.card.dev_scores = Some(DevScores { live, attack });
        let found = predictor(&file, None).image(&picture(0), None).unfamiliar;
        assert_eq!(found, expected, "{attack:?} {live:?}");
    }
}

#[test]
fn a_file_without_a_threshold_or_with_none_that_is_a_number_is_refused() {
    let mut file = model(BINARY);
    let options = |threshold| PredictorOptions {
        crop: CropSource::None,
        threshold,
    };
    let open = |file: &ModelFile, threshold| {
        let path = Path::new("m.safetensors");
        Predictor::new(file, path, &options(threshold), &Device::flex())
            .unwrap_err()
            .to_string()
    };
    assert!(open(&file, Some(f64::NAN)).contains("found NaN"));
    file.card.thresholds.clear();
    let message = open(&file, None);
    assert!(
        message.contains("m.safetensors") && message.contains("found none"),
        "{message}"
    );
    let given = predictor(&file, Some(0.1));
    assert_eq!(given.threshold().value, 0.1);
}

#[test]
fn sessions_fuse_what_has_a_score() {
    let file = model(MASK);
    let predictor = predictor(&file, None);
    let empty = Session::new(Fuse::Mean).answer(&predictor);
    assert_eq!(
        (empty.verdict, empty.reason),
        (Verdict::NoDecision, Some(NoDecision::NoFrames))
    );
    let mut sessions = [Fuse::Mean, Fuse::Min, Fuse::Max].map(Session::new);
    let mut scores = Vec::new();
    for i in 0..5 {
        for session in &mut sessions {
            let answer = session.push(&predictor, &picture(i));
            scores.push(answer.score.unwrap());
        }
    }
    for session in &mut sessions {
        session.push(&predictor, &RgbImage::new(0, 0));
    }
    let [mean, min, max] = sessions.map(|s| s.answer(&predictor));
    assert_eq!((mean.frames, mean.scored), (6, 5));
    let expected = scores.iter().sum::<f64>() / scores.len() as f64;
    assert!((mean.score.unwrap() - expected).abs() < 1e-12);
    let (low, high) = scores
        .iter()
        .fold((f64::MAX, f64::MIN), |(l, h), &s| (l.min(s), h.max(s)));
    assert_eq!((min.score, max.score), (Some(low), Some(high)));
}
