//! Nonces that were used, remembered for a while and up to a number.

use std::{
    collections::{HashSet, VecDeque},
    time::{Duration, Instant},
};

use sha2::{Digest, Sha256};

use crate::{Code, Problem};

/// Used nonces. Half a digest each: what is stored does not grow with what clients send.
pub(super) struct Nonces {
    used: HashSet<[u8; 16]>,
    order: VecDeque<(Instant, [u8; 16])>,
    most: usize,
    remembered: Duration,
}

impl Nonces {
    pub(super) fn new(most: usize, remembered: Duration) -> Self {
        Self {
            used: HashSet::new(),
            order: VecDeque::new(),
            most,
            remembered,
        }
    }

    /// Uses a nonce.
    ///
    /// # Errors
    /// [`Code::NonceReplayed`] if it was used within the remembered time; [`Code::TooManySessions`]
    /// if no more can be remembered: forgetting one would let it be replayed.
    pub(super) fn take(&mut self, nonce: &str) -> Result<(), Problem> {
        while let Some(&(when, digest)) = self.order.front()
            && when.elapsed() >= self.remembered
        {
            self.used.remove(&digest);
            self.order.pop_front();
        }
        let full: [u8; 32] = Sha256::digest(nonce.as_bytes()).into();
        let mut digest = [0; 16];
        digest.copy_from_slice(&full[..16]);
        if self.used.contains(&digest) {
            return Err(Problem::new(
                Code::NonceReplayed,
                "expected a nonce that was never used, found one that was",
            ));
        }
        if self.used.len() >= self.most {
            return Err(Problem::new(
                Code::TooManySessions,
                format!(
                    "expected fewer than {} sessions in the remembered time",
                    self.most
                ),
            ));
        }
        self.used.insert(digest);
        self.order.push_back((Instant::now(), digest));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_memory_refuses_rather_than_forgets() {
        let mut nonces = Nonces::new(2, Duration::from_secs(3600));
        let mut take = |nonce: &str| nonces.take(nonce).map_err(|problem| problem.code);
        assert_eq!([take("a"), take("b")], [Ok(()), Ok(())]);
        assert_eq!(take("c"), Err(Code::TooManySessions));
        assert_eq!(take("a"), Err(Code::NonceReplayed));
        let mut short = Nonces::new(1, Duration::ZERO);
        assert!(short.take("a").is_ok() && short.take("a").is_ok());
        assert_eq!(short.order.len(), 1);
    }
}
