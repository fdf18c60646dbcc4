//! What a real picture is made into before it is photographed again.

use std::fmt;
use std::str::FromStr;

/// A presentation attack made from a real picture of a live face by
/// [`recapture`](crate::recapture()).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Attack {
    /// The picture printed and held before the camera.
    PrintPhoto,
    /// The same with holes at the eyes, through which the person looks.
    PrintCut,
    /// The picture on a monitor, laptop or tablet.
    ReplayScreen,
    /// The picture on a phone.
    ReplayPhone,
    /// The printed face worn as a paper mask, the eyes cut out in most.
    PaperMask,
    /// A moulded mask over the lower or the upper half of the face.
    HalfMask,
    /// A clear moulded mask over the whole face.
    TransparentMask,
    /// Paper cut in the shape of glasses, with printed eyes or with open lenses.
    PaperGlasses,
    /// A printed strip of the eyes over the eyes.
    PaperEyes,
    /// A printed piece with the mouth over the mouth.
    PaperMouth,
}

impl Attack {
    /// Every attack.
    pub const ALL: [Self; 10] = [
        Self::PrintPhoto,
        Self::PrintCut,
        Self::ReplayScreen,
        Self::ReplayPhone,
        Self::PaperMask,
        Self::HalfMask,
        Self::TransparentMask,
        Self::PaperGlasses,
        Self::PaperEyes,
        Self::PaperMouth,
    ];

    /// The PAI species as `family/instance`.
    pub fn species(self) -> &'static str {
        match self {
            Self::PrintPhoto => "print/photo",
            Self::PrintCut => "print/cut",
            Self::ReplayScreen => "replay/screen",
            Self::ReplayPhone => "replay/phone",
            Self::PaperMask => "mask/paper",
            Self::HalfMask => "mask/half",
            Self::TransparentMask => "mask/transparent",
            Self::PaperGlasses => "partial/paper-glasses",
            Self::PaperEyes => "partial/paper-eyes",
            Self::PaperMouth => "partial/mouth",
        }
    }

    /// Whether the artefact is laid on the face by the eyes, so that [`recapture`](crate::recapture())
    /// must be told where they are.
    pub fn needs_eyes(self) -> bool {
        !matches!(
            self,
            Self::PrintPhoto | Self::ReplayScreen | Self::ReplayPhone
        )
    }

    /// Whether a part of the picture may show the person: then the mask is not 0 everywhere.
    pub fn is_partial(self) -> bool {
        self.needs_eyes()
    }

    /// Whether the person wears the artefact; else the picture is held before the camera.
    pub fn is_worn(self) -> bool {
        self.needs_eyes() && self != Self::PrintCut
    }
}

impl fmt::Display for Attack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.species())
    }
}

/// A word that names no attack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseAttackError {
    /// The word.
    pub found: String,
}

impl fmt::Display for ParseAttackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Attack::ALL.map(Attack::species).join(", ");
        write!(f, "attack: expected one of {names}, found `{}`", self.found)
    }
}

impl std::error::Error for ParseAttackError {}

impl FromStr for Attack {
    type Err = ParseAttackError;

    /// Reads an [`Attack::species`].
    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|a| a.species() == word)
            .ok_or_else(|| ParseAttackError {
                found: word.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn species_are_read_back_and_wrong_words_named() {
        for attack in Attack::ALL {
            assert_eq!(attack.to_string().parse(), Ok(attack));
        }
        let error = "print".parse::<Attack>().unwrap_err().to_string();
        assert!(
            error.contains("`print`") && error.contains("mask/half"),
            "{error}"
        );
    }
}
