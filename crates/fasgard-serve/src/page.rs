//! The web page's files, built into the program.

use std::{collections::BTreeMap, sync::LazyLock};

use crate::assets::File;

/// Media type of bytes of any kind.
pub(crate) const BYTES: &str = "application/octet-stream";

macro_rules! file {
    ($name:literal) => {
        ($name, include_bytes!(concat!("../page/", $name)) as &[u8])
    };
}

/// One line a file of `page/`; `index.html` is also what `/` serves.
const FILES: &[(&str, &[u8])] = &[
    file!("announce.js"),
    file!("answer.js"),
    file!("app.js"),
    file!("base.css"),
    file!("camera.js"),
    file!("card.js"),
    file!("colormap.js"),
    file!("detect.js"),
    file!("dom.js"),
    file!("frame.js"),
    file!("gauge.js"),
    file!("history.js"),
    file!("icon.svg"),
    file!("index.html"),
    file!("live.js"),
    file!("local.js"),
    file!("maps.js"),
    file!("onnx.js"),
    file!("panels.css"),
    file!("photo.js"),
    file!("preprocess.js"),
    file!("resample.js"),
    file!("server.js"),
    file!("sessions.js"),
    file!("stage.css"),
    file!("stage.js"),
    file!("verdict.js"),
    file!("view.js"),
    file!("worker.js"),
];

static SERVED: LazyLock<BTreeMap<&str, File>> = LazyLock::new(|| {
    let served = |&(name, bytes): &(&'static str, &'static [u8])| {
        (name, File::new(kind(name).unwrap_or(BYTES), bytes))
    };
    FILES.iter().map(served).collect()
});

/// A file of the page by its name.
pub(crate) fn file(name: &str) -> Option<&'static File> {
    SERVED.get(name)
}

/// The media type of a name; none for names that are not served.
pub(crate) fn kind(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    Some(match extension {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "wasm" => "application/wasm",
        "onnx" => BYTES,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_a_kind_and_the_folder_has_no_other() {
        for (name, _) in FILES {
            assert!(kind(name).is_some() && file(name).is_some(), "{name}");
        }
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/page");
        let count = std::fs::read_dir(page).unwrap().filter(|entry| {
            let path = entry.as_ref().unwrap().path();
            path.is_file() && kind(path.to_str().unwrap()).is_some()
        });
        let own = FILES.iter().filter(|(name, _)| !name.contains('/'));
        assert_eq!(
            own.count(),
            count.count(),
            "one line of FILES a file of {page}"
        );
    }

    #[test]
    fn pages_keep_to_the_policy() {
        for (name, bytes) in FILES.iter().filter(|(name, _)| name.ends_with(".html")) {
            let text = std::str::from_utf8(bytes).unwrap();
            for part in [
                "<script>", "<style", "style=\"", "onclick=", "onload=", "//cdn",
            ] {
                assert!(!text.contains(part), "{name} has `{part}`");
            }
        }
    }
}
