//! Command line over environment over file over default.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::ServeConfig;

/// Prefix of the environment variables: `FASGARD_SERVE_MAX_BYTES` is the key `max_bytes`.
const PREFIX: &str = "FASGARD_SERVE_";
/// Largest configuration file that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// A configuration that does not hold.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: cannot be read: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        reason: String,
    },
    /// The file is no such table: names line, key and what was expected.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Line and reason.
        reason: String,
    },
    /// A key of the command line or an environment variable does not hold.
    #[error("{origin}: {reason}")]
    Given {
        /// The option or variable as it was written.
        origin: String,
        /// What was expected and found.
        reason: String,
    },
    /// A value out of its range.
    #[error("key `{key}`: expected {expected}, found {found}")]
    Value {
        /// The key.
        key: &'static str,
        /// What is allowed.
        expected: String,
        /// What was found.
        found: String,
    },
}

/// Collects keys from below upwards: what is added later wins.
#[derive(Clone, Debug, Default)]
pub struct ConfigLayers {
    table: Table,
}

impl ConfigLayers {
    /// Adds a TOML file.
    ///
    /// # Errors
    /// It cannot be read, or has an unknown key or a value of another kind.
    pub fn file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let unreadable = |reason: String| ConfigError::Read {
            path: path.to_owned(),
            reason,
        };
        let size = std::fs::metadata(path)
            .map_err(|e| unreadable(e.to_string()))?
            .len();
        if size > MAX_BYTES {
            return Err(unreadable(format!(
                "expected at most {MAX_BYTES} bytes, found {size}"
            )));
        }
        let text = std::fs::read_to_string(path).map_err(|e| unreadable(e.to_string()))?;
        let wrong = |e: toml::de::Error| ConfigError::File {
            path: path.to_owned(),
            reason: e.to_string(),
        };
        // For its messages, which name the line.
        toml::from_str::<ServeConfig>(&text).map_err(wrong)?;
        let table: Table = toml::from_str(&text).map_err(wrong)?;
        self.table.extend(table);
        Ok(())
    }

    /// Adds the environment variables that begin with `FASGARD_SERVE_`.
    ///
    /// # Errors
    /// An unknown one, or one whose value is of another kind; its name is in the message.
    pub fn environment(
        &mut self,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(), ConfigError> {
        for (name, text) in variables {
            let Some(key) = name.strip_prefix(PREFIX) else {
                continue;
            };
            let key = key.to_ascii_lowercase();
            self.set(&name, &key, &text)?;
        }
        Ok(())
    }

    /// Adds one key; `origin` is for messages. Lists are split at commas.
    ///
    /// # Errors
    /// The key is unknown, or the text no value of its kind.
    pub fn set(&mut self, origin: &str, key: &str, text: &str) -> Result<(), ConfigError> {
        let wrong = |reason: String| ConfigError::Given {
            origin: origin.to_owned(),
            reason,
        };
        let value = value_of(key, text).map_err(wrong)?;
        let one = Table::from_iter([(key.to_owned(), value.clone())]);
        one.try_into::<ServeConfig>()
            .map_err(|e| wrong(e.message().to_owned()))?;
        self.table.insert(key.to_owned(), value);
        Ok(())
    }

    /// The configuration, with every other key at its default, checked.
    ///
    /// # Errors
    /// A value out of its range.
    pub fn finish(self) -> Result<ServeConfig, ConfigError> {
        let config: ServeConfig =
            self.table
                .try_into()
                .map_err(|e: toml::de::Error| ConfigError::Given {
                    origin: "configuration".into(),
                    reason: e.message().to_owned(),
                })?;
        config.validate()?;
        Ok(config)
    }
}

/// Text as the kind of value that the key's default has.
fn value_of(key: &str, text: &str) -> Result<Value, String> {
    let defaults = Table::try_from(ServeConfig::default()).map_err(|e| e.to_string())?;
    let wrong = |expected: &str| format!("key `{key}`: expected {expected}, found `{text}`");
    Ok(match defaults.get(key) {
        Some(Value::Integer(_)) => {
            Value::Integer(text.parse().map_err(|_| wrong("a whole number"))?)
        }
        Some(Value::Boolean(_)) => {
            Value::Boolean(text.parse().map_err(|_| wrong("true or false"))?)
        }
        Some(Value::Array(_)) => {
            let parts = text
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty());
            Value::Array(parts.map(|part| Value::String(part.to_owned())).collect())
        }
        // Absent from the defaults: no value unless given.
        None if key == "threshold" => Value::Float(text.parse().map_err(|_| wrong("a number"))?),
        _ => Value::String(text.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Answers, Crop};

    fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn later_layers_win_and_the_rest_is_default() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("serve.toml");
        std::fs::write(
            &path,
            "model = \"a\"\nqueue = 5\nbatch = 2\nanswers = \"coarse\"\n",
        )
        .unwrap();
        let mut layers = ConfigLayers::default();
        layers.file(&path).unwrap();
        let environment = [
            ("FASGARD_SERVE_QUEUE", "6"),
            ("FASGARD_SERVE_CROP", "none"),
            ("FASGARD_SERVE_THRESHOLD", "-inf"),
            (
                "FASGARD_SERVE_CORS_ORIGINS",
                "https://a.example, https://b.example",
            ),
            ("FASGARD_MODELS", "elsewhere"),
            ("HOME", "/"),
        ];
        layers.environment(variables(&environment)).unwrap();
        layers.set("--set queue=7", "queue", "7").unwrap();
        let config = layers.finish().unwrap();
        let expected = ServeConfig {
            model: Some("a".into()),
            queue: 7,
            batch: 2,
            answers: Answers::Coarse,
            crop: Crop::None,
            threshold: Some(f64::NEG_INFINITY),
            cors_origins: vec!["https://a.example".into(), "https://b.example".into()],
            ..ServeConfig::default()
        };
        assert_eq!(config, expected);
    }

    #[test]
    fn unknown_keys_and_wrong_kinds_are_refused_with_their_place() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("serve.toml");
        for (text, part) in [
            ("queue = 5\nquue = 6\n", "quue"),
            ("queue = \"many\"\n", "line 1"),
            ("answers = \"some\"\n", "coarse"),
            ("queue = \n", "line 1"),
        ] {
            std::fs::write(&path, text).unwrap();
            let message = ConfigLayers::default().file(&path).unwrap_err().to_string();
            assert!(
                message.contains(part) && message.contains("serve.toml"),
                "{message}"
            );
        }
        for (name, value, part) in [
            ("FASGARD_SERVE_QUUE", "5", "quue"),
            ("FASGARD_SERVE_QUEUE", "many", "whole number"),
            ("FASGARD_SERVE_PAGE", "yes", "true or false"),
            ("FASGARD_SERVE_FUSE", "sum", "mean"),
            ("FASGARD_SERVE_QUEUE", "-1", "-1"),
        ] {
            let error = ConfigLayers::default().environment(variables(&[(name, value)]));
            let message = error.unwrap_err().to_string();
            assert!(
                message.contains(part) && message.contains(name),
                "{message}"
            );
        }
        let missing = ConfigLayers::default().file(&dir.path().join("none.toml"));
        assert!(missing.unwrap_err().to_string().contains("none.toml"));
    }

    #[test]
    fn keys_are_never_shown() {
        let mut layers = ConfigLayers::default();
        layers
            .set("x", "api_keys", "0123456789abcdef,fedcba9876543210")
            .unwrap();
        layers.set("x", "model", "m").unwrap();
        let config = layers.finish().unwrap();
        assert_eq!(config.api_keys.len(), 2);
        let shown = format!("{config:?}{}", toml::to_string(&config).unwrap());
        assert!(
            !shown.contains("0123456789abcdef") && shown.contains("***"),
            "{shown}"
        );
    }
}
