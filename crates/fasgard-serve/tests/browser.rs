//! The page in a real browser: `tools/page/check.sh` against a service with a tiny model, or with the
//! model file that `FASGARD_PAGE_MODEL` names.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

mod common;

use std::{path::Path, process::Command};

use burn::tensor::Device;
use common::{Running, config, model};
use fasgard_face::Weights;
use fasgard_model::{CropSource, ModelFile, Predictor, PredictorOptions, export};
use fasgard_serve::{Crop, ServeConfig, Service};

const TOOLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tools/page");
/// What the scripts end with where a tool is missing.
const MISSING: i32 = 77;

fn run(script: &str, argument: Option<&Path>, variables: &[(&str, &str)]) -> Option<i32> {
    let mut command = Command::new(Path::new(TOOLS).join(script));
    command.args(argument).envs(variables.iter().copied());
    command.status().unwrap().code()
}

#[test]
#[ignore = "needs node, npm (which fetches packages) and Chromium"]
fn the_page_works_in_chromium() {
    let node = Command::new("npm").arg("--version").output();
    if node.is_err() {
        println!("*** SKIPPED: the page is not tested, npm is missing");
        return;
    }
    let assets = Path::new(TOOLS).join("assets");
    assert_eq!(run("vendor.sh", Some(&assets), &[]), Some(0));
    let dir = tempfile::tempdir().unwrap();
    let file = match std::env::var_os("FASGARD_PAGE_MODEL") {
        Some(path) => ModelFile::read(path).unwrap(),
        None => model(64, 0.25),
    };
    let onnx = dir.path().join("model.onnx");
    let exported = export::onnx(&file, Path::new("model.safetensors")).unwrap();
    std::fs::write(&onnx, exported.bytes).unwrap();
    let face = dir.path().join("face.onnx");
    let open = |crop| {
        let options = PredictorOptions {
            crop,
            ..PredictorOptions::default()
        };
        Predictor::new(&file, Path::new("m"), &options, &Device::flex())
    };
    // Without the face weights every picture is a face crop, and the tests of faces are skipped.
    let (crop, predictor) = match open(CropSource::Auto) {
        Ok(predictor) => {
            let exported = export::face_onnx(&Weights::find().unwrap()).unwrap();
            std::fs::write(&face, exported.bytes).unwrap();
            (Crop::Auto, predictor)
        }
        Err(_) => (Crop::None, open(CropSource::None).unwrap()),
    };
    let config = ServeConfig {
        crop,
        onnx: Some(onnx),
        face_onnx: (crop == Crop::Auto).then_some(face),
        page_assets: Some(assets),
        ..config()
    };
    let service = Service::with_predictor(config, predictor).unwrap();
    let running = Running::start(service);
    let url = format!("http://{}", running.address);
    let mut variables = vec![("FASGARD_URL", url.as_str())];
    if crop == Crop::None {
        variables.push(("FASGARD_NO_FACES", "1"));
    }
    match run("check.sh", None, &variables) {
        Some(MISSING) => println!("*** SKIPPED: the page is not tested, see above"),
        code => assert_eq!(code, Some(0), "the browser's tests; see above"),
    }
}
