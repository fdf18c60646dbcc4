//! API keys.

use std::path::Path;

use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::{ApiKey, Code, Problem, ServeConfig, ServeError};

/// Largest key file that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// The keys as digests: what is compared tells nothing of the keys, not even their lengths.
#[derive(Default)]
pub(crate) struct Keys {
    digests: Vec<[u8; 32]>,
}

impl Keys {
    /// The keys of the configuration and of its key file.
    ///
    /// # Errors
    /// The file cannot be read or names no key, or a key is too short or cannot be sent.
    pub(crate) fn load(config: &ServeConfig) -> Result<Self, ServeError> {
        let mut keys = Self::default();
        for key in &config.api_keys {
            keys.add(key, Path::new("key `api_keys`"))?;
        }
        if let Some(path) = &config.api_keys_file {
            let wrong = |reason: String| ServeError::File {
                path: path.clone(),
                reason,
            };
            let unreadable = |e: std::io::Error| wrong(format!("cannot be read: {e}"));
            if std::fs::metadata(path).map_err(unreadable)?.len() > MAX_BYTES {
                return Err(wrong(format!("expected at most {MAX_BYTES} bytes of keys")));
            }
            let text = std::fs::read_to_string(path).map_err(unreadable)?;
            let lines = text.lines().map(str::trim);
            let mut found = false;
            for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
                keys.add(&ApiKey::new(line), path)?;
                found = true;
            }
            // An empty file would open what was meant to be closed.
            if !found {
                return Err(wrong("expected keys, one a line, found none".into()));
            }
        }
        Ok(keys)
    }

    fn add(&mut self, key: &ApiKey, place: &Path) -> Result<(), ServeError> {
        if let Some(problem) = key.problem() {
            return Err(ServeError::File {
                path: place.to_owned(),
                reason: problem.into(),
            });
        }
        self.digests.push(Sha256::digest(key.as_bytes()).into());
        Ok(())
    }

    /// True if there are keys at all.
    pub(crate) fn are_needed(&self) -> bool {
        !self.digests.is_empty()
    }

    /// Checks a request's key: `Authorization: Bearer KEY` or `X-Api-Key: KEY`.
    ///
    /// # Errors
    /// [`Code::KeyMissing`] or [`Code::KeyWrong`].
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), Problem> {
        if !self.are_needed() {
            return Ok(());
        }
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| {
            let (scheme, key) = value.as_bytes().split_at_checked(7)?;
            scheme.eq_ignore_ascii_case(b"bearer ").then_some(key)
        });
        let own = headers.get("x-api-key").map(|value| value.as_bytes());
        let Some(key) = bearer.or(own) else {
            return Err(Problem::new(
                Code::KeyMissing,
                "expected the header `Authorization: Bearer KEY` or `X-Api-Key: KEY`",
            ));
        };
        let digest: [u8; 32] = Sha256::digest(key).into();
        // All are compared, whichever fits: the time does not tell which.
        let fits = self
            .digests
            .iter()
            .fold(Choice::from(0), |fits, known| fits | known.ct_eq(&digest));
        match fits.into() {
            true => Ok(()),
            false => Err(Problem::new(
                Code::KeyWrong,
                "expected one of this service's keys",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "first-key-0123456789";
    const SECOND: &str = "second-key-0123456789";

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())])
    }

    #[test]
    fn any_key_fits_whole_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys");
        std::fs::write(&path, format!("# of the shop\n{SECOND}\n\n")).unwrap();
        let config = ServeConfig {
            api_keys: vec![ApiKey::new(FIRST)],
            api_keys_file: Some(path),
            ..ServeConfig::default()
        };
        let keys = Keys::load(&config).unwrap();
        for key in [FIRST, SECOND] {
            let bearer = format!("Bearer {key}");
            assert_eq!(keys.check(&headers("authorization", &bearer)), Ok(()));
            let lower = format!("bearer {key}");
            assert_eq!(keys.check(&headers("authorization", &lower)), Ok(()));
            assert_eq!(keys.check(&headers("x-api-key", key)), Ok(()));
        }
        let code = |headers: &HeaderMap| keys.check(headers).unwrap_err().code;
        assert_eq!(code(&HeaderMap::new()), Code::KeyMissing);
        assert_eq!(
            code(&headers("authorization", "Basic abcdefgh")),
            Code::KeyMissing
        );
        assert_eq!(code(&headers("x-api-key", "")), Code::KeyWrong);
        assert_eq!(code(&headers("x-api-key", &FIRST[..19])), Code::KeyWrong);
        assert_eq!(
            code(&headers("x-api-key", &format!("{FIRST} "))),
            Code::KeyWrong
        );
    }

    #[test]
    fn weak_keys_and_empty_files_are_refused() {
        let with = |keys: &[&str]| ServeConfig {
            api_keys: keys.iter().map(|&k| ApiKey::new(k)).collect(),
            ..ServeConfig::default()
        };
        for weak in ["guessed", "", "sixteen characters", "schlüssel-0123456789"] {
            let message = Keys::load(&with(&[weak])).err().unwrap().to_string();
            assert!(message.contains("expected keys"), "{message}");
            assert!(weak.is_empty() || !message.contains(weak), "{message}");
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys");
        std::fs::write(&path, "# none yet\n").unwrap();
        let config = ServeConfig {
            api_keys_file: Some(path),
            ..ServeConfig::default()
        };
        assert!(
            Keys::load(&config)
                .err()
                .unwrap()
                .to_string()
                .contains("found none")
        );
        assert!(
            Keys::load(&with(&[]))
                .unwrap()
                .check(&HeaderMap::new())
                .is_ok()
        );
    }
}
