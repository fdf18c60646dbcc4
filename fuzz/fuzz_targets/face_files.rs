//! Any bytes are the `.face` file of a video or an error: boxes (Replay-Attack, CASIA-MFSD), boxes
//! with eyes (MSU-MFSD, upright and upside down).
#![no_main]

use fasgard_fuzz::annotation;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for (layout, stem, extension) in [
        (
            "replay-attack",
            "train/real/client001_session01_webcam_authenticate_adverse_1",
            "mov",
        ),
        ("casia-mfsd", "train_release/1/1", "avi"),
        (
            "msu-mfsd",
            "scene01/real/real_client001_android_SD_scene01",
            "mp4",
        ),
        (
            "msu-mfsd",
            "scene01/real/real_client008_android_SD_scene01",
            "mp4",
        ),
    ] {
        let (medium, file) = (format!("{stem}.{extension}"), format!("{stem}.face"));
        annotation(layout, &medium, &file, bytes);
    }
});
