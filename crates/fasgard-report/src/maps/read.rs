//! Reading maps without trusting the file.

use std::{
    collections::HashMap,
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use safetensors::{Dtype, tensor::Metadata};

use super::{
    MAX_HEADER, MAX_SAMPLES, MAX_SCALES, MAX_SIDE, Map, MapError, MapTarget, write::check_values,
};

/// An opened maps file: the header is checked, values are read sample by sample.
#[derive(Debug)]
pub struct MapReader {
    path: PathBuf,
    target: MapTarget,
    index: HashMap<String, usize>,
    /// Side and absolute offset of the tensor, largest side first.
    levels: Vec<(usize, u64)>,
}

impl MapReader {
    /// Opens `path` and checks that its header is of schema 1 and tells the truth about the file's
    /// length. Nothing larger than the header is allocated.
    ///
    /// # Errors
    /// [`MapError::Io`], or [`MapError::Format`] naming what was expected and found.
    pub fn open(path: &Path) -> Result<Self, MapError> {
        let bad = |what: String| MapError::Format {
            path: path.to_owned(),
            what,
        };
        let io = |source| MapError::Io {
            path: path.to_owned(),
            source,
        };
        let mut file = File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let mut prefix = [0; 8];
        if length < 8 {
            return Err(bad(format!(
                "expected a safetensors header, found {length} bytes"
            )));
        }
        file.read_exact(&mut prefix).map_err(io)?;
        let header_len = u64::from_le_bytes(prefix);
        if header_len > MAX_HEADER || header_len > length - 8 {
            return Err(bad(format!(
                "header length: expected at most {}, found {header_len}",
                MAX_HEADER.min(length - 8)
            )));
        }
        let mut header = vec![0; header_len as usize];
        file.read_exact(&mut header).map_err(io)?;
        let metadata: Metadata =
            serde_json::from_slice(&header).map_err(|e| bad(format!("header: {e}")))?;
        let expected = 8 + header_len + metadata.data_len() as u64;
        if expected != length {
            return Err(bad(format!(
                "expected {expected} bytes as its header says, found {length}"
            )));
        }
        let (target, samples) = parse_metadata(metadata.metadata().as_ref()).map_err(bad)?;
        let mut levels = Vec::new();
        for (name, info) in metadata.tensors() {
            let side = parse_side(&name).map_err(bad)?;
            if info.dtype != Dtype::F32 || info.shape != [samples.len(), side, side] {
                return Err(bad(format!(
                    "tensor `{name}`: expected F32 of shape [{}, {side}, {side}], found {:?} of shape {:?}",
                    samples.len(),
                    info.dtype,
                    info.shape
                )));
            }
            levels.push((side, 8 + header_len + info.data_offsets.0 as u64));
        }
        if levels.is_empty() || levels.len() > MAX_SCALES {
            return Err(bad(format!(
                "expected 1 to {MAX_SCALES} scales, found {}",
                levels.len()
            )));
        }
        levels.sort_by_key(|&(side, _)| std::cmp::Reverse(side));
        let count = samples.len();
        let index: HashMap<_, _> = samples.into_iter().zip(0..).collect();
        if index.len() != count {
            return Err(bad("metadata `samples`: a sample comes twice".to_owned()));
        }
        Ok(Self {
            path: path.to_owned(),
            target,
            index,
            levels,
        })
    }

    /// What the values mean.
    pub fn target(&self) -> MapTarget {
        self.target
    }

    /// The scales' sides, largest first.
    pub fn sides(&self) -> Vec<usize> {
        self.levels.iter().map(|&(side, _)| side).collect()
    }

    /// How many samples the file holds.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// True if the file holds no sample.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// True if the file holds maps of `sample`.
    pub fn contains(&self, sample: &str) -> bool {
        self.index.contains_key(sample)
    }

    /// The maps of `sample`, largest side first; `None` if the file does not hold it.
    ///
    /// # Errors
    /// [`MapError::Io`], or [`MapError::Value`] if a value is NaN or outside 0 to 1.
    pub fn maps(&self, sample: &str) -> Result<Option<Vec<Map>>, MapError> {
        let Some(&row) = self.index.get(sample) else {
            return Ok(None);
        };
        let io = |source| MapError::Io {
            path: self.path.clone(),
            source,
        };
        let mut file = File::open(&self.path).map_err(io)?;
        let mut maps = Vec::with_capacity(self.levels.len());
        for &(side, offset) in &self.levels {
            let mut bytes = vec![0; side * side * size_of::<f32>()];
            let at = offset + row as u64 * bytes.len() as u64;
            file.seek(SeekFrom::Start(at)).map_err(io)?;
            file.read_exact(&mut bytes).map_err(io)?;
            let values: Vec<f32> = bytes
                .as_chunks::<4>()
                .0
                .iter()
                .map(|&b| f32::from_le_bytes(b))
                .collect();
            check_values(sample, side, &values)?;
            maps.push(Map { side, values });
        }
        Ok(Some(maps))
    }
}

fn parse_side(name: &str) -> Result<usize, String> {
    match name.parse() {
        Ok(side) if (1..=MAX_SIDE).contains(&side) => Ok(side),
        _ => Err(format!(
            "tensor name: expected a side from 1 to {MAX_SIDE}, found `{name}`"
        )),
    }
}

fn parse_metadata(
    metadata: Option<&HashMap<String, String>>,
) -> Result<(MapTarget, Vec<String>), String> {
    let get = |key: &str| {
        metadata
            .and_then(|m| m.get(key))
            .ok_or_else(|| format!("metadata: key `{key}` is missing"))
    };
    let schema = get("schema")?;
    if schema != "1" {
        return Err(format!("metadata `schema`: expected 1, found `{schema}`"));
    }
    let target = match get("target")?.as_str() {
        "mask" => MapTarget::Mask,
        "depth" => MapTarget::Depth,
        other => {
            return Err(format!(
                "metadata `target`: expected mask or depth, found `{other}`"
            ));
        }
    };
    let samples: Vec<String> = serde_json::from_str(get("samples")?)
        .map_err(|e| format!("metadata `samples`: expected a JSON array of sample ids: {e}"))?;
    if samples.len() > MAX_SAMPLES {
        return Err(format!(
            "metadata `samples`: expected at most {MAX_SAMPLES}, found {}",
            samples.len()
        ));
    }
    Ok((target, samples))
}
