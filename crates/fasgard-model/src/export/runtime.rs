//! ONNX Runtime as a shared library of the user's, loaded while running.

use std::{
    fs::File,
    io::Read,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use ort::{
    environment::Environment,
    session::{Session, builder::GraphOptimizationLevel},
    value::TensorRef,
};

use super::find::version;

/// How executables and shared libraries begin: ELF, Mach-O (also of several processors), Windows.
const MAGICS: [&[u8]; 6] = [
    b"\x7fELF",
    &[0xcf, 0xfa, 0xed, 0xfe],
    &[0xfe, 0xed, 0xfa, 0xcf],
    &[0xca, 0xfe, 0xba, 0xbe],
    &[0xca, 0xfe, 0xba, 0xbf],
    b"MZ",
];

/// How to get the library.
const ADVICE: &str = "python3 -m pip install onnxruntime (its wheel holds the library), then give --onnxruntime PATH or set ORT_DYLIB_PATH; --no-verify writes the file without checking it";

/// A library that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuntimeError {
    /// There is none.
    #[error("ONNX Runtime, which checks the exported file, was not found in {searched}: {ADVICE}")]
    NotFound {
        /// Where it was looked for.
        searched: String,
    },
    /// It cannot be read or loaded.
    #[error("{}: expected ONNX Runtime's shared library: {reason}; {ADVICE}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// It is too old.
    #[error(
        "{}: expected ONNX Runtime 1.{} or later, found {found}: python3 -m pip install --upgrade onnxruntime",
        path.display(), ort::MINOR_VERSION
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// What it says its version is.
        found: String,
    },
}

/// The one environment of this process, once a library has been loaded. It stays until the end: the
/// library allows no second one.
static LOADED: Mutex<Option<(PathBuf, Environment)>> = Mutex::new(None);

/// ONNX Runtime, ready to run networks.
#[derive(Clone, Debug)]
pub struct Runtime {
    environment: Environment,
    path: PathBuf,
}

impl Runtime {
    /// Loads a shared library, such as [`find_runtime`](super::find_runtime) finds. It becomes part of
    /// this process: another one can be used in another process only.
    ///
    /// # Errors
    /// The file is no shared library, is not ONNX Runtime's, or too old; or another one was loaded
    /// before.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, RuntimeError> {
        let path = path.as_ref();
        let unusable = |reason: String| RuntimeError::Unusable {
            path: path.to_owned(),
            reason,
        };
        // A relative name would be looked for beside the program.
        let full = path
            .canonicalize()
            .map_err(|e| unusable(format!("it cannot be read ({e})")))?;
        check_magic(&full).map_err(unusable)?;
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((before, environment)) = &*loaded {
            return match *before == full {
                true => Ok(Self {
                    environment: environment.clone(),
                    path: full,
                }),
                false => Err(unusable(format!("{} is loaded already", before.display()))),
            };
        }
        let environment = load(path, &full)?;
        *loaded = Some((full.clone(), environment.clone()));
        Ok(Self {
            environment,
            path: full,
        })
    }

    /// The version as the file's name has it, such as `1.32.0`; empty if it has none.
    pub fn version(&self) -> String {
        let numbers = version(&self.path);
        numbers
            .iter()
            .map(u64::to_string)
            .collect::<Vec<_>>()
            .join(".")
    }

    /// The library's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads an ONNX file for `threads` threads.
    pub(super) fn network(&self, onnx: &[u8], threads: usize) -> Result<Network, String> {
        let builder = Session::builder(&self.environment).map_err(|e| e.to_string())?;
        let mut builder = builder
            .with_intra_threads(threads)
            .map_err(|e| e.to_string())?
            .with_optimization_level(GraphOptimizationLevel::All)
            .map_err(|e| e.to_string())?;
        let session = builder.commit_from_memory(onnx);
        Ok(Network(session.map_err(|e| e.to_string())?))
    }
}

/// A network in ONNX Runtime.
pub(super) struct Network(Session);

impl Network {
    /// Runs a batch `[count, 3, size, size]` and gives the values of each output of `names`.
    pub(super) fn run(
        &mut self,
        input: &[f32],
        [count, size]: [usize; 2],
        names: &[String],
    ) -> Result<Vec<Vec<f32>>, String> {
        let shape = [count, 3, size, size];
        let tensor = TensorRef::from_array_view((shape, input)).map_err(|e| e.to_string())?;
        let outputs = self
            .0
            .run(ort::inputs!["input" => tensor])
            .map_err(|e| e.to_string())?;
        let value = |name: &String| {
            let value = outputs.get(name).ok_or(format!("no output `{name}`"))?;
            let (_, values) = value
                .try_extract_tensor::<f32>()
                .map_err(|e| e.to_string())?;
            Ok(values.to_vec())
        };
        names.iter().map(value).collect()
    }
}

/// Loads the library. `ort` panics where a library has the right functions and gives nothing.
fn load(path: &Path, full: &Path) -> Result<Environment, RuntimeError> {
    use ort::LoadDynamicError as Load;
    let unusable = |reason: String| RuntimeError::Unusable {
        path: path.to_owned(),
        reason,
    };
    let attempt = catch_unwind(AssertUnwindSafe(|| {
        let builder = ort::init_from(full).map_err(|error| match error {
            Load::BadVersion { version_str, .. } => RuntimeError::Version {
                path: path.to_owned(),
                found: version_str,
            },
            Load::MissingApi { .. } => unusable("it has no function `OrtGetApiBase`".into()),
            Load::Dlopen { error, .. } => unusable(format!("it cannot be loaded ({error})")),
            Load::InvalidVersionString => unusable("its version is no text".into()),
        })?;
        // Nothing about the model or its use leaves the machine.
        builder
            .with_name("fasgard")
            .with_telemetry(false)
            .build()
            .map_err(|e| unusable(e.to_string()))
    }));
    attempt.unwrap_or_else(|_| Err(unusable("it does not answer as ONNX Runtime does".into())))
}

/// A file that is no shared library is refused before the system's loader sees it.
fn check_magic(path: &Path) -> Result<(), String> {
    let mut start = Vec::new();
    File::open(path)
        .and_then(|file| file.take(4).read_to_end(&mut start))
        .map_err(|e| format!("it cannot be read ({e})"))?;
    match MAGICS.iter().any(|magic| start.starts_with(magic)) {
        true => Ok(()),
        false => Err("it is no shared library".into()),
    }
}
