//! What the service's tests share: a tiny model with drawn weights, and a running service.

#![allow(dead_code, clippy::unwrap_used)] // in helpers: a panic is a failed test

pub(crate) mod client;
pub(crate) mod hostile;

use std::{
    net::SocketAddr,
    path::Path,
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use burn::tensor::Device;
use fasgard_image::{Preprocess, Rgb, RgbImage, encode_jpeg, encode_png, random::stream};
use fasgard_metrics::{Label, Threshold};
use fasgard_model::{
    CropSource, DataCard, ModelCard, ModelFile, Predictor, PredictorOptions, SCHEMA, SelfTest,
    TrainingCard, weights_sha256,
};
use fasgard_nn::{Detector, ModelConfig, named_weights};
use fasgard_serve::{Crop, LogFormat, ServeConfig, Service, serve};
use tokio::{net::TcpListener, runtime, sync::oneshot};

/// A narrow detector with drawn weights, taking `size` x `size` pixels.
pub(crate) fn model(size: u32, width: f64) -> ModelFile {
    let json = format!(
        r#"{{"backbone": "resnet18", "tap": "layer2", "width": {width},
            "supervision": {{"target": "mask", "scales": [{}, {}]}}}}"#,
        size / 8,
        size / 16
    );
    let model: ModelConfig = serde_json::from_str(&json).unwrap();
    let device = Device::flex();
    let side = size as usize;
    let detector = Detector::new(&model, side, stream(3, "init", 0, ""), &device).unwrap();
    let self_test = SelfTest::run(&detector, &model, side, &device);
    let weights = named_weights(&detector);
    let data = DataCard {
        name: "drawn".into(),
        layout: "synthetic".into(),
        sha256: String::new(),
        train_live: 1,
        train_attack: 1,
        species: vec!["print/photo".into()],
    };
    let mut threshold = Threshold::given(0.5);
    threshold.from.file = Some("/home/somebody/scores.csv".into());
    let card = ModelCard {
        schema: SCHEMA,
        name: "tiny".into(),
        fasgard: "0".into(),
        weights_sha256: weights_sha256(&weights),
        model,
        preprocess: Preprocess {
            size,
            ..Preprocess::default()
        },
        labels: [Label::Attack, Label::Live],
        thresholds: vec![threshold],
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
            data: vec![data],
            protocol: None,
        },
        licence: String::new(),
    };
    ModelFile { card, weights }
}

/// Its predictor; the threshold is the middle of the pictures' scores, so that there are both
/// verdicts.
pub(crate) fn predictor(file: &ModelFile) -> Predictor {
    let open = |threshold| {
        let options = PredictorOptions {
            crop: CropSource::None,
            threshold: Some(threshold),
        };
        Predictor::new(file, Path::new("m"), &options, &Device::flex()).unwrap()
    };
    let any = open(0.5);
    let mut scores: Vec<f64> = (0..16)
        .map(|i| any.image(&picture(i), None).score.unwrap())
        .collect();
    scores.sort_by(f64::total_cmp);
    open((scores[7] + scores[8]) / 2.0)
}

/// A picture of 50 x 40 pixels.
pub(crate) fn picture(seed: u32) -> RgbImage {
    RgbImage::from_fn(50, 40, |x, y| {
        let value = x * (3 + seed) + y * (5 + 2 * seed);
        Rgb([
            (value % 251) as u8,
            (value % 127) as u8,
            (y * 6 % 255) as u8,
        ])
    })
}

pub(crate) fn png(seed: u32) -> Vec<u8> {
    encode_png(&picture(seed)).unwrap()
}

pub(crate) fn jpeg(seed: u32) -> Vec<u8> {
    encode_jpeg(&picture(seed), 90).unwrap()
}

/// A configuration for tests: any free port, no face detector, no log.
pub(crate) fn config() -> ServeConfig {
    ServeConfig {
        listen: "127.0.0.1:0".into(),
        allow_missing_model: true,
        crop: Crop::None,
        log: LogFormat::Off,
        ..ServeConfig::default()
    }
}

/// A service on a port of its own.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) service: Arc<Service>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// With the tiny model.
    pub(crate) fn tiny(config: ServeConfig) -> Self {
        Self::start(Service::with_predictor(config, predictor(&model(32, 0.125))).unwrap())
    }

    pub(crate) fn start(service: Arc<Service>) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let (send, receive) = std::sync::mpsc::channel();
        let shared = Arc::clone(&service);
        let thread = thread::spawn(move || {
            let runtime = runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                send.send(listener.local_addr().unwrap()).unwrap();
                serve(&shared, listener, async {
                    let _ = stopped.await;
                })
                .await;
            });
            shared.end();
        });
        Self {
            address: receive.recv().unwrap(),
            service,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Asks it to end, as SIGTERM does; it goes on until it has finished.
    pub(crate) fn ask_to_end(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    /// Waits until it has ended.
    pub(crate) fn join(mut self) {
        self.ask_to_end();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// Waits until something is so.
pub(crate) fn until(what: &str, so: impl Fn() -> bool) {
    let limit = Instant::now() + Duration::from_secs(30);
    while !so() {
        assert!(Instant::now() < limit, "not within 30 s: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Equal but for the last bit, which the JSON reader of these tests may lose.
pub(crate) fn assert_same(found: &serde_json::Value, expected: Option<f64>) {
    let found = found.as_f64();
    let close = found
        .zip(expected)
        .is_some_and(|(f, e)| (f - e).abs() <= 1e-15);
    assert!(
        close || found == expected,
        "expected {expected:?}, found {found:?}"
    );
}
