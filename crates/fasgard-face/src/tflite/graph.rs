//! The graph in a file: tensors with their constants, and operators.

use super::TfliteError;
use super::flat::{Flat, Table};
use super::operator::{Kind, Operator};

/// Limits on what is read; the face networks have 250 tensors and 164 operators, the largest tensor
/// has 600 thousand elements.
const MAX_TENSORS: usize = 2048;
const MAX_OPERATORS: usize = 2048;
const MAX_RANK: usize = 4;
const MAX_ELEMENTS: usize = 1 << 23;
/// All tensors together.
const MAX_TOTAL: usize = 1 << 25;

/// A tensor of the graph.
pub(super) struct Tensor {
    /// Sizes, all above zero, as a whole at most [`MAX_ELEMENTS`].
    pub(super) shape: Vec<usize>,
    /// Its values, if they are part of the file.
    pub(super) constant: Option<Constant>,
}

/// Values that are part of the file.
#[derive(Clone)]
pub(super) enum Constant {
    Floats(Vec<f32>),
    Ints(Vec<i32>),
}

/// What a file holds: its first graph.
pub(super) struct Graph {
    pub(super) tensors: Vec<Tensor>,
    pub(super) operators: Vec<Operator>,
    pub(super) inputs: Vec<usize>,
    pub(super) outputs: Vec<usize>,
}

impl Tensor {
    pub(super) fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    /// The sizes as `[N, H, W, C]`, missing ones at the front being 1.
    pub(super) fn nhwc(&self) -> [usize; 4] {
        let mut all = [1; 4];
        let skip = 4 - self.shape.len().min(4);
        for (to, from) in all[skip..].iter_mut().zip(&self.shape) {
            *to = *from;
        }
        all
    }
}

impl Graph {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, TfliteError> {
        let model = Flat(bytes).root(b"TFL3")?;
        let codes: Vec<Kind> = model
            .tables(1, MAX_OPERATORS)?
            .into_iter()
            // Old files know the byte only, newer ones repeat it where it fits.
            .map(|code| Ok(Kind(code.int(3, 0)?.max(i32::from(code.byte(0)?)))))
            .collect::<Result<_, TfliteError>>()?;
        let graphs = model.tables(2, 16)?;
        let graph = graphs.first().ok_or(TfliteError::Ends {
            what: "list is empty: the file holds no graph",
        })?;
        let buffers = model.tables(4, MAX_TENSORS)?;
        let mut total = 0;
        let mut tensors = Vec::new();
        for (index, table) in graph.tables(0, MAX_TENSORS)?.into_iter().enumerate() {
            let tensor = tensor(table, &buffers, index)?;
            total += tensor.elements();
            if total > MAX_TOTAL {
                return Err(TfliteError::TooLarge {
                    what: "the graph",
                    found: total,
                    limit: MAX_TOTAL,
                });
            }
            tensors.push(tensor);
        }
        let operators = graph
            .tables(3, MAX_OPERATORS)?
            .into_iter()
            .enumerate()
            .map(|(index, table)| Operator::read(table, index, &codes, tensors.len()))
            .collect::<Result<_, _>>()?;
        let ends = |id| {
            let ends = graph.ints(id, 16)?;
            ends.into_iter()
                .map(|i| usize::try_from(i).ok().filter(|i| *i < tensors.len()))
                .collect::<Option<Vec<_>>>()
                .filter(|ends| !ends.is_empty())
                .ok_or(TfliteError::Ends {
                    what: "inputs or outputs are missing or not among its tensors",
                })
        };
        let (inputs, outputs) = (ends(1)?, ends(2)?);
        Ok(Self {
            tensors,
            operators,
            inputs,
            outputs,
        })
    }
}

fn tensor(table: Table<'_>, buffers: &[Table<'_>], index: usize) -> Result<Tensor, TfliteError> {
    let bad = |what: &str| TfliteError::Graph {
        index: 0,
        what: format!("tensor {index} {what}"),
    };
    let shape: Vec<usize> = table
        .ints(0, MAX_RANK)?
        .into_iter()
        .map(|size| usize::try_from(size).ok().filter(|size| *size > 0))
        .collect::<Option<_>>()
        .ok_or_else(|| bad("has no fixed shape"))?;
    let elements = shape
        .iter()
        .try_fold(1_usize, |n, size| n.checked_mul(*size))
        .filter(|n| *n <= MAX_ELEMENTS)
        .ok_or(TfliteError::TooLarge {
            what: "a tensor",
            found: usize::MAX,
            limit: MAX_ELEMENTS,
        })?;
    let buffer = usize::try_from(table.int(2, 0)?)
        .ok()
        .and_then(|buffer| buffers.get(buffer))
        .ok_or_else(|| bad("has no buffer"))?;
    let data = buffer.data(0)?;
    if data.is_empty() {
        return Ok(Tensor {
            shape,
            constant: None,
        });
    }
    if table.table(6)?.is_some() {
        return Err(bad("is stored sparsely, which is not supported"));
    }
    let kind = table.byte(1)?;
    let size = match kind {
        0 | 2 => 4,
        1 => 2,
        other => return Err(bad(&format!("has type {other}, which is not supported"))),
    };
    if data.len() != elements * size {
        return Err(bad(&format!(
            "of shape {shape:?} has {} bytes, expected {}",
            data.len(),
            elements * size
        )));
    }
    let words = data.as_chunks::<4>().0.iter();
    let constant = match kind {
        0 => Constant::Floats(words.map(|w| f32::from_le_bytes(*w)).collect()),
        2 => Constant::Ints(words.map(|w| i32::from_le_bytes(*w)).collect()),
        _ => Constant::Floats(
            data.as_chunks::<2>()
                .0
                .iter()
                .map(|half| from_half(u16::from_le_bytes(*half)))
                .collect(),
        ),
    };
    Ok(Tensor {
        shape,
        constant: Some(constant),
    })
}

/// The value of an IEEE 754 half: exact, all of them fit.
fn from_half(bits: u16) -> f32 {
    let sign = u32::from(bits >> 15) << 31;
    let exponent = u32::from(bits >> 10) & 31;
    let fraction = u32::from(bits) & 0x3ff;
    match exponent {
        // Zero and subnormals: multiples of 2^-24.
        0 => f32::from_bits(sign | (fraction as f32 * 2.0_f32.powi(-24)).to_bits()),
        31 => f32::from_bits(sign | 0x7f80_0000 | fraction << 13),
        _ => f32::from_bits(sign | (exponent + 112) << 23 | fraction << 13),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_by_hand() {
        for (bits, value) in [
            (0x0000, 0.0),
            (0x0001, 5.960_464_5e-8),
            (0x03ff, 6.097_555e-5),
            (0x0400, 6.103_515_6e-5),
            (0x3c00, 1.0),
            (0x3555, 0.333_251_95),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0xfc00, f32::NEG_INFINITY),
        ] {
            assert_eq!(from_half(bits), value, "{bits:#x}");
        }
        assert!(from_half(0x7e00).is_nan());
    }
}
