//! The end of a run: dev scores, the threshold, the model file.

use burn::tensor::Device;
use fasgard_data::{Dataset, Sample};
use fasgard_metrics::{Label, Origin, ScoreFile};
use fasgard_model::{
    DevScores, ModelCard, ModelFile, SCHEMA, SelfTest, TrainingCard, read_tensors, weights_sha256,
};

use crate::{
    ExperimentConfig, TrainError, data_cards, run::Run, score_samples, validation::dev_threshold,
};

/// Scores dev with the best weights, chooses the threshold, writes the model file; returns the
/// hash of the weights.
pub(crate) fn finish(
    run: &mut Run,
    config: &ExperimentConfig,
    dataset: &Dataset,
    dev: Vec<Sample>,
    device: &Device,
) -> Result<String, TrainError> {
    let best_file = run.files.best();
    let weights = read_tensors(&best_file)?.0;
    let hash = weights_sha256(&weights);
    if let Some(best) = &run.state.best
        && best.weights_sha256 != hash
    {
        return Err(TrainError::damaged(
            &best_file,
            format!(
                "expected the weights of step {} with SHA-256 {}, found {hash}: the file is damaged; start anew in another --output",
                best.step, best.weights_sha256
            ),
        ));
    }
    run.learner
        .load(weights.clone())
        .map_err(|e| TrainError::damaged(&best_file, e.to_string()))?;
    let detector = run.learner.valid();
    let scored = score_samples(
        &detector,
        &config.model,
        &config.input,
        dev,
        config.train.batch_size,
        device,
        &mut |_| {},
    )?;
    let written = ScoreFile::write(run.files.dev_scores(), &scored.rows)?;
    let software = concat!("fasgard ", env!("CARGO_PKG_VERSION"));
    Origin::new(written, &config.name, &hash, software).write_beside(run.files.dev_scores())?;
    let dev_scores = ScoreFile::read(run.files.dev_scores())?;
    let threshold = dev_threshold(&dev_scores)?;
    let size = config.input.size as usize;
    let (best_step, dev_value) = run.state.best.as_ref().map_or((0, f64::NAN), |b| {
        (b.step, b.validation.value(config.train.metric))
    });
    let card = ModelCard {
        schema: SCHEMA,
        name: config.name.clone(),
        fasgard: env!("CARGO_PKG_VERSION").into(),
        weights_sha256: hash.clone(),
        model: config.model.clone(),
        preprocess: config.input.clone(),
        labels: [Label::Attack, Label::Live],
        thresholds: vec![threshold],
        support: None,
        gap: None,
        dev_scores: DevScores::of(&dev_scores.rows),
        self_test: SelfTest::run(&detector, &config.model, size, device),
        training: TrainingCard {
            seed: config.seed,
            steps: run.state.step,
            best_step,
            metric: config.train.metric.name().into(),
            dev_value,
            data: data_cards(dataset),
            protocol: config.protocol.clone(),
        },
        licence: String::new(),
    };
    ModelFile { card, weights }.write(run.files.model())?;
    Ok(hash)
}
