//! Arguments of `fasgard export`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Args)]
#[command(
    after_help = "Example: fasgard export onnx runs/ps/model.safetensors --output model.onnx"
)]
pub(crate) struct Export {
    #[command(subcommand)]
    pub(crate) format: ExportFormat,
}

#[derive(Subcommand)]
pub(crate) enum ExportFormat {
    /// A model as ONNX, checked at once with ONNX Runtime
    Onnx(ExportOnnx),
    /// The installed face detector as ONNX, for `serve --face-onnx`; checked likewise
    Face(ExportFace),
}

#[derive(Args)]
#[command(
    after_help = "ONNX Runtime's library is that of the Python wheel (python3 -m pip install onnxruntime), found where --onnxruntime or ORT_DYLIB_PATH says, else in the active Python environments.\n\nExample: fasgard export onnx runs/ps/model.safetensors --output model.onnx --onnxruntime ~/venv"
)]
pub(crate) struct ExportOnnx {
    /// Model file
    pub(crate) model: PathBuf,
    /// The ONNX file
    #[arg(long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) check: CheckOptions,
}

#[derive(Args)]
#[command(
    after_help = "The weights are those of `fasgard models install`; ONNX Runtime's library is found as by `fasgard export onnx`.\n\nExample: fasgard export face --output face.onnx --onnxruntime ~/venv"
)]
pub(crate) struct ExportFace {
    /// The ONNX file
    #[arg(long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) check: CheckOptions,
}

/// How an exported file is checked, and what is printed.
#[derive(Args)]
pub(crate) struct CheckOptions {
    /// ONNX Runtime's shared library, or a folder with it: a virtual environment, the unpacked wheel
    #[arg(long, value_name = "PATH", conflicts_with = "no_verify")]
    pub(crate) onnxruntime: Option<PathBuf>,
    /// Random pictures on which the file is compared, besides a model's self-test
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(..=10_000))]
    pub(crate) samples: u32,
    /// Seed of the pictures
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Write the file without checking it
    #[arg(long)]
    pub(crate) no_verify: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}
