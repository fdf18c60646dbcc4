//! Things found by a text that is kept elsewhere.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, Hash, RandomState};

/// Finds the numbers of things by their names, of which it keeps hashes only: large lists' names are not
/// kept twice.
#[derive(Clone, Default)]
pub(crate) struct Finder {
    numbers: HashMap<u64, u32>,
    hasher: RandomState,
}

impl Finder {
    /// The number of the thing that has this name already; if there is none, `number` is it from now on.
    /// `named` says whether the thing of a number has the name.
    pub(crate) fn find_or_note<N: Hash + ?Sized>(
        &mut self,
        name: &N,
        number: u32,
        mut named: impl FnMut(u32) -> bool,
    ) -> Option<u32> {
        let mut slot = self.hasher.hash_one(name);
        loop {
            match self.numbers.entry(slot) {
                Entry::Vacant(free) => {
                    free.insert(number);
                    return None;
                }
                Entry::Occupied(taken) if named(*taken.get()) => return Some(*taken.get()),
                // Two names of one hash: the next place.
                Entry::Occupied(_) => slot = slot.wrapping_add(1),
            }
        }
    }

    /// Bytes of memory taken, about: places are doubled when seven of eight are in use.
    #[cfg(test)]
    pub(crate) fn taken(&self) -> usize {
        (self.numbers.capacity() * 8 / 7) * (size_of::<(u64, u32)>() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_those_of_one_hash_told_apart() {
        let names: Vec<String> = (0..1000).map(|n| format!("n{}", n % 700)).collect();
        let mut finder = Finder::default();
        for (n, name) in names.iter().enumerate() {
            let found = finder.find_or_note(name, n as u32, |m| names[m as usize] == *name);
            assert_eq!(found, (n >= 700).then(|| n as u32 - 700));
        }
        // One hash for all.
        let mut finder = Finder::default();
        for n in 0..10 {
            assert_eq!(finder.find_or_note("", n, |_| false), None);
        }
        for n in 0..10 {
            assert_eq!(finder.find_or_note("", 99, |m| m == n), Some(n));
        }
    }
}
