//! `fasgard predict`.

pub(super) mod inputs;
mod overlay;
mod table;

use std::{ops::ControlFlow, path::Path};

use fasgard_data::{FrameChoice, Tools, VideoError, VideoLimits};
use fasgard_image::{DecodeLimits, RgbImage, decode};
use fasgard_metrics::Fuse;
use fasgard_model::{CropSource, Predictor, PredictorOptions, Session};

use crate::{
    args::Predict,
    failure::misuse,
    progress::{Progress, say},
};
use inputs::Input;
use table::{FileAnswer, VideoFrame};

pub(super) fn run(args: &Predict) -> anyhow::Result<()> {
    let choice: FrameChoice = args.frames.parse().map_err(misuse)?;
    let fuse: Fuse = args.fuse.parse().map_err(misuse)?;
    let options = PredictorOptions {
        crop: crop_source(&args.crop),
        threshold: args.threshold,
    };
    let mut inputs = inputs::collect(&args.inputs)?;
    inputs::distinct_places(&mut inputs);
    let predictor = Predictor::open(&args.model, &options).map_err(misuse)?;
    super::note_if_rendered(predictor.card());
    let task = Task {
        predictor: &predictor,
        choice,
        fuse,
        overlay: args.overlay.as_deref(),
    };
    let answers = task.judge_all("predict", &inputs)?;
    if let Some(warning) = unlike_training(&answers, &predictor) {
        say(&warning);
    }
    if args.json {
        for answer in &answers {
            super::print(&format!("{}\n", serde_json::to_string(answer)?))?;
        }
    } else {
        let width = answers
            .iter()
            .map(FileAnswer::name_width)
            .max()
            .unwrap_or(0);
        let mut text: String = answers.iter().map(|a| a.line(width)).collect();
        text += &format!("live if {}\n", predictor.threshold());
        super::print(&text)?;
    }
    match answers.iter().filter(|a| a.is_unreadable()).count() {
        0 => Ok(()),
        bad => anyhow::bail!("{bad} of {} files could not be read", answers.len()),
    }
}

/// What to say where many scores lie where the dev set had next to none: more than a fifth of at least
/// ten frames, when of dev's own it is one in fifty.
fn unlike_training(answers: &[FileAnswer], predictor: &Predictor) -> Option<String> {
    let [low, high] = predictor.card().dev_scores?.between()?;
    let counts = answers.iter().map(FileAnswer::unfamiliar_frames);
    let [all, odd] = counts.fold([0, 0], |sum, c| [sum[0] + c[0], sum[1] + c[1]]);
    (all >= 10 && odd * 5 > all).then(|| {
        format!(
            "warning: {odd} of {all} scores lie between {low:.4} and {high:.4}, where the model's dev set had next to none: this camera is unlike those of training (fasgard calibrate)"
        )
    })
}

/// The value of `--crop`.
pub(super) fn crop_source(name: &str) -> CropSource {
    match name {
        "none" => CropSource::None,
        _ => CropSource::Auto,
    }
}

/// What every file is judged with.
pub(super) struct Task<'a> {
    pub(super) predictor: &'a Predictor,
    pub(super) choice: FrameChoice,
    pub(super) fuse: Fuse,
    pub(super) overlay: Option<&'a Path>,
}

impl Task<'_> {
    /// One answer a file, in their order; an error only if ffmpeg is needed and missing, or an
    /// overlay cannot be written.
    pub(super) fn judge_all(
        &self,
        label: &str,
        inputs: &[Input],
    ) -> anyhow::Result<Vec<FileAnswer>> {
        let tools = match inputs.iter().any(|i| i.video) {
            true => Some(Tools::find().map_err(misuse)?),
            false => None,
        };
        let mut progress = Progress::new(label, "files", inputs.len() as u64);
        let mut answers = Vec::with_capacity(inputs.len());
        for (i, input) in inputs.iter().enumerate() {
            answers.push(match tools.as_ref().filter(|_| input.video) {
                Some(tools) => self.video(input, tools)?,
                None => self.image(input)?,
            });
            if inputs.len() > 1 {
                progress.set(i as u64 + 1, "");
            }
        }
        Ok(answers)
    }

    fn image(&self, input: &Input) -> anyhow::Result<FileAnswer> {
        let honour = self.predictor.card().preprocess.exif_orientation;
        let image = match decode(&input.path, &DecodeLimits::default(), honour) {
            Ok(image) => image,
            Err(error) => {
                let error = error.to_string();
                return Ok(FileAnswer::unreadable(&input.path, self.predictor, &error));
            }
        };
        let answer = self.predictor.image(&image, None);
        if let Some(folder) = self.overlay {
            let picture = overlay::draw(&image, &answer, self.predictor);
            overlay::save(folder, &input.place, &picture)?;
        }
        Ok(FileAnswer::image(&input.path, self.predictor, answer))
    }

    fn video(&self, input: &Input, tools: &Tools) -> anyhow::Result<FileAnswer> {
        let limits = VideoLimits::default();
        let mut session = Session::new(self.fuse);
        let mut frames = Vec::new();
        let mut drawn = Ok(());
        let decoded = tools.probe(&input.path, &limits).and_then(|info| {
            let indices = self
                .choice
                .indices(info.frames, &input.place.to_string_lossy());
            let each = &mut |frame: u64, image: RgbImage| {
                let answer = session.push(self.predictor, &image);
                if let Some(folder) = self.overlay {
                    let picture = overlay::draw(&image, &answer, self.predictor);
                    let mut place = input.place.clone().into_os_string();
                    place.push(format!("-{frame:06}"));
                    drawn = overlay::save(folder, place.as_ref(), &picture);
                    if drawn.is_err() {
                        return ControlFlow::Break(());
                    }
                }
                frames.push(VideoFrame { frame, answer });
                ControlFlow::Continue(())
            };
            tools.frames(&input.path, &info, &indices, false, &limits, each)
        });
        drawn?;
        let answer = |problem| {
            let answer = session.answer(self.predictor);
            FileAnswer::video(&input.path, self.predictor, &answer, frames, problem)
        };
        Ok(match decoded {
            Ok(decoded) => answer(decoded.problem),
            Err(error) => unreadable(&input.path, self.predictor, &error),
        })
    }
}

fn unreadable(path: &Path, predictor: &Predictor, error: &VideoError) -> FileAnswer {
    FileAnswer::unreadable(path, predictor, &error.to_string())
}
