//! What is held before the camera.

use std::fmt;
use std::str::FromStr;

/// What is presented to the camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Presentation {
    /// The person: bona fide.
    Live,
    /// A photograph of the person printed on paper.
    Print,
    /// A photograph of the person on a display.
    Replay,
    /// The person with a printed strip of a photograph of the eyes over the eyes.
    PaperEyes,
    /// The person behind a moulded mask of the lower or the upper half of the face.
    HalfMask,
}

impl Presentation {
    /// Every presentation, live first.
    pub const ALL: [Self; 5] = [
        Self::Live,
        Self::Print,
        Self::Replay,
        Self::PaperEyes,
        Self::HalfMask,
    ];

    /// The PAI species as `family/instance`; none for [`Presentation::Live`].
    pub fn species(self) -> Option<&'static str> {
        match self {
            Self::Live => None,
            Self::Print => Some("print/photo"),
            Self::Replay => Some("replay/screen"),
            Self::PaperEyes => Some("partial/paper-eyes"),
            Self::HalfMask => Some("mask/half"),
        }
    }

    /// The name that [`FromStr`] reads: `live`, `print`, `replay`, `paper-eyes`, `half-mask`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Print => "print",
            Self::Replay => "replay",
            Self::PaperEyes => "paper-eyes",
            Self::HalfMask => "half-mask",
        }
    }
}

impl fmt::Display for Presentation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A word that names no presentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsePresentationError {
    /// The word.
    pub found: String,
}

impl fmt::Display for ParsePresentationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = Presentation::ALL.iter().map(|p| p.name()).collect();
        write!(
            f,
            "presentation: expected one of {} or a PAI species of these, found `{}`",
            names.join(", "),
            self.found
        )
    }
}

impl std::error::Error for ParsePresentationError {}

impl FromStr for Presentation {
    type Err = ParsePresentationError;

    /// Reads a [`Presentation::name`] or a [`Presentation::species`].
    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|p| p.name() == word || p.species() == Some(word))
            .ok_or_else(|| ParsePresentationError {
                found: word.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_species_are_read_back() {
        for p in Presentation::ALL {
            assert_eq!(p.to_string().parse(), Ok(p));
            if let Some(species) = p.species() {
                assert_eq!(species.parse(), Ok(p));
            }
        }
        let wrong = "mask".parse::<Presentation>().unwrap_err();
        assert!(wrong.to_string().contains("half-mask") && wrong.to_string().contains("`mask`"));
    }
}
