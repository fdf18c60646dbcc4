//! `fasgard serve`.

use fasgard_serve::{ConfigLayers, ServeConfig, ServeError, check, run as serve};

use crate::{args::Serve, failure::misuse};

pub(super) fn run(args: &Serve) -> anyhow::Result<()> {
    let config = config(args)?;
    if args.check_config {
        check(&config).map_err(misuse)?;
        return super::print(&toml::to_string(&config)?);
    }
    serve(config).map_err(|error| match error {
        ServeError::System { .. } => error.into(),
        other => misuse(other),
    })
}

/// Default, file, environment, command line: what comes later wins.
fn config(args: &Serve) -> anyhow::Result<ServeConfig> {
    let mut layers = ConfigLayers::default();
    if let Some(path) = &args.config {
        layers.file(path).map_err(misuse)?;
    }
    // Variables that are no text are none of ours.
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    layers.environment(variables).map_err(misuse)?;
    for pair in &args.set {
        let Some((key, value)) = pair.split_once('=') else {
            return Err(misuse(format!("--set: expected key=value, found `{pair}`")));
        };
        layers
            .set(&format!("--set {pair}"), key, value)
            .map_err(misuse)?;
    }
    let text = |path: &Option<std::path::PathBuf>| {
        path.as_ref()
            .map(|path| path.to_string_lossy().into_owned())
    };
    let given = [
        ("model", text(&args.model)),
        ("listen", args.listen.clone()),
        ("crop", args.crop.clone()),
        ("threshold", args.threshold.map(|t| t.to_string())),
        ("answers", args.answers.clone()),
        ("api_keys_file", text(&args.api_keys_file)),
        ("onnx", text(&args.onnx)),
        ("face_onnx", text(&args.face_onnx)),
        ("page_assets", text(&args.page_assets)),
        (
            "allow_missing_model",
            args.allow_missing_model.then(|| "true".into()),
        ),
    ];
    for (key, value) in given {
        if let Some(value) = value {
            layers
                .set(&format!("--{}", key.replace('_', "-")), key, &value)
                .map_err(misuse)?;
        }
    }
    layers.finish().map_err(misuse)
}
