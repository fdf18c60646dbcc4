//! The model: loading, there, or missing.

use std::{
    path::PathBuf,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use fasgard_model::{CropSource, ModelError, ModelFile, Predictor, PredictorOptions};

use crate::{Code, Crop, Problem, ServeConfig};

/// How long until a missing model is looked for again.
const AGAIN: Duration = Duration::from_secs(2);
/// How often a waiting loader looks whether the service ends.
const LOOK: Duration = Duration::from_millis(50);

/// A model that answers.
pub(crate) struct Loaded {
    pub(crate) predictor: Arc<Predictor>,
}

enum State {
    Loading,
    Missing,
    Ready(Arc<Loaded>),
}

/// The place of the model.
pub(crate) struct ModelSlot {
    state: RwLock<State>,
}

impl ModelSlot {
    /// A place that waits for its model.
    pub(crate) fn new() -> Self {
        Self {
            state: RwLock::new(State::Loading),
        }
    }

    fn set(&self, state: State) {
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// Puts a model there.
    pub(crate) fn fill(&self, predictor: Predictor) {
        self.set(State::Ready(Arc::new(Loaded {
            predictor: Arc::new(predictor),
        })));
    }

    /// The model.
    ///
    /// # Errors
    /// [`Code::ModelLoading`] or [`Code::ModelMissing`]: there is never an answer without a model.
    pub(crate) fn get(&self) -> Result<Arc<Loaded>, Problem> {
        match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Ready(loaded) => Ok(Arc::clone(loaded)),
            State::Loading => Err(Problem::new(
                Code::ModelLoading,
                "expected a model, found it still being loaded; ask again in a second",
            )),
            State::Missing => Err(Problem::new(
                Code::ModelMissing,
                "expected a model, found none that loads; the service's log says why",
            )),
        }
    }
}

/// Opens the configured model: reads it, checks that it answers as when it was written, and makes
/// it ready.
pub(crate) fn open(config: &ServeConfig) -> Result<Predictor, ModelError> {
    let Some(path) = &config.model else {
        return Err(ModelError {
            path: PathBuf::from("model"),
            reason: "expected a model file, found none in the configuration".into(),
        });
    };
    let options = PredictorOptions {
        crop: match config.crop {
            Crop::Auto => CropSource::Auto,
            Crop::None => CropSource::None,
        },
        threshold: config.threshold,
    };
    let device = burn::tensor::Device::flex();
    let file = ModelFile::read(path)?;
    file.verify(path, &device)?;
    Predictor::new(&file, path, &options, &device)
}

/// Loads in this thread until there is a model or the service ends. An error only if the service
/// may not wait for a model that does not load.
pub(crate) fn load(
    config: &ServeConfig,
    slot: &ModelSlot,
    closing: &AtomicBool,
) -> Result<(), ModelError> {
    let mut said = String::new();
    loop {
        let begin = Instant::now();
        match open(config) {
            Ok(predictor) => {
                let card = predictor.card();
                let (name, weights) = (card.name.clone(), card.weights_sha256.clone());
                let rendered_only = card.is_rendered_only();
                // Before the line: who reads it asks at once.
                slot.fill(predictor);
                tracing::info!(
                    model = name,
                    weights,
                    rendered_only,
                    seconds = begin.elapsed().as_secs_f64(),
                    "model ready"
                );
                return Ok(());
            }
            Err(error) if !config.allow_missing_model => return Err(error),
            Err(error) => {
                slot.set(State::Missing);
                let message = error.to_string();
                if message != said {
                    tracing::error!(
                        error = message,
                        "no model; it is looked for again and again"
                    );
                    said = message;
                }
            }
        }
        let until = Instant::now() + AGAIN;
        while Instant::now() < until {
            if closing.load(Ordering::Relaxed) {
                return Ok(());
            }
            thread::sleep(LOOK);
        }
    }
}
