//! Any bytes are a model file or an error; one that is read is written and read back the same.
#![no_main]

use fasgard_fuzz::{with_folder, write};
use fasgard_model::ModelFile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    with_folder(|folder| {
        write(folder, "model.safetensors", bytes);
        let Ok(file) = ModelFile::read(folder.join("model.safetensors")) else {
            return;
        };
        let again = folder.join("again.safetensors");
        file.write(&again).expect("a file that was read can be written");
        let mut read = ModelFile::read(&again).expect("and read");
        let mut file = file;
        for list in [&mut read.weights, &mut file.weights] {
            list.sort_by(|a, b| a.name.cmp(&b.name));
        }
        assert_eq!(read, file);
    });
});
