//! Any bytes are OULU-NPU's eye file of a video or an error.
#![no_main]

use fasgard_fuzz::annotation;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let stem = "Train_files/1_1_01_1";
    annotation(
        "oulu-npu",
        &format!("{stem}.avi"),
        &format!("{stem}.txt"),
        bytes,
    );
});
