//! One pass of a network.

use fasgard_kernels::Epilogue;

use super::TfliteError;
use super::layer::{Activation, Padding};
use super::plan::{Network, Step, Work};

impl Network {
    /// Sizes of the input, for the face networks `[1, H, W, 3]`.
    pub fn input_shape(&self) -> &[usize] {
        &self.input_shape
    }

    /// Sizes of the outputs in the file's order.
    pub fn output_shapes(&self) -> impl Iterator<Item = &[usize]> {
        self.outputs.iter().map(|(_, shape)| &shape[..])
    }

    /// The outputs for `input`, in the file's order. Nothing is shared between calls: one network
    /// serves many threads. The bits do not depend on the number of threads.
    ///
    /// # Errors
    /// [`TfliteError::Input`] if `input` has another length than [`Network::input_shape`] says.
    pub fn run(&self, input: Vec<f32>) -> Result<Vec<Vec<f32>>, TfliteError> {
        let expected = self.input_shape.iter().product();
        if input.len() != expected {
            return Err(TfliteError::Input {
                found: input.len(),
                expected,
            });
        }
        let mut values: Vec<Vec<f32>> = vec![Vec::new(); self.tensors];
        values[self.input] = input;
        for step in &self.steps {
            let out = step.run(&mut values)?;
            for dead in &step.dead {
                values[*dead] = Vec::new();
            }
            values[step.output] = out;
        }
        // Cloned, not taken: an output may be listed twice.
        Ok(self
            .outputs
            .iter()
            .map(|(output, _)| values[*output].clone())
            .collect())
    }
}

impl Step {
    fn run(&self, values: &mut [Vec<f32>]) -> Result<Vec<f32>, TfliteError> {
        let x = self.inputs[0];
        let residual = self.inputs.get(1).map(|other| &values[*other][..]);
        let relu = matches!(self.activation, Activation::Relu);
        let padded = |pad: &Option<Padding>| pad.map(|pad| pad.apply(&values[x]));
        let mut out = match &self.work {
            Work::Conv {
                conv,
                weights,
                bias,
                pad,
            } => {
                let wide = padded(pad);
                let epilogue = Epilogue {
                    bias: Some(bias),
                    residual,
                    activation: relu.into(),
                };
                conv.forward_packed(wide.as_ref().unwrap_or(&values[x]), weights, epilogue)?
            }
            Work::Depthwise {
                conv,
                weights,
                bias,
                pad,
            } => {
                let wide = padded(pad);
                let epilogue = Epilogue {
                    bias: Some(bias),
                    residual: None,
                    activation: relu.into(),
                };
                conv.forward(wide.as_ref().unwrap_or(&values[x]), weights, epilogue)?
            }
            Work::MaxPool(pool) => rectified(pool.forward(&values[x])?, relu),
            Work::Pad(padding) => rectified(padding.apply(&values[x]), relu),
            Work::Add => {
                let other = residual.unwrap_or_default();
                let sums = values[x].iter().zip(other).map(|(a, b)| a + b);
                rectified(sums.collect(), relu)
            }
            Work::Copy if self.dead.contains(&x) => rectified(std::mem::take(&mut values[x]), relu),
            Work::Copy => rectified(values[x].clone(), relu),
            Work::Concat(parts) => rectified(concat(&self.inputs, parts, values), relu),
        };
        if let Activation::PRelu(slopes) = &self.activation {
            for pixel in out.chunks_exact_mut(slopes.len()) {
                for (value, slope) in pixel.iter_mut().zip(slopes) {
                    *value = if *value < 0.0 { *value * slope } else { *value };
                }
            }
        }
        Ok(out)
    }
}

/// Negative values become zero; NaN stays NaN.
fn rectified(mut values: Vec<f32>, relu: bool) -> Vec<f32> {
    if relu {
        for value in &mut values {
            *value = if *value < 0.0 { 0.0 } else { *value };
        }
    }
    values
}

fn concat(inputs: &[usize], parts: &[usize], values: &[Vec<f32>]) -> Vec<f32> {
    let all = inputs.iter().map(|i| values[*i].len()).sum();
    let mut out = Vec::with_capacity(all);
    let blocks = values[inputs[0]].len() / parts[0];
    for block in 0..blocks {
        for (input, part) in inputs.iter().zip(parts) {
            out.extend_from_slice(&values[*input][block * part..][..*part]);
        }
    }
    out
}

impl Padding {
    fn apply(self, x: &[f32]) -> Vec<f32> {
        let [images, rows, cols, channels] = self.shape;
        let wide = self.padded();
        let mut out = vec![0.0; wide.iter().product()];
        let [b0, b1, b2, b3] = self.before;
        let whole = self.before[3] + self.after[3] == 0;
        for (line, from) in x.chunks_exact(cols * channels).enumerate() {
            debug_assert!(line < images * rows);
            let (image, row) = (line / rows, line % rows);
            let at = (((image + b0) * wide[1] + row + b1) * wide[2] + b2) * wide[3];
            if whole {
                out[at..at + from.len()].copy_from_slice(from);
                continue;
            }
            let pixels = out[at..].chunks_exact_mut(wide[3]);
            for (to, from) in pixels.zip(from.chunks_exact(channels)) {
                to[b3..b3 + channels].copy_from_slice(from);
            }
        }
        out
    }
}
