//! The worker: what waits is judged in batches.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

use fasgard_image::{DecodeError, DecodeLimits, FaceBox, RgbImage, decode_bytes};
use fasgard_model::{FrameAnswer, Predictor};
use rayon::prelude::*;
use tokio::sync::oneshot;

use crate::{
    Code, Problem, ServeConfig, held::HeldBytes, intake::refusal, metrics::Metrics,
    model::ModelSlot, queue::Queue,
};

/// An image that waits.
pub(crate) struct Job {
    /// The file; its header was checked.
    pub(crate) bytes: HeldBytes,
    /// Where the face was in the frame before.
    pub(crate) previous: Option<FaceBox>,
    /// When its body was complete.
    pub(crate) since: Instant,
    /// Where the answer goes.
    pub(crate) reply: oneshot::Sender<Result<Judged, Problem>>,
}

/// An image that was judged.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    pub(crate) answer: FrameAnswer,
    /// Of the upright image, in pixels.
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Seconds in the queue.
    pub(crate) queue_s: f64,
    pub(crate) decode_s: f64,
}

/// What a worker needs.
pub(crate) struct Worker {
    pub(crate) queue: Arc<Queue<Job>>,
    pub(crate) model: Arc<ModelSlot>,
    pub(crate) metrics: Arc<Metrics>,
    limits: DecodeLimits,
    batch: usize,
    company: Duration,
    patience: Duration,
}

impl Worker {
    pub(crate) fn new(
        config: &ServeConfig,
        queue: Arc<Queue<Job>>,
        model: Arc<ModelSlot>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            queue,
            model,
            metrics,
            limits: config.decode_limits(),
            batch: config.batch as usize,
            company: Duration::from_millis(config.batch_wait_ms),
            patience: config.answer_time(),
        }
    }

    /// Judges until the queue is closed and empty.
    pub(crate) fn run(&self) {
        while let Some(jobs) = self.queue.take(self.batch, self.company) {
            // Who has gone away or waited too long is not judged: under load that is what keeps
            // the others' answers in time.
            let (jobs, late): (Vec<Job>, Vec<Job>) = jobs
                .into_iter()
                .filter(|job| !job.reply.is_closed())
                .partition(|job| job.since.elapsed() < self.patience);
            for job in late {
                // A client that has gone needs no answer, here and below.
                let _ = job.reply.send(Err(too_slow(self.patience)));
            }
            if !jobs.is_empty() {
                self.batch(jobs);
            }
        }
    }

    fn batch(&self, jobs: Vec<Job>) {
        let predictor = match self.model.get() {
            Ok(loaded) => Arc::clone(&loaded.predictor),
            Err(problem) => {
                for job in jobs {
                    let _ = job.reply.send(Err(problem.clone()));
                }
                return;
            }
        };
        self.metrics.batch(jobs.len());
        let begin = Instant::now();
        let honour = predictor.card().preprocess.exif_orientation;
        let decoded: Vec<(Result<RgbImage, Problem>, f64)> = jobs
            .par_iter()
            .map(|job| {
                let begin = Instant::now();
                let image = decode(&job.bytes, &self.limits, honour);
                (image, begin.elapsed().as_secs_f64())
            })
            .collect();
        let frames: Vec<(&RgbImage, Option<FaceBox>)> = decoded
            .iter()
            .zip(&jobs)
            .filter_map(|((image, _), job)| Some((image.as_ref().ok()?, job.previous)))
            .collect();
        let mut answers = judge(&predictor, &frames).into_iter();
        for (job, (image, decode_s)) in jobs.into_iter().zip(&decoded) {
            let reply = match image {
                Err(problem) => Err(problem.clone()),
                Ok(image) => answers
                    .next()
                    .unwrap_or_else(|| Err(failed()))
                    .map(|answer| Judged {
                        answer,
                        width: image.width(),
                        height: image.height(),
                        queue_s: begin.saturating_duration_since(job.since).as_secs_f64(),
                        decode_s: *decode_s,
                    }),
            };
            let _ = job.reply.send(reply);
        }
    }
}

/// Decodes; a decoder that panics on hostile content refuses that image only.
fn decode(bytes: &[u8], limits: &DecodeLimits, honour: bool) -> Result<RgbImage, Problem> {
    let decoded: Result<Result<RgbImage, DecodeError>, _> =
        catch_unwind(|| decode_bytes("image", bytes, limits, honour));
    match decoded {
        Ok(Ok(image)) => Ok(image),
        Ok(Err(error)) => Err(refusal(&error)),
        Err(_) => Err(Problem::new(Code::Malformed, "the decoder gave up on it")),
    }
}

/// Judges together; should that panic, one by one, so that one image does not cost the others'
/// answers.
fn judge(
    predictor: &Predictor,
    frames: &[(&RgbImage, Option<FaceBox>)],
) -> Vec<Result<FrameAnswer, Problem>> {
    // A predictor has no state that a panic could leave half-changed.
    let judged = |frames: &[_]| catch_unwind(AssertUnwindSafe(|| predictor.frames(frames))).ok();
    match judged(frames) {
        Some(answers) => answers.into_iter().map(Ok).collect(),
        None => frames
            .iter()
            .map(|frame| {
                judged(std::slice::from_ref(frame))
                    .and_then(|mut answers| answers.pop())
                    .ok_or_else(failed)
            })
            .collect(),
    }
}

fn failed() -> Problem {
    Problem::new(Code::Internal, "the image could not be judged")
}

/// The refusal of what was not judged in time.
pub(crate) fn too_slow(limit: Duration) -> Problem {
    let seconds = limit.as_secs();
    Problem::new(
        Code::TooSlow,
        format!("expected an answer within {seconds} s, found more work before it"),
    )
}
