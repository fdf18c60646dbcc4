//! Bytes of images in memory, bounded over all requests.

use std::{
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Most room that is made for what is only announced, in bytes.
const MOST_ROOM: usize = 1 << 20;

/// How many bytes may be held, and how many are.
pub(crate) struct Held {
    limit: u64,
    now: AtomicU64,
}

/// Bytes that count against the limit until they are dropped.
pub(crate) struct HeldBytes {
    bytes: Vec<u8>,
    counted: u64,
    held: Arc<Held>,
}

impl Held {
    pub(crate) fn new(limit: u64) -> Arc<Self> {
        Arc::new(Self {
            limit,
            now: AtomicU64::new(0),
        })
    }

    /// Bytes that are held now.
    pub(crate) fn now(&self) -> u64 {
        self.now.load(Ordering::Relaxed)
    }

    /// No bytes yet.
    pub(crate) fn empty(self: &Arc<Self>) -> HeldBytes {
        HeldBytes {
            bytes: Vec::new(),
            counted: 0,
            held: Arc::clone(self),
        }
    }
}

impl HeldBytes {
    /// Makes room for an image of so many bytes, up to a MiB: coming in pieces, it is then not moved
    /// from one place to a larger one again and again. Room is not counted, as nothing lies there yet.
    pub(crate) fn make_room(&mut self, announced: u64) {
        let room = usize::try_from(announced).unwrap_or(MOST_ROOM);
        self.bytes.reserve(room.min(MOST_ROOM));
    }

    /// Appends a piece; false, and nothing is kept of it, if that would be more than may be held.
    pub(crate) fn extend(&mut self, piece: &[u8]) -> bool {
        let length = piece.len() as u64;
        let before = self.held.now.fetch_add(length, Ordering::Relaxed);
        if before.saturating_add(length) > self.held.limit {
            self.held.now.fetch_sub(length, Ordering::Relaxed);
            return false;
        }
        self.counted += length;
        self.bytes.extend_from_slice(piece);
        true
    }
}

impl Deref for HeldBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for HeldBytes {
    fn drop(&mut self) {
        self.held.now.fetch_sub(self.counted, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_makes_room() {
        let held = Held::new(10);
        let mut first = held.empty();
        first.make_room(u64::MAX);
        assert_eq!(held.now(), 0);
        assert!(first.extend(b"0123") && first.extend(b"45"));
        let mut second = held.empty();
        assert!(!second.extend(b"01234"));
        assert!(second.extend(b"0123"));
        assert_eq!((held.now(), &*first), (10, &b"012345"[..]));
        drop(first);
        assert!(second.extend(b"456789"));
        drop(second);
        assert_eq!(held.now(), 0);
    }
}
