//! What the targets share: files in one folder of the process, and looking an annotation up.

use std::cell::OnceCell;
use std::fs;
use std::path::Path;

use fasgard_data::layout::by_name;
use fasgard_data::{ManifestRow, RelativePath};
use fasgard_metrics::Label;

thread_local! {
    /// Lives as long as the process: making a folder takes longer than most runs.
    static FOLDER: OnceCell<tempfile::TempDir> = const { OnceCell::new() };
}

/// Calls `work` with a folder that keeps its files from run to run.
pub fn with_folder(work: impl FnOnce(&Path)) {
    FOLDER.with(|cell| {
        let folder = cell.get_or_init(|| tempfile::tempdir().expect("a temporary folder"));
        work(folder.path());
    });
}

/// Writes a file below `folder`.
pub fn write(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    if fs::write(&path, bytes).is_err() {
        let parent = path.parent().expect("a file is in a folder");
        fs::create_dir_all(parent).expect("a folder");
        fs::write(&path, bytes).expect("a file");
    }
}

/// Reads the annotation of a medium with `file` of these bytes and asks for places in all kinds of
/// frames; numbers that come back are finite, boxes have an area.
pub fn annotation(layout: &str, medium: &str, file: &str, bytes: &[u8]) {
    with_folder(|folder| {
        write(folder, &format!("{layout}/{file}"), bytes);
        let layout_of = by_name(layout).expect("a layout");
        let sample = Path::new(medium)
            .file_stem()
            .and_then(|s| s.to_str())
            .expect("a name");
        let image = RelativePath::new(medium).expect("a path");
        let row = ManifestRow::new("d", sample, Label::Live, None, image);
        let root = folder.join(layout);
        let Ok(annotations) = layout_of.annotations(&root, &row) else {
            return;
        };
        for frame in [0, 1, 6, 1_000_000, u64::MAX] {
            for size in [(1, 1), (640, 480), (u32::MAX, u32::MAX)] {
                let Some(place) = annotations.at(frame, size) else {
                    continue;
                };
                if let Some(face) = place.face {
                    assert!(face.is_valid(), "{face:?}");
                }
                if let Some(eyes) = place.eyes {
                    let all = [eyes.right, eyes.left].concat();
                    assert!(all.iter().all(|v| v.is_finite()), "{eyes:?}");
                }
            }
        }
    });
}
