//! `--protocol FILE --fold NAME`: a fold that assigns the splits.

use std::path::{Path, PathBuf};

use fasgard_data::Dataset;
use fasgard_data::protocol::{Fold, Protocol};
use fasgard_model::{ModelCard, ProtocolCard};
use fasgard_train::{ExperimentConfig, RunFiles};

use crate::{args::FoldArgs, failure::misuse, progress::say};

/// Opens datasets, with the splits of a fold if one is given. What the fold says is printed.
pub(super) fn open(
    data: &[PathBuf],
    args: &FoldArgs,
) -> anyhow::Result<(Dataset, Option<ProtocolCard>)> {
    let dataset = Dataset::open_all(data).map_err(misuse)?;
    // The command line asks for both or none.
    let (Some(path), Some(name)) = (&args.protocol, &args.fold) else {
        return Ok((dataset, None));
    };
    let protocol = Protocol::read(path).map_err(misuse)?;
    let fold = protocol.fold(&dataset, name).map_err(misuse)?;
    announce(&fold);
    let card = card(&protocol, name);
    Ok((fold.apply(dataset), Some(card)))
}

/// Warns of a model that was trained on other splits than those it meets now.
pub(super) fn warn_of_another(model: &ModelCard, given: Option<&ProtocolCard>) {
    let trained = model.training.protocol.as_ref();
    if let Some(trained) = trained.filter(|_| trained != given) {
        say(&format!(
            "warning: the model was trained on {trained}, and is scored on {}: what it was trained on may be in this split",
            given.map_or("the manifests' own splits".to_owned(), ToString::to_string)
        ));
    }
}

/// Prints the notes and differences of a fold.
pub(crate) fn announce(fold: &Fold) {
    for note in &fold.notes {
        say(&format!("note: fold `{}`: {note}", fold.name));
    }
    for difference in &fold.differences {
        say(&format!("warning: {difference}"));
    }
}

/// What a run remembers of its fold.
pub(crate) fn card(protocol: &Protocol, fold: &str) -> ProtocolCard {
    ProtocolCard {
        name: protocol.file().name.clone(),
        fold: fold.to_owned(),
        sha256: protocol.sha256().to_owned(),
    }
}

/// Refuses to go on with a run of another fold, or of another state of the protocol's file. A run
/// without a readable configuration is the trainer's to refuse.
pub(super) fn same(run: &Path, given: Option<&ProtocolCard>) -> anyhow::Result<()> {
    let path = RunFiles::new(run).config();
    let Ok(old) = ExperimentConfig::read(&path, &[]) else {
        return Ok(());
    };
    if old.protocol.as_ref() == given {
        return Ok(());
    }
    let name =
        |card: Option<&ProtocolCard>| card.map_or("no protocol".to_owned(), ToString::to_string);
    Err(misuse(format!(
        "{}: key `protocol`: expected {}, found {} on the command line; resume with the same fold, or choose another --output",
        path.display(),
        name(old.protocol.as_ref()),
        name(given)
    )))
}
