//! Any bytes are a score file or an error; one that is read is written and read back the same.
#![no_main]

use fasgard_metrics::ScoreFile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(file) = ScoreFile::parse("a.csv", bytes) else {
        return;
    };
    let csv = ScoreFile::to_csv(&file.rows).expect("what was read can be written");
    let again = ScoreFile::parse("b.csv", &csv).expect("what was written can be read");
    assert_eq!(again.rows, file.rows);
});
