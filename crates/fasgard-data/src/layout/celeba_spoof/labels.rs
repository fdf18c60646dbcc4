//! `metas/intra_test/*_label.json`: an object of image paths, each with 44 numbers.

use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::layout::LayoutError;

/// The numbers 40 to 43 of an image: spoof type, illumination, environment, live (0) or spoof (1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Labels {
    pub(super) spoof_type: u8,
    pub(super) illumination: u8,
    pub(super) environment: u8,
    pub(super) spoof: u8,
}

/// The file has some 100 MB.
const LIMIT: u64 = 1 << 30;

const EXPECTED: &str = "an object of image paths, each with 44 whole numbers of 0 to 255";

/// Calls `take` with every image of the file, one after the other: the file is never held whole.
pub(super) fn read(path: &Path, take: &mut dyn FnMut(String, Labels)) -> Result<(), LayoutError> {
    let unreadable = |source| LayoutError::Read {
        path: path.to_owned(),
        expected: "labels of CelebA-Spoof",
        source,
    };
    let file = File::open(path).map_err(unreadable)?;
    let reader = BufReader::with_capacity(1 << 16, file.take(LIMIT));
    let mut json = serde_json::Deserializer::from_reader(reader);
    let read = json.deserialize_map(Images(take)).and_then(|()| json.end());
    read.map_err(|error| {
        if error.is_io() {
            return unreadable(error.into());
        }
        LayoutError::Line {
            path: path.to_owned(),
            line: error.line().max(1),
            expected: EXPECTED.to_owned(),
            found: error.to_string().chars().take(160).collect(),
        }
    })
}

struct Images<'a>(&'a mut dyn FnMut(String, Labels));

impl<'de> Visitor<'de> for Images<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(image) = map.next_key::<String>()? {
            let labels = map.next_value_seed(Numbers)?;
            (self.0)(image, labels);
        }
        Ok(())
    }
}

struct Numbers;

impl<'de> DeserializeSeed<'de> for Numbers {
    type Value = Labels;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Labels, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Numbers {
    type Value = Labels;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("44 whole numbers of 0 to 255")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Labels, A::Error> {
        let mut numbers = [0_u8; 44];
        for (index, number) in numbers.iter_mut().enumerate() {
            let next = seq.next_element()?;
            *number = next.ok_or_else(|| serde::de::Error::invalid_length(index, &self))?;
        }
        if seq.next_element::<IgnoredAny>()?.is_some() {
            return Err(serde::de::Error::invalid_length(45, &self));
        }
        let [.., spoof_type, illumination, environment, spoof] = numbers;
        Ok(Labels {
            spoof_type,
            illumination,
            environment,
            spoof,
        })
    }
}
