//! A threshold's value in JSON, which has no infinity.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Finite numbers as numbers; infinities as the strings `"-inf"` and `"inf"`, which most languages
/// read back as such (`float("-inf")`). Null would not tell "accepts everything" from "unknown".
/// For use with `#[serde(with = "...")]`.
pub(crate) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if *value == f64::NEG_INFINITY {
        serializer.serialize_str("-inf")
    } else if *value == f64::INFINITY {
        serializer.serialize_str("inf")
    } else {
        serializer.serialize_f64(*value)
    }
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Value {
        Number(f64),
        Text(String),
    }
    match Value::deserialize(deserializer)? {
        Value::Number(value) => Ok(value),
        Value::Text(text) if text == "-inf" => Ok(f64::NEG_INFINITY),
        Value::Text(text) if text == "inf" => Ok(f64::INFINITY),
        Value::Text(text) => Err(de::Error::invalid_value(
            de::Unexpected::Str(&text),
            &"a number, \"-inf\" or \"inf\"",
        )),
    }
}

/// The same for a value that may be absent (null).
pub(crate) mod optional {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(
        value: &Option<f64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Wrapped(#[serde(with = "super")] f64);
        value.map(Wrapped).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<f64>, D::Error> {
        #[derive(Deserialize)]
        struct Wrapped(#[serde(with = "super")] f64);
        Ok(Option::<Wrapped>::deserialize(deserializer)?.map(|w| w.0))
    }
}
