//! Arguments of `fasgard serve`.

use std::path::PathBuf;

use clap::Args;

#[derive(Args)]
#[command(
    after_help = "Example: fasgard serve runs/ps/model.safetensors --listen 127.0.0.1:8080 --answers coarse\n\n\
        Every key of docs/serve.md can be given as --set key=value, as FASGARD_SERVE_KEY in the environment or in\n\
        the file of --config; the command line wins over the environment, and that over the file."
)]
pub(crate) struct Serve {
    /// Model file
    pub(crate) model: Option<PathBuf>,
    /// Address and port (default 127.0.0.1:8080)
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// TOML file of keys
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// auto (find the face; needs `fasgard models install`) or none (images are face crops already)
    #[arg(long, value_parser = ["auto", "none"])]
    pub(crate) crop: Option<String>,
    /// Live if the score is above this (default: the model file's threshold)
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) threshold: Option<f64>,
    /// full (score, maps, places, times) or coarse (the verdict only)
    #[arg(long, value_parser = ["full", "coarse"])]
    pub(crate) answers: Option<String>,
    /// File of API keys, one a line; clients must send one
    #[arg(long, value_name = "FILE")]
    pub(crate) api_keys_file: Option<PathBuf>,
    /// Serve the exported model, for the page to judge in the browser
    #[arg(long, value_name = "FILE")]
    pub(crate) onnx: Option<PathBuf>,
    /// Serve the exported face detector (`fasgard export face`), for the page to find the face itself
    #[arg(long, value_name = "FILE")]
    pub(crate) face_onnx: Option<PathBuf>,
    /// Serve the files of this folder below /assets/
    #[arg(long, value_name = "DIR")]
    pub(crate) page_assets: Option<PathBuf>,
    /// Start without a model that loads, and look for it again and again
    #[arg(long)]
    pub(crate) allow_missing_model: bool,
    /// Any key of the configuration
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Print the configuration with all defaults, check its files, and end
    #[arg(long)]
    pub(crate) check_config: bool,
}
