//! The service: what all requests share.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use fasgard_image::FaceBox;
use fasgard_model::Predictor;
use tokio::sync::oneshot;

use crate::{
    Code, Problem, ServeConfig, ServeError,
    assets::Assets,
    held::{Held, HeldBytes},
    ids,
    judge::{Job, Judged, Worker, too_slow},
    keys::Keys,
    metrics::{Gauges, Metrics},
    model::{self, ModelSlot},
    queue::{Arriving, Queue, Refused},
    server::{HEADER_BYTES, HEADER_FIELDS},
    sessions::Sessions,
};

/// Checks a configuration with its files, as far as that needs no listening: the model is opened and
/// tested, keys and files of the page are read.
///
/// # Errors
/// The first thing that would keep the service from starting.
pub fn check(config: &ServeConfig) -> Result<(), ServeError> {
    config.validate()?;
    Keys::load(config)?;
    Assets::load(config)?;
    match config.allow_missing_model {
        true => Ok(()),
        false => model::open(config).map(drop).map_err(ServeError::from),
    }
}

/// The service without its sockets: the model, the queue and its workers, sessions, keys, counters.
pub struct Service {
    pub(crate) config: ServeConfig,
    pub(crate) keys: Keys,
    pub(crate) assets: Assets,
    pub(crate) model: Arc<ModelSlot>,
    pub(crate) sessions: Sessions,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) held: Arc<Held>,
    pub(crate) connections: AtomicUsize,
    queue: Arc<Queue<Job>>,
    closing: Arc<AtomicBool>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Service {
    /// A service whose model is not there yet: see [`load`](Self::load). Its workers run.
    ///
    /// # Errors
    /// The configuration does not hold, or a file of keys or of the page cannot be used.
    pub fn new(config: ServeConfig) -> Result<Arc<Self>, ServeError> {
        config.validate()?;
        let service = Self {
            keys: Keys::load(&config)?,
            assets: Assets::load(&config)?,
            model: Arc::new(ModelSlot::new()),
            sessions: Sessions::new(&config),
            metrics: Arc::new(Metrics::new()),
            held: Held::new(config.max_held_bytes),
            connections: AtomicUsize::new(0),
            queue: Arc::new(Queue::new(config.queue as usize)),
            closing: Arc::new(AtomicBool::new(false)),
            threads: Mutex::new(Vec::new()),
            config,
        };
        for number in 0..service.config.workers {
            let worker = Worker::new(
                &service.config,
                Arc::clone(&service.queue),
                Arc::clone(&service.model),
                Arc::clone(&service.metrics),
            );
            service.spawn(&format!("judge-{number}"), move || worker.run())?;
        }
        Ok(Arc::new(service))
    }

    /// A service with a model from memory.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_predictor(
        mut config: ServeConfig,
        predictor: Predictor,
    ) -> Result<Arc<Self>, ServeError> {
        // The file is not looked for: there is a model already.
        config.allow_missing_model = true;
        let service = Self::new(config)?;
        service.model.fill(predictor);
        Ok(service)
    }

    /// Loads the configured model in a thread of its own: the service listens meanwhile, and says
    /// that it is not ready. What comes back fails if the model does not load and may not be missing.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn load(&self) -> Result<oneshot::Receiver<ServeError>, ServeError> {
        let (failed, failure) = oneshot::channel();
        let (config, slot) = (self.config.clone(), Arc::clone(&self.model));
        let closing = Arc::clone(&self.closing);
        self.spawn("load", move || {
            if let Err(error) = model::load(&config, &slot, &closing) {
                // Nobody listens any more if the service has ended meanwhile.
                let _ = failed.send(error.into());
            }
        })?;
        Ok(failure)
    }

    fn spawn(&self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), ServeError> {
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(work)
            .map_err(|source| ServeError::System {
                what: "a thread cannot be started",
                source,
            })?;
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.push(thread);
        Ok(())
    }

    /// True once the model answers.
    pub fn is_ready(&self) -> bool {
        self.check_ready().is_ok()
    }

    /// # Errors
    /// Why the service does not judge now.
    pub(crate) fn check_ready(&self) -> Result<(), Problem> {
        match self.closing.load(Ordering::Relaxed) {
            true => Err(shutting_down()),
            false => self.model.get().map(|_| ()),
        }
    }

    /// From now on the service says that it is not ready, but goes on judging.
    pub(crate) fn announce_end(&self) {
        self.closing.store(true, Ordering::Relaxed);
    }

    /// Judges what waits, then ends the workers. Requests from now on are refused.
    pub fn end(&self) {
        self.announce_end();
        self.queue.close();
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        for thread in threads.drain(..) {
            // Workers catch panics; should one have died, the others are still waited for.
            let _ = thread.join();
        }
    }

    /// Judges one image: waits in the queue for it.
    ///
    /// # Errors
    /// The queue is full or closed, the image does not decode, or the time is over.
    pub(crate) async fn judge(
        &self,
        bytes: HeldBytes,
        previous: Option<FaceBox>,
    ) -> Result<Judged, Problem> {
        let (reply, answer) = oneshot::channel();
        let job = Job {
            bytes,
            previous,
            since: Instant::now(),
            reply,
        };
        self.queue.push(job).map_err(|refused| match refused {
            Refused::Full => {
                let limit = self.queue.limit();
                let detail = format!("expected fewer than {limit} images waiting; send it again");
                Problem::new(Code::Busy, detail)
            }
            Refused::Closed => shutting_down(),
        })?;
        let limit = self.config.answer_time();
        match tokio::time::timeout(limit, answer).await {
            Ok(Ok(judged)) => judged,
            // The worker is gone without an answer.
            Ok(Err(_)) => Err(Problem::new(
                Code::Internal,
                "the image could not be judged",
            )),
            Err(_) => Err(too_slow(limit)),
        }
    }

    /// The answer to bytes that the transport could not read as a request: counted and logged like any
    /// other, head and document as they are sent; the connection is closed after it.
    pub(crate) fn refuse_unread(&self, code: Code) -> Vec<u8> {
        let detail = match code {
            Code::HeaderTooLarge => format!(
                "expected a header of at most {HEADER_BYTES} bytes and {HEADER_FIELDS} fields, found more"
            ),
            Code::HeaderSlow => format!(
                "expected the header of the request within {} s, found a part of it",
                self.config.header_time_s
            ),
            _ => "expected an HTTP/1.1 request with one length, found other bytes".to_owned(),
        };
        let id = ids::request_id(None);
        let body = Problem::new(code, detail).json(&id);
        let status = code.status();
        self.metrics
            .request("unread", status.as_u16(), Some(code), Duration::ZERO);
        tracing::info!(
            request_id = id,
            status = status.as_u16(),
            code = code.as_str(),
            "request"
        );
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\n\
             x-request-id: {id}\r\nx-content-type-options: nosniff\r\ncache-control: no-store\r\n\
             connection: close\r\n\r\n",
            body.len()
        );
        [head.as_bytes(), &body].concat()
    }

    /// Says that an image is about to be queued: a batch waits a moment for it.
    pub(crate) fn arriving(&self) -> Arriving<'_> {
        self.queue.arriving()
    }

    /// Takes an image out of a request.
    ///
    /// # Errors
    /// What is wrong with it, or that there is no model: then its body is not even read.
    pub(crate) async fn image(
        &self,
        request: axum::extract::Request,
    ) -> Result<HeldBytes, Problem> {
        self.model.get()?;
        crate::intake::image(self, request).await
    }

    /// The threshold that verdicts are made with.
    pub(crate) fn threshold(&self) -> Result<f64, Problem> {
        Ok(self.model.get()?.predictor.threshold().value)
    }

    /// What is true now, for `/metrics`.
    pub(crate) fn gauges(&self) -> Gauges {
        let model = self.model.get().ok().map(|loaded| {
            let card = loaded.predictor.card();
            (card.name.clone(), card.weights_sha256.clone())
        });
        Gauges {
            queue: self.queue.len(),
            queue_limit: self.queue.limit(),
            connections: self.connections.load(Ordering::Relaxed),
            held_bytes: self.held.now(),
            sessions: self.sessions.count(),
            ready: self.is_ready(),
            model,
        }
    }
}

fn shutting_down() -> Problem {
    Problem::new(
        Code::ShuttingDown,
        "expected a service that goes on, found it ending; ask another one",
    )
}
