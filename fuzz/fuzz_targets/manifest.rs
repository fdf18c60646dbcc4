//! Any bytes are a manifest or an error; one that is read is written and read back the same.
#![no_main]

use fasgard_data::{read_manifest, write_manifest};
use fasgard_fuzz::{with_folder, write};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    with_folder(|folder| {
        write(folder, "manifest.csv", bytes);
        let Ok(rows) = read_manifest(folder.join("manifest.csv")) else {
            return;
        };
        let again = folder.join("again.csv");
        write_manifest(&again, &rows).expect("what was read can be written");
        let read = read_manifest(&again).expect("what was written can be read");
        assert_eq!(read, rows);
    });
});
