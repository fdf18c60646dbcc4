//! What a pickle of weights is made of.

/// Values a state dict is made of.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::import) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// A tuple or a list.
    Sequence(Vec<Value>),
    /// A dictionary, in its order.
    Dict(Vec<(Value, Value)>),
    /// `module name`, one of [`KNOWN`](super::KNOWN).
    Global(String),
    /// A storage of the file: what the pickle says of it.
    Storage(Vec<Value>),
    /// A tensor: the arguments it is rebuilt from.
    Tensor(Vec<Value>),
    /// A mark on the stack.
    Mark,
}

impl Value {
    /// Whether there are no values inside.
    pub(super) fn is_plain(&self) -> bool {
        !matches!(
            self,
            Self::Sequence(_) | Self::Dict(_) | Self::Storage(_) | Self::Tensor(_)
        )
    }

    /// What it counts towards [`MAX_VALUES`](super::MAX_VALUES): long texts count more, or copies of one would fill
    /// the memory.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Text(text) | Self::Global(text) => 1 + text.len() / 16,
            Self::Sequence(items) => 1 + items.iter().map(Self::weight).sum::<usize>(),
            _ => 1,
        }
    }
}
