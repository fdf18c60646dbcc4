//! Lists of a hundred thousand things in little memory: no allocation of its own for each.

mod arena;
mod finder;
mod texts;

pub(crate) use arena::{Arena, Place};
pub(crate) use finder::Finder;
pub(crate) use texts::{Pool, Texts};
