//! Any bytes are a network or an error; a small network also runs.
#![no_main]

use fasgard_face::tflite::Network;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(network) = Network::read(bytes) {
        let len: usize = network.input_shape().iter().product();
        if len <= 1 << 12 {
            let _ = network.run(vec![0.5; len]);
        }
    }
});
