//! Collecting maps and writing them whole or not at all.

use std::{collections::HashSet, path::Path};

use fasgard_image::write_atomic_with;
use serde_json::{Map as JsonMap, Value, json};

use super::{MAX_SAMPLES, MAX_SCALES, MAX_SIDE, MapError, MapTarget};

/// The maps of scored samples, collected in memory and then written by [`MapFile::write`].
///
/// ```
/// use fasgard_report::maps::{MapFile, MapReader, MapTarget};
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("maps-test.safetensors");
/// let mut file = MapFile::new(MapTarget::Mask, &[2, 1])?;
/// file.push("s1", &[&[0.9, 0.8, 0.7, 0.8], &[0.8]])?;
/// file.write(&path)?;
/// assert_eq!(MapReader::open(&path)?.sides(), [2, 1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct MapFile {
    target: MapTarget,
    sides: Vec<usize>,
    samples: Vec<String>,
    seen: HashSet<String>,
    values: Vec<Vec<f32>>,
}

impl MapFile {
    /// An empty file for maps of the given `sides`.
    ///
    /// # Errors
    /// [`MapError::Scales`] if there are none, too many, too large ones, or one comes twice.
    pub fn new(target: MapTarget, sides: &[usize]) -> Result<Self, MapError> {
        let distinct: HashSet<_> = sides.iter().collect();
        let fits = sides.iter().all(|s| (1..=MAX_SIDE).contains(s));
        if sides.is_empty() || sides.len() > MAX_SCALES || distinct.len() != sides.len() || !fits {
            return Err(MapError::Scales {
                found: sides.to_vec(),
            });
        }
        Ok(Self {
            target,
            sides: sides.to_vec(),
            samples: Vec::new(),
            seen: HashSet::new(),
            values: vec![Vec::new(); sides.len()],
        })
    }

    /// Adds the maps of `sample`: one slice of `side * side` values from 0 to 1 for each side, in
    /// the order of the sides given to [`MapFile::new`].
    ///
    /// # Errors
    /// [`MapError::Shape`], [`MapError::Value`] (also for NaN), [`MapError::Duplicate`] or
    /// [`MapError::TooMany`]; nothing is added then.
    pub fn push(&mut self, sample: &str, maps: &[&[f32]]) -> Result<(), MapError> {
        if self.samples.len() >= MAX_SAMPLES {
            return Err(MapError::TooMany);
        }
        for i in 0..self.sides.len().max(maps.len()) {
            let side = self.sides.get(i).copied().unwrap_or(0);
            let map = maps.get(i).copied().unwrap_or_default();
            if map.len() != side * side {
                return Err(MapError::Shape {
                    sample: sample.to_owned(),
                    side,
                    expected: side * side,
                    found: map.len(),
                });
            }
            check_values(sample, side, map)?;
        }
        if !self.seen.insert(sample.to_owned()) {
            return Err(MapError::Duplicate {
                sample: sample.to_owned(),
            });
        }
        self.samples.push(sample.to_owned());
        for (level, map) in self.values.iter_mut().zip(maps) {
            level.extend_from_slice(map);
        }
        Ok(())
    }

    /// How many samples were added.
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// True if no sample was added.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// Writes the file: whole or not at all, the same bytes for the same content.
    ///
    /// # Errors
    /// [`MapError::Io`].
    pub fn write(&self, path: &Path) -> Result<(), MapError> {
        let io = |source| MapError::Io {
            path: path.to_owned(),
            source,
        };
        let header = self.header().map_err(|e| io(e.into()))?;
        write_atomic_with(path, |w| {
            w.write_all(&(header.len() as u64).to_le_bytes())?;
            w.write_all(&header)?;
            for value in self.values.iter().flatten() {
                w.write_all(&value.to_le_bytes())?;
            }
            Ok(())
        })
        .map_err(|e| io(e.source))
    }

    /// The JSON header, keys sorted, padded with spaces to a multiple of 8 as safetensors asks.
    fn header(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut header = JsonMap::new();
        header.insert(
            "__metadata__".to_owned(),
            json!({
                "schema": "1",
                "target": self.target.as_str(),
                "samples": serde_json::to_string(&self.samples)?,
            }),
        );
        let mut start = 0;
        for (&side, level) in self.sides.iter().zip(&self.values) {
            let end = start + level.len() * size_of::<f32>();
            header.insert(
                side.to_string(),
                json!({
                    "dtype": "F32",
                    "shape": [self.samples.len(), side, side],
                    "data_offsets": [start, end],
                }),
            );
            start = end;
        }
        let mut bytes = serde_json::to_vec(&Value::Object(header))?;
        bytes.resize(bytes.len().next_multiple_of(8), b' ');
        Ok(bytes)
    }
}

/// Refuses NaN and whatever lies outside 0 to 1.
pub(super) fn check_values(sample: &str, side: usize, map: &[f32]) -> Result<(), MapError> {
    match map.iter().position(|v| !(0.0..=1.0).contains(v)) {
        Some(position) => Err(MapError::Value {
            sample: sample.to_owned(),
            side,
            position,
            found: map[position],
        }),
        None => Ok(()),
    }
}
