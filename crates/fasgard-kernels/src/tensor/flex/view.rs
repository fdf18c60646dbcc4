//! Tensors of burn's CPU backend as slices of `f32`, and back.

use burn::backend::flex::{FlexTensor, Layout};
use burn::tensor::{Bytes, DType, Shape};

/// Whether the kernels take a tensor of this element type.
pub(super) fn supported(tensors: &[&FlexTensor]) -> bool {
    tensors.iter().all(|tensor| tensor.dtype() == DType::F32)
}

/// The tensor with its storage at an address of an `f32`; copied only if it is not. It may be a view
/// of any byte of a larger buffer, such as a file.
fn aligned(tensor: FlexTensor) -> FlexTensor {
    let bytes = tensor.bytes();
    if bytes.as_ptr().cast::<f32>().is_aligned() {
        return tensor;
    }
    let (values, _) = bytes.as_chunks();
    let values: Vec<f32> = values.iter().copied().map(f32::from_ne_bytes).collect();
    let layout = tensor.layout().clone();
    FlexTensor::new(Bytes::from_elems(values), layout, DType::F32)
}

/// The tensor with its elements side by side and aligned in memory; copied only if they are not.
pub(super) fn dense(tensor: FlexTensor) -> FlexTensor {
    let tensor = aligned(tensor);
    if tensor.layout().contiguous_offsets().is_some() {
        tensor
    } else {
        tensor.to_contiguous()
    }
}

/// The tensor as the whole of its storage, in order; copied only if it is not.
pub(super) fn whole(tensor: FlexTensor) -> FlexTensor {
    let tensor = aligned(tensor);
    let len = tensor.layout().shape().num_elements();
    if tensor.layout().contiguous_offsets() == Some((0, len))
        && tensor.bytes().len() == len * size_of::<f32>()
    {
        return tensor;
    }
    let shape = tensor.layout().shape().clone();
    let values = floats(&dense(tensor)).to_vec();
    FlexTensor::new(
        Bytes::from_elems(values),
        Layout::contiguous(shape),
        DType::F32,
    )
}

/// Elements of a tensor from [`dense`].
pub(super) fn floats(tensor: &FlexTensor) -> &[f32] {
    let (start, end) = tensor.layout().contiguous_offsets().unwrap_or_default();
    &tensor.storage::<f32>()[start..end]
}

pub(super) fn dims<const D: usize>(tensor: &FlexTensor) -> [usize; D] {
    tensor.layout().shape().dims::<D>()
}

pub(super) fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> FlexTensor {
    let layout = Layout::contiguous(Shape::from(shape));
    FlexTensor::new(Bytes::from_elems(values), layout, DType::F32)
}
