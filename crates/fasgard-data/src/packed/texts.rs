//! Lists of texts.

use super::{Arena, Finder, Place};

/// A list of texts.
#[derive(Clone, Default)]
pub(crate) struct Texts {
    arena: Arena,
    places: Vec<Place>,
}

impl Texts {
    pub(crate) fn push(&mut self, text: &str) {
        self.places.push(self.arena.push(text.as_bytes()));
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// The text of an index; empty beyond the end.
    pub(crate) fn get(&self, index: usize) -> &str {
        self.places.get(index).map_or("", |&p| self.at(p))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.places.iter().map(|&place| self.at(place))
    }

    /// Puts the texts in the order of their bytes.
    pub(crate) fn sort(&mut self) {
        let mut places = std::mem::take(&mut self.places);
        places.sort_unstable_by_key(|&place| self.arena.get(place));
        self.places = places;
    }

    /// The index of a text in a list that was sorted.
    pub(crate) fn find(&self, text: &str) -> Option<usize> {
        let found = self.places.binary_search_by_key(&text, |&p| self.at(p));
        found.ok()
    }

    fn at(&self, place: Place) -> &str {
        // Only whole texts are pushed.
        std::str::from_utf8(self.arena.get(place)).unwrap_or_default()
    }
}

/// Texts that come again and again, each kept once under a number.
#[derive(Clone, Default)]
pub(crate) struct Pool {
    texts: Texts,
    finder: Finder,
}

impl Pool {
    /// The number of a text.
    pub(crate) fn number(&mut self, text: &str) -> u32 {
        let next = self.texts.len() as u32;
        let named = |number| self.texts.get(number as usize) == text;
        let known = self.finder.find_or_note(text, next, named);
        known.unwrap_or_else(|| {
            self.texts.push(text);
            next
        })
    }

    /// Adds a text; false if it was there.
    pub(crate) fn insert(&mut self, text: &str) -> bool {
        let before = self.texts.len();
        self.number(text);
        self.texts.len() > before
    }

    /// The text of a number.
    pub(crate) fn text(&self, number: u32) -> &str {
        self.texts.get(number as usize)
    }

    /// Bytes of memory taken.
    #[cfg(test)]
    pub(crate) fn taken(&self) -> usize {
        let places = self.texts.places.capacity() * size_of::<Place>();
        self.texts.arena.taken() + places + self.finder.taken()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_sorted_and_found() {
        let mut texts = Texts::default();
        let given = ["b/2", "é", "a", "", "b"];
        given.iter().for_each(|text| texts.push(text));
        assert!(texts.iter().eq(given));
        texts.sort();
        assert!(texts.iter().eq(["", "a", "b", "b/2", "é"]));
        assert_eq!((texts.find("b/2"), texts.find("c")), (Some(3), None));
        assert_eq!((texts.get(4), texts.get(5), texts.len()), ("é", "", 5));
    }

    #[test]
    fn a_pool_keeps_each_text_once() {
        let mut pool = Pool::default();
        let numbers = ["x", "y", "x", "", "y"].map(|text| pool.number(text));
        assert_eq!(numbers, [0, 1, 0, 2, 1]);
        assert_eq!([2, 1, 0].map(|n| pool.text(n).to_owned()), ["", "y", "x"]);
        assert_eq!(
            ["x", "z", "z"].map(|text| pool.insert(text)),
            [false, true, false]
        );
    }
}
