//! What the service costs: its throughput under concurrent load beside the predictor's own batched
//! rate, in turns in one process; latencies; and the time from the start to ready.
//!
//! ```sh
//! cargo run --release -p fasgard-serve --example load -- model.safetensors photo.jpg [clients] [seconds] [crop] [workers] [batch]
//! ```

#![allow(clippy::print_stdout)]

#[path = "../tests/common/client.rs"]
mod client;

use std::{
    error::Error,
    net::SocketAddr,
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use client::Client;
use fasgard_image::{DecodeLimits, decode_bytes};
use fasgard_model::{CropSource, Predictor, PredictorOptions};
use fasgard_serve::{Crop, LogFormat, ServeConfig, Service, serve};
use tokio::{net::TcpListener, runtime, sync::oneshot};

/// Rounds of predictor and service, one after the other.
const ROUNDS: usize = 3;
/// Images that the predictor and the service judge together unless the last argument says otherwise.
const BATCH: u64 = 8;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (Some(model), Some(photo)) = (args.first(), args.get(1)) else {
        return Err(
            "expected a model file and an image; optionally clients, seconds, auto or none, workers, batch".into(),
        );
    };
    let number = |index: usize, default: u64| {
        args.get(index)
            .map_or(Ok(default), |text| text.parse::<u64>())
    };
    let (clients, seconds) = (number(2, 16)?, number(3, 8)?);
    let (workers, batch) = (number(5, 1)?, number(6, BATCH)?.max(1));
    let crop = match args.get(4).map_or("none", String::as_str) {
        "auto" => Crop::Auto,
        _ => Crop::None,
    };
    let options = PredictorOptions {
        crop: if crop == Crop::Auto {
            CropSource::Auto
        } else {
            CropSource::None
        },
        threshold: None,
    };
    let predictor = Predictor::open(model, &options)?;
    let bytes = std::fs::read(photo)?;

    let begin = Instant::now();
    let service = Service::new(ServeConfig {
        model: Some(Path::new(model).to_owned()),
        crop,
        log: LogFormat::Off,
        batch: u32::try_from(batch)?,
        workers: u32::try_from(workers)?,
        ..ServeConfig::default()
    })?;
    let (address, stop) = start(&service)?;
    let _failure = service.load()?;
    let mut first = Client::new(address);
    while first.ask("GET", "/readyz", &[], b"")?.status != 200 {
        thread::sleep(Duration::from_millis(1));
    }
    println!("start to ready: {:.3} s", begin.elapsed().as_secs_f64());
    drop(first);

    let time = Duration::from_secs(seconds);
    let mut ratios = Vec::new();
    for round in 1..=ROUNDS {
        let bare = predictors_rate(&predictor, &bytes, time, batch, false)?;
        let own = predictors_rate(&predictor, &bytes, time, batch, true)?;
        let (rate, latencies) = services_rate(address, &bytes, clients, time)?;
        let at = |share: f64| latencies[(share * (latencies.len() - 1) as f64) as usize] * 1e3;
        println!(
            "round {round}: predictor in batches of {batch}: {bare:.1} images/s, {own:.1} with decoding; service, {clients} \
             clients: {rate:.1} images/s, p50 {:.1} ms, p99 {:.1} ms",
            at(0.5),
            at(0.99)
        );
        ratios.push([rate / bare, rate / own]);
    }
    let median = |which: usize| {
        let mut values: Vec<f64> = ratios.iter().map(|both| both[which]).collect();
        values.sort_by(f64::total_cmp);
        values[ROUNDS / 2]
    };
    println!(
        "service / predictor, median: {:.2}; with the predictor's decoding counted: {:.2}",
        median(0),
        median(1)
    );
    let _ = stop.send(());
    Ok(())
}

/// Runs the service in a thread of its own.
fn start(service: &Arc<Service>) -> Result<(SocketAddr, oneshot::Sender<()>), Box<dyn Error>> {
    let (stop, stopped) = oneshot::channel::<()>();
    let (send, receive) = std::sync::mpsc::channel();
    let service = Arc::clone(service);
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    thread::spawn(move || {
        runtime.block_on(async {
            if let Ok(listener) = TcpListener::bind("127.0.0.1:0").await {
                let _ = send.send(listener.local_addr());
                let end = async {
                    let _ = stopped.await;
                };
                serve(&service, listener, end).await;
            }
        });
    });
    Ok((receive.recv()??, stop))
}

/// Images per second of the predictor alone, in batches: of images that are decoded already, or
/// decoding each.
fn predictors_rate(
    predictor: &Predictor,
    bytes: &[u8],
    time: Duration,
    batch: u64,
    decoding: bool,
) -> Result<f64, Box<dyn Error>> {
    let honour = predictor.card().preprocess.exif_orientation;
    let decode = || decode_bytes("photo", bytes, &DecodeLimits::default(), honour);
    let mut images = (0..batch)
        .map(|_| decode())
        .collect::<Result<Vec<_>, _>>()?;
    let begin = Instant::now();
    let mut count = 0;
    while begin.elapsed() < time {
        if decoding {
            for image in &mut images {
                *image = decode()?;
            }
        }
        count += predictor.images(&images).len();
    }
    Ok(count as f64 / begin.elapsed().as_secs_f64())
}

/// Answers per second, and the sorted seconds of each.
fn services_rate(
    address: SocketAddr,
    bytes: &[u8],
    clients: u64,
    time: Duration,
) -> Result<(f64, Vec<f64>), Box<dyn Error>> {
    let begin = Instant::now();
    let mut latencies = thread::scope(|scope| {
        let threads: Vec<_> = (0..clients)
            .map(|_| scope.spawn(|| one_client(address, bytes, begin, time)))
            .collect();
        threads
            .into_iter()
            .map(|t| t.join().unwrap_or_else(|_| Err("a client panicked".into())))
            .collect::<Result<Vec<_>, String>>()
            .map(|all| all.concat())
    })?;
    let rate = latencies.len() as f64 / begin.elapsed().as_secs_f64();
    latencies.sort_by(f64::total_cmp);
    Ok((rate, latencies))
}

fn one_client(
    address: SocketAddr,
    bytes: &[u8],
    begin: Instant,
    time: Duration,
) -> Result<Vec<f64>, String> {
    let mut client = Client::new(address);
    let mut latencies = Vec::new();
    while begin.elapsed() < time {
        let one = Instant::now();
        let answer = client
            .ask("POST", "/v1/predict", &[], bytes)
            .map_err(|e| e.to_string())?;
        if answer.status != 200 {
            return Err(answer.text());
        }
        latencies.push(one.elapsed().as_secs_f64());
    }
    Ok(latencies)
}
