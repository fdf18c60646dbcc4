//! Texts kept once.

use std::{
    collections::HashMap,
    convert::Infallible,
    hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher},
};

/// Texts one after another in one piece of memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arena {
    text: String,
    ends: Vec<usize>,
}

impl Arena {
    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }

    /// The i-th text; empty if there is none.
    pub(crate) fn get(&self, i: usize) -> &str {
        let start = match i {
            0 => 0,
            _ => self.ends.get(i - 1).copied().unwrap_or_default(),
        };
        let end = self.ends.get(i).copied().unwrap_or(start);
        self.text.get(start..end).unwrap_or_default()
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Adds the texts of another one.
    pub(crate) fn append(&mut self, other: &Self) {
        let base = self.text.len();
        self.text.push_str(&other.text);
        self.ends.extend(other.ends.iter().map(|end| base + end));
    }
}

/// Distinct texts, numbered in the order in which they first came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    arena: Arena,
    /// Hash to number; a text whose hash is taken by another one has the next free hash.
    ids: HashMap<u64, u32, BuildHasherDefault<Same>>,
    last: u32,
}

impl Texts {
    /// The number of a text, which is added if it is new.
    pub(crate) fn id(&mut self, text: &str) -> u32 {
        let key = match self.look_up(text) {
            Ok(id) => {
                self.last = id;
                return id;
            }
            Err(key) => key,
        };
        let id = self.len() as u32;
        self.ids.insert(key, id);
        self.arena.push(text);
        self.last = id;
        id
    }

    /// The number of a text; one that is new is added if it `fits`, else none.
    pub(crate) fn id_if(&mut self, text: &str, fits: impl Fn(&str) -> bool) -> Option<u32> {
        match self.find(text) {
            Some(id) => Some(id),
            None => fits(text).then(|| self.id(text)),
        }
    }

    /// The number of a text that is there.
    pub(crate) fn find(&mut self, text: &str) -> Option<u32> {
        let id = self.look_up(text).ok()?;
        self.last = id;
        Some(id)
    }

    /// The number of a text, or the free key where it belongs.
    fn look_up(&self, text: &str) -> Result<u32, u64> {
        // Rows of one video follow one another.
        if (self.last as usize) < self.len() && self.get(self.last) == text {
            return Ok(self.last);
        }
        let mut key = hash(text);
        loop {
            match self.ids.get(&key) {
                None => return Err(key),
                Some(&id) if self.arena.get(id as usize) == text => return Ok(id),
                Some(_) => key = key.wrapping_add(1),
            }
        }
    }

    pub(crate) fn get(&self, id: u32) -> &str {
        self.arena.get(id as usize)
    }

    pub(crate) fn len(&self) -> usize {
        self.arena.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|i| self.arena.get(i))
    }
}

/// Values that are written as texts, each parsed once.
#[derive(Clone, Debug)]
pub(crate) struct Parsed<T> {
    texts: Texts,
    values: Vec<T>,
}

impl<T> Default for Parsed<T> {
    fn default() -> Self {
        Self {
            texts: Texts::default(),
            values: Vec::new(),
        }
    }
}

impl<T> Parsed<T> {
    /// The number of a text's value; `parse` is called if the text is new, and if it fails nothing
    /// is added.
    pub(crate) fn id<E>(
        &mut self,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<u32, E> {
        if let Some(id) = self.texts.find(text) {
            return Ok(id);
        }
        self.values.push(parse(text)?);
        Ok(self.texts.id(text))
    }

    pub(crate) fn get(&self, id: u32) -> &T {
        &self.values[id as usize]
    }

    pub(crate) fn values(&self) -> &[T] {
        &self.values
    }

    /// Adds the values of another list; the numbers that they have here, in the other's order.
    pub(crate) fn join(&mut self, other: &Self) -> Vec<u32>
    where
        T: Clone,
    {
        let pairs = other.texts.iter().zip(&other.values);
        pairs.map(|(text, value)| self.known(text, value)).collect()
    }

    /// The number of a value that is at hand with its text.
    pub(crate) fn known(&mut self, text: &str, value: &T) -> u32
    where
        T: Clone,
    {
        let id = self.id(text, |_| Ok::<_, Infallible>(value.clone()));
        id.unwrap_or_else(|never| match never {})
    }
}

/// The hash of a key; the same in every process.
pub(crate) fn hash<T: Hash + ?Sized>(key: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// Keys are hashes already.
#[derive(Clone, Debug, Default)]
pub(crate) struct Same(u64);

impl Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_numbered_as_they_come() {
        let mut texts = Texts::default();
        let ids: Vec<u32> = ["b", "", "a", "b", "b", ""].map(|t| texts.id(t)).into();
        assert_eq!(ids, [0, 1, 2, 0, 0, 1]);
        assert_eq!(texts.iter().collect::<Vec<_>>(), ["b", "", "a"]);
    }

    #[test]
    fn a_taken_hash_is_no_other_text() {
        let mut texts = Texts::default();
        texts.id("x");
        // As if "y" had the hash of "x".
        texts.ids.insert(hash("y"), 0);
        assert_eq!((texts.id("y"), texts.id("x"), texts.id("y")), (1, 0, 1));
    }
}
