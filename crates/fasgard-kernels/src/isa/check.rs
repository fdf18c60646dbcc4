//! A known answer before an instruction set is trusted.
//!
//! Some sets exist on processors that nobody here could test: a set that computes anything else than
//! the portable definition is not used. Single-threaded, as it runs while the choice is being made.

use super::{InstructionSet, Isa, Kernel, MAX_PANEL, dispatch};

/// Whether `set` is available and right.
pub(super) fn passes(set: InstructionSet) -> bool {
    set.available() && dispatch(set, KnownAnswer)
}

struct KnownAnswer;

impl Kernel for KnownAnswer {
    type Output = bool;

    fn run<I: Isa>(self, isa: I) -> bool {
        // Small integers and halves: every operation below is exact, in `bf16` too.
        let line = |first: f32| {
            let mut values = [0.0f32; MAX_PANEL];
            for (i, value) in values.iter_mut().enumerate() {
                *value = first + i as f32 * 0.5 * if i % 2 == 0 { 1.0 } else { -1.0 };
            }
            values
        };
        let mut a = line(-3.0);
        let (b, c) = (line(2.0), line(-1.5));
        let pairs = |first: &[f32], second: &[f32]| {
            let mut pairs = [0.0f32; MAX_PANEL];
            for (to, (first, second)) in pairs.iter_mut().zip(first.iter().zip(second)) {
                *to = crate::bf16::pair(*first, *second);
            }
            pairs
        };
        let (left, right) = (pairs(&a, &b), pairs(&c, &a));
        let mut out = [0.0f32; MAX_PANEL];
        // SAFETY: all buffers are longer than a vector.
        let mut agrees = |value: I::V, expected: &dyn Fn(usize) -> f32| unsafe {
            isa.store(out.as_mut_ptr(), value);
            (0..I::LANES)
                .all(|i| out[i] == expected(i) || (out[i].is_nan() && expected(i).is_nan()))
        };
        // SAFETY: all buffers are longer than a vector.
        unsafe {
            let (va, vb, vc) = (
                isa.load(a.as_ptr()),
                isa.load(b.as_ptr()),
                isa.load(c.as_ptr()),
            );
            let (vl, vr) = (isa.load(left.as_ptr()), isa.load(right.as_ptr()));
            let fine = agrees(isa.splat(1.25), &|_| 1.25)
                && agrees(isa.add(va, vb), &|i| a[i] + b[i])
                && agrees(isa.sub(va, vb), &|i| a[i] - b[i])
                && agrees(isa.mul(va, vb), &|i| a[i] * b[i])
                && agrees(isa.mul_add(va, vb, vc), &|i| a[i] * b[i] + c[i])
                && agrees(isa.relu(va), &|i| if a[i] < 0.0 { 0.0 } else { a[i] })
                && agrees(isa.at_most(va, vc), &|i| a[i].min(c[i]))
                && agrees(isa.dot_bf16(vl, vr, vb), &|i| {
                    a[i] * c[i] + b[i] * a[i] + b[i]
                });
            a[I::LANES - 1] = f32::NAN;
            let va = isa.load(a.as_ptr());
            fine && agrees(isa.relu(va), &|i| if a[i] < 0.0 { 0.0 } else { a[i] })
                && agrees(isa.at_most(va, vb), &|i| {
                    if a[i] > b[i] { b[i] } else { a[i] }
                })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_available_set_is_right() {
        for set in InstructionSet::ALL {
            assert_eq!(passes(set), set.available(), "{}", set.name());
        }
    }
}
