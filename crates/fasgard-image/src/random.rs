//! Random streams derived from what they are for, never shared between threads.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

/// The random stream of (`seed`, `purpose`, `epoch`, `key`).
///
/// Streams of different arguments are independent, and one stream never depends on which thread
/// asks or in what order: this is what makes a run the same for any thread count.
pub fn stream(seed: u64, purpose: &str, epoch: u64, key: &str) -> ChaCha8Rng {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    hash.update((purpose.len() as u64).to_le_bytes());
    hash.update(purpose);
    hash.update(epoch.to_le_bytes());
    hash.update(key);
    ChaCha8Rng::from_seed(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;

    #[test]
    fn every_argument_counts() {
        let draw = |s, p: &str, e, k: &str| stream(s, p, e, k).random::<u64>();
        let base = draw(1, "flip", 0, "a");
        assert_eq!(base, draw(1, "flip", 0, "a"));
        for other in [
            draw(2, "flip", 0, "a"),
            draw(1, "crop", 0, "a"),
            draw(1, "flip", 1, "a"),
            draw(1, "flip", 0, "b"),
        ] {
            assert_ne!(base, other);
        }
    }
}
