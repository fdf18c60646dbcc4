//! Bytes one behind the other.

/// Bytes of a piece, but for what is longer.
const PIECE: usize = 32 << 10;

/// Strings of bytes one behind the other in pieces of memory. Pieces are never moved: a list that doubles
/// as it grows leaves as much again behind.
#[derive(Clone, Default)]
pub(crate) struct Arena {
    pieces: Vec<Vec<u8>>,
}

/// Where a string of an [`Arena`] is. In the order in which they came.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    piece: u32,
    from: u32,
    bytes: u32,
}

impl Arena {
    /// Keeps a copy of `bytes`, at most 4 GiB.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Place {
        let room = (self.pieces.last()).is_some_and(|p| p.capacity() - p.len() >= bytes.len());
        if !room {
            self.pieces.push(Vec::with_capacity(PIECE.max(bytes.len())));
        }
        let mut place = Place {
            piece: self.pieces.len().saturating_sub(1) as u32,
            from: 0,
            bytes: bytes.len() as u32,
        };
        if let Some(piece) = self.pieces.last_mut() {
            place.from = piece.len() as u32;
            piece.extend_from_slice(bytes);
        }
        place
    }

    /// What was pushed to `place`.
    pub(crate) fn get(&self, place: Place) -> &[u8] {
        let from = place.from as usize;
        let piece = self.pieces.get(place.piece as usize);
        piece
            .and_then(|p| p.get(from..from + place.bytes as usize))
            .unwrap_or_default()
    }

    /// Bytes of memory taken.
    #[cfg(test)]
    pub(crate) fn taken(&self) -> usize {
        let pieces = self.pieces.iter().map(Vec::capacity).sum::<usize>();
        pieces + self.pieces.capacity() * size_of::<Vec<u8>>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pushed_stays() {
        let mut arena = Arena::default();
        let mut places = Vec::new();
        // Ends of pieces, nothing at all, and more than a piece.
        let lengths = (0..2000)
            .map(|n| n % 97)
            .chain([PIECE - 1, PIECE, PIECE + 1, 0, 5]);
        for (n, length) in lengths.enumerate() {
            let bytes = vec![n as u8; length];
            places.push((arena.push(&bytes), bytes));
        }
        for (place, bytes) in &places {
            assert_eq!(arena.get(*place), bytes);
        }
        assert!(places.is_sorted_by_key(|(place, _)| *place));
        let copy = arena.clone();
        assert!(
            places
                .iter()
                .all(|(place, bytes)| copy.get(*place) == bytes)
        );
    }
}
