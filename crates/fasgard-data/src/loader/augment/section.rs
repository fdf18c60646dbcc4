//! Reading `[augment]`: one key is ours, the others are those of the pixels. Serde's `flatten` would
//! accept unknown keys and lose the lines of errors, so the key is taken out on the way.

use fasgard_image::AugmentConfig;
use serde::de::value::{MapAccessDeserializer, StringDeserializer};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor};

use super::{SimulateAugment, TrainAugment};

/// The key that is ours.
const KEY: &str = "simulate";

impl<'de> Deserialize<'de> for TrainAugment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Section)
    }
}

struct Section;

impl<'de> Visitor<'de> for Section {
    type Value = TrainAugment;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a table of augmentations")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<TrainAugment, A::Error> {
        let mut simulate = SimulateAugment::default();
        let others = Others {
            map,
            simulate: &mut simulate,
        };
        let pixels = AugmentConfig::deserialize(MapAccessDeserializer::new(others))?;
        Ok(TrainAugment { pixels, simulate })
    }
}

/// The entries but ours, which is read when it comes.
struct Others<'a, A> {
    map: A,
    simulate: &'a mut SimulateAugment,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Others<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        mut seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        loop {
            match self.map.next_key_seed(NotOurs(seed))? {
                None => return Ok(None),
                Some(Ok(key)) => return Ok(Some(key)),
                Some(Err(again)) => {
                    *self.simulate = self.map.next_value()?;
                    seed = again;
                }
            }
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

/// Reads a key unless it is ours: then the seed comes back.
struct NotOurs<K>(K);

impl<'de, K: DeserializeSeed<'de>> DeserializeSeed<'de> for NotOurs<K> {
    type Value = Result<K::Value, K>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let key = String::deserialize(deserializer)?;
        if key == KEY {
            return Ok(Err(self.0));
        }
        let key: StringDeserializer<D::Error> = key.into_deserializer();
        self.0.deserialize(key).map(Ok)
    }
}

#[cfg(test)]
mod tests {
    use fasgard_synth::Attack;

    use super::*;

    #[test]
    fn defaults_are_written_and_read_back() {
        let text = toml::to_string(&TrainAugment::default()).unwrap();
        for part in [
            "flip = 0.0",
            "[simulate]",
            "probability = 0.0",
            "\"print/photo\"",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert_eq!(toml::from_str(&text), Ok(TrainAugment::default()));
        assert_eq!(toml::from_str(""), Ok(TrainAugment::default()));
    }

    #[test]
    fn keys_in_any_order_and_lines_of_errors() {
        let read = toml::from_str::<TrainAugment>;
        for text in [
            "simulate = { probability = 0.25, species = [\"print/photo\", \"mask/half\"] }\nflip = 0.5",
            "flip = 0.5\n[simulate]\nprobability = 0.25\nspecies = [\"print/photo\", \"mask/half\"]",
        ] {
            let augment = read(text).unwrap();
            assert_eq!(
                (augment.pixels.flip, augment.simulate.probability),
                (0.5, 0.25)
            );
            assert_eq!(
                augment.simulate.species,
                [Attack::PrintPhoto, Attack::HalfMask]
            );
        }
        for (text, parts) in [
            ("flip = 0.5\nflop = 1", ["line 2", "unknown field `flop`"]),
            (
                "flip = 0.5\nsimulate = { chance = 1 }",
                ["line 2", "unknown field `chance`"],
            ),
            (
                "\nsimulate = { species = [\"print/newspaper\"] }",
                ["line 2", "`print/newspaper`"],
            ),
            (
                "simulate = { species = [\"print\"] }",
                ["partial/paper-glasses", "found `print`"],
            ),
            ("simulate = 3", ["line 1", "invalid type"]),
        ] {
            let message = read(text).unwrap_err().to_string();
            assert!(
                parts.iter().all(|p| message.contains(p)),
                "{text}: {message}"
            );
        }
    }
}
