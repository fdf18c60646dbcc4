//! Which frames of a video are taken.

use std::collections::BTreeSet;
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use rand::Rng;

/// Which frames of a video are taken, written `uniform:N`, `every:N`, `all` or `random:N`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrameChoice {
    /// The middles of N equal parts: frame `floor((2 i + 1) frames / 2 N)` for `i` from 0 to N - 1.
    /// Neither the first nor the last frames, which often show the operator's hand. All frames of a
    /// video with fewer.
    Uniform(NonZeroU32),
    /// Frames 0, N, 2 N, ...
    Every(NonZeroU32),
    /// Every frame.
    All,
    /// N different frames, each set of N equally likely. All frames of a video with fewer.
    Random(NonZeroU32),
}

impl Default for FrameChoice {
    /// `uniform:10`.
    fn default() -> Self {
        Self::Uniform(NonZeroU32::MIN.saturating_add(9))
    }
}

/// A text that is no [`FrameChoice`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected uniform:N, every:N, all or random:N with N of 1 or more, found `{0}`")]
pub struct FrameChoiceError(String);

impl FrameChoice {
    /// Indices into a video of `frames` frames, ascending and distinct.
    ///
    /// Only `random` uses `seed_key`: the same key gives the same frames. It should name the video,
    /// not its path, and hold the seed where a command has one (`7/session1/clip`).
    pub fn indices(&self, frames: u64, seed_key: &str) -> Vec<u64> {
        match *self {
            Self::Uniform(n) | Self::Random(n) if u64::from(n.get()) >= frames => {
                (0..frames).collect()
            }
            Self::All => (0..frames).collect(),
            Self::Every(n) => (0..frames).step_by(n.get() as usize).collect(),
            Self::Uniform(n) => {
                let n = u128::from(n.get());
                let middle = |i: u128| ((2 * i + 1) * u128::from(frames) / (2 * n)) as u64;
                (0..n).map(middle).collect()
            }
            Self::Random(n) => {
                let mut random = fasgard_image::random::stream(0, "frames", 0, seed_key);
                let mut chosen = BTreeSet::new();
                // Floyd's sampling: one draw a frame, memory only for what is chosen.
                for last in frames - u64::from(n.get())..frames {
                    if !chosen.insert(random.random_range(0..=last)) {
                        chosen.insert(last);
                    }
                }
                chosen.into_iter().collect()
            }
        }
    }
}

impl fmt::Display for FrameChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uniform(n) => write!(f, "uniform:{n}"),
            Self::Every(n) => write!(f, "every:{n}"),
            Self::All => f.write_str("all"),
            Self::Random(n) => write!(f, "random:{n}"),
        }
    }
}

impl FromStr for FrameChoice {
    type Err = FrameChoiceError;

    fn from_str(text: &str) -> Result<Self, FrameChoiceError> {
        let error = || FrameChoiceError(text.chars().take(80).collect());
        if text == "all" {
            return Ok(Self::All);
        }
        let (name, count) = text.split_once(':').ok_or_else(error)?;
        if !count.bytes().all(|b| b.is_ascii_digit()) {
            return Err(error());
        }
        let count = count.parse().map_err(|_| error())?;
        match name {
            "uniform" => Ok(Self::Uniform(count)),
            "every" => Ok(Self::Every(count)),
            "random" => Ok(Self::Random(count)),
            _ => Err(error()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn choice(text: &str) -> FrameChoice {
        text.parse().unwrap()
    }

    #[test]
    fn texts_are_read_and_written_alike() {
        for text in ["uniform:10", "every:3", "all", "random:1"] {
            assert_eq!(choice(text).to_string(), text);
        }
        for text in [
            "",
            "uniform",
            "uniform:",
            "uniform:0",
            "every:-1",
            "every:+1",
            "all:3",
            "random:1.5",
            "Uniform:3",
            "last:3",
            "every:99999999999",
            "uniform: 3",
        ] {
            assert!(text.parse::<FrameChoice>().is_err(), "{text}");
        }
    }

    #[test]
    fn indices_agree_with_hand_counts() {
        assert_eq!(choice("uniform:1").indices(9, ""), [4]);
        // Parts [0, 2.5), [2.5, 5), [5, 7.5), [7.5, 10): middles 1.25, 3.75, 6.25, 8.75.
        assert_eq!(choice("uniform:4").indices(10, ""), [1, 3, 6, 8]);
        assert_eq!(choice("uniform:4").indices(3, ""), [0, 1, 2]);
        assert_eq!(choice("every:4").indices(9, ""), [0, 4, 8]);
        assert_eq!(choice("all").indices(3, ""), [0, 1, 2]);
        assert_eq!(choice("random:5").indices(5, "a"), [0, 1, 2, 3, 4]);
        for text in ["uniform:4", "every:4", "all", "random:4"] {
            assert!(choice(text).indices(0, "a").is_empty());
        }
    }

    #[test]
    fn random_frames_follow_the_key_and_reach_everywhere() {
        let random = choice("random:3");
        assert_eq!(random.indices(1000, "a"), random.indices(1000, "a"));
        assert_ne!(random.indices(1000, "a"), random.indices(1000, "b"));
        // 3 of 6 over 3000 keys: each frame is expected 1500 times, standard deviation 27.
        let mut seen = [0_i32; 6];
        for key in 0..3000 {
            for index in random.indices(6, &key.to_string()) {
                seen[index as usize] += 1;
            }
        }
        assert!(seen.iter().all(|n| (n - 1500).abs() < 160), "{seen:?}");
    }

    proptest! {
        #[test]
        fn indices_are_ascending_and_inside(n in 1_u32..400, frames in 0_u64..1000, key in "[a-z]{0,4}") {
            let n = NonZeroU32::new(n).unwrap();
            for choice in [FrameChoice::Uniform(n), FrameChoice::Every(n), FrameChoice::All, FrameChoice::Random(n)] {
                let indices = choice.indices(frames, &key);
                prop_assert!(indices.windows(2).all(|w| w[0] < w[1]));
                prop_assert!(indices.iter().all(|&i| i < frames));
                let expected = match choice {
                    FrameChoice::All => frames,
                    FrameChoice::Every(n) => frames.div_ceil(n.get().into()),
                    FrameChoice::Uniform(n) | FrameChoice::Random(n) => frames.min(n.get().into()),
                };
                prop_assert_eq!(indices.len() as u64, expected);
            }
        }
    }
}
