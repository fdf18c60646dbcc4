//! Operators and their options.

use super::TfliteError;
use super::flat::Table;

const MAX_ENDS: usize = 64;

/// The number of a builtin operator in TensorFlow Lite's schema.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind(pub(super) i32);

impl Kind {
    pub(super) const ADD: Self = Self(0);
    pub(super) const CONCATENATION: Self = Self(2);
    pub(super) const CONV: Self = Self(3);
    pub(super) const DEPTHWISE: Self = Self(4);
    pub(super) const DEQUANTIZE: Self = Self(6);
    pub(super) const MAX_POOL: Self = Self(17);
    pub(super) const RELU: Self = Self(19);
    pub(super) const RESHAPE: Self = Self(22);
    pub(super) const PAD: Self = Self(34);
    pub(super) const PRELU: Self = Self(54);
}

/// One operator of a graph.
pub(super) struct Operator {
    pub(super) kind: Kind,
    /// Tensors it reads, all of them in the graph.
    pub(super) inputs: Vec<usize>,
    /// The tensor it makes.
    pub(super) output: usize,
    /// How a window slides, for convolutions and pooling.
    pub(super) window: Window,
    /// Axis of a concatenation.
    pub(super) axis: i32,
    /// Whether negative results become zero.
    pub(super) relu: bool,
}

/// How a window slides.
#[derive(Clone, Copy, Default)]
pub(super) struct Window {
    /// Padded so that the output has the input's size, divided by the stride and rounded up.
    pub(super) same: bool,
    pub(super) stride: usize,
    /// Side of a pooling window.
    pub(super) filter: usize,
}

impl Operator {
    pub(super) fn read(
        table: Table<'_>,
        index: usize,
        codes: &[Kind],
        tensors: usize,
    ) -> Result<Self, TfliteError> {
        let bad = |what: &str| TfliteError::Graph {
            index,
            what: what.to_owned(),
        };
        let unsupported = |what: String| TfliteError::Unsupported { index, what };
        let kind = usize::try_from(table.int(0, 0)?)
            .ok()
            .and_then(|code| codes.get(code).copied())
            .ok_or_else(|| bad("its code is not in the file's list"))?;
        let ends = |id| {
            table
                .ints(id, MAX_ENDS)?
                .into_iter()
                .map(|i| usize::try_from(i).ok().filter(|i| *i < tensors))
                .collect::<Option<Vec<_>>>()
                .ok_or_else(|| bad("an input or output is not among the graph's tensors"))
        };
        let (inputs, outputs) = (ends(1)?, ends(2)?);
        let [output] = outputs[..] else {
            return Err(unsupported(format!("having {} outputs", outputs.len())));
        };
        let mut operator = Self {
            kind,
            inputs,
            output,
            window: Window::default(),
            axis: 0,
            relu: false,
        };
        let Some(options) = table.table(4)? else {
            return Ok(operator);
        };
        let activation = match kind {
            Kind::CONV => options.byte(3)?,
            Kind::DEPTHWISE => options.byte(4)?,
            Kind::MAX_POOL => options.byte(5)?,
            Kind::CONCATENATION => options.byte(1)?,
            Kind::ADD => options.byte(0)?,
            _ => 0,
        };
        operator.relu = match activation {
            0 => false,
            1 => true,
            other => return Err(unsupported(format!("fused activation {other}"))),
        };
        if kind == Kind::CONCATENATION {
            operator.axis = options.int(0, 0)?;
        }
        if [Kind::CONV, Kind::DEPTHWISE, Kind::MAX_POOL].contains(&kind) {
            let (across, down) = (options.int(1, 0)?, options.int(2, 0)?);
            let dilation = match kind {
                Kind::CONV => [options.int(4, 1)?, options.int(5, 1)?],
                Kind::DEPTHWISE => [options.int(5, 1)?, options.int(6, 1)?],
                _ => [1, 1],
            };
            let filter = match kind {
                Kind::MAX_POOL => [options.int(3, 0)?, options.int(4, 0)?],
                _ => [1, 1],
            };
            if across != down || filter[0] != filter[1] || dilation != [1, 1] {
                return Err(unsupported(format!(
                    "stride {across}x{down}, window {filter:?}, dilation {dilation:?}"
                )));
            }
            let size = |value: i32| {
                usize::try_from(value)
                    .ok()
                    .filter(|size| (1..=64).contains(size))
                    .ok_or_else(|| unsupported(format!("stride or window {value}")))
            };
            operator.window = Window {
                same: options.byte(0)? == 0,
                stride: size(across)?,
                filter: size(filter[0])?,
            };
        }
        Ok(operator)
    }
}
