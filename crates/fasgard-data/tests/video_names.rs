//! Names are names, whatever they look like to a command line or to ffmpeg. Alone in its binary:
//! it changes the current folder.
#![allow(clippy::unwrap_used)]

mod video_clips;

use std::path::Path;

use video_clips::*;

#[test]
#[ignore = "needs ffmpeg"]
fn any_name_is_a_plain_file() {
    let folder = tempfile::tempdir().unwrap();
    let first = folder.path().join("first.mp4");
    clip(&first, 64, 48, 8, &H264);
    std::env::set_current_dir(folder.path()).unwrap();
    let mut names: Vec<std::ffi::OsString> = [
        "-x.mp4",
        "-i",
        "a b.mp4",
        "größe 日本.mp4",
        "it's;$(x).mp4",
        "%03d.mp4",
        "[0:v],.mp4",
    ]
    .map(Into::into)
    .into();
    if cfg!(unix) {
        names.extend(
            [
                "http:x.mp4",
                "pipe:",
                "concat:a|b",
                "two\nlines.mp4",
                "\"q\\.mp4",
            ]
            .map(Into::into),
        );
    }
    #[cfg(target_os = "linux")]
    names.push(std::os::unix::ffi::OsStringExt::from_vec(
        b"\xff\xfe.mp4".to_vec(),
    ));
    for name in names {
        let path = Path::new(&name);
        std::fs::copy(&first, path).unwrap();
        let info = probe(path).unwrap();
        assert_eq!(info.frames, 8, "{}", path.display());
        assert_exact(path, &info, &[1, 6]);
    }
}
