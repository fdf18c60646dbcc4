//! The residual join and its gradient, element by element.
#![allow(clippy::unwrap_used, missing_docs)]

mod naive;

use fasgard_kernels::elementwise;
use naive::values;

#[test]
fn residual_join() {
    for len in [0, 1, 67, 70_001] {
        let (mut a, b, grad) = (values(len, 1), values(len, 2), values(len, 3));
        if let Some(last) = a.last_mut() {
            *last = f32::NAN;
        }
        let y = elementwise::add_relu(&a, &b).unwrap();
        let dx = elementwise::relu_grad(&y, &grad).unwrap();
        assert_eq!((y.len(), dx.len()), (len, len));
        for i in 0..len {
            let sum = a[i] + b[i];
            let expected = if sum < 0.0 { 0.0 } else { sum };
            assert_eq!(y[i].to_bits(), expected.to_bits());
            assert_eq!(dx[i], if expected <= 0.0 { 0.0 } else { grad[i] });
        }
    }
    assert!(elementwise::add_relu(&[1.0], &[]).is_err());
    assert!(elementwise::relu_grad(&[1.0], &[]).is_err());
}
