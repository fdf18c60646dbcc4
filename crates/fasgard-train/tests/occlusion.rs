//! Deletion and insertion on a network whose answer is known by hand.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

use burn::tensor::{Device, Tensor, TensorData};
use fasgard_image::random::stream;
use fasgard_nn::{Detector, ModelConfig};
use fasgard_train::Occlusion;

#[test]
fn ends_are_the_picture_itself_and_order_matters_between() {
    let device = Device::flex();
    let model: ModelConfig = serde_json::from_value(serde_json::json!({
        "backbone": "resnet18", "tap": "layer1", "width": 0.0625,
        "supervision": {"target": "mask", "scales": [4]},
    }))
    .unwrap();
    let detector = Detector::new(&model, 16, stream(3, "init", 0, ""), &device).unwrap();
    let detector = detector.prepare();
    let input: Vec<f32> = (0..3 * 16 * 16).map(|i| (i as f32 * 0.9).sin()).collect();
    let occlusion = Occlusion {
        detector: &detector,
        model: &model,
        device: &device,
        steps: 4,
    };
    let score = |values: Vec<f32>| {
        let data = TensorData::new(values, [1, 3, 16, 16]);
        let answer = detector.forward(Tensor::from_data(data, &device));
        1.0 - answer.scores(&model).scores[0]
    };
    let order: Vec<usize> = (0..16).collect();
    let curves = occlusion.curves(&input, 16, 4, &order);
    assert_eq!((curves.deletion.len(), curves.insertion.len()), (5, 5));
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-6, "{a} {b}");
    let own = score(input.clone());
    near(curves.deletion[0], own);
    near(curves.insertion[4], own);
    // All deleted: the mean colour.
    let mean = |c: usize| input[c * 256..(c + 1) * 256].iter().sum::<f32>() / 256.0;
    let flat = (0..3)
        .flat_map(|c| std::iter::repeat_n(mean(c), 256))
        .collect();
    near(curves.deletion[4], score(flat));
    // Half deleted: the upper two rows of cells.
    let half = (0..3 * 256)
        .map(|i| {
            if i % 256 < 128 {
                mean(i / 256)
            } else {
                input[i]
            }
        })
        .collect();
    near(curves.deletion[2], score(half));
    // The other way round other cells are gone half way, and the ends are the same.
    let reversed: Vec<usize> = (0..16).rev().collect();
    let other = occlusion.curves(&input, 16, 4, &reversed);
    near(other.deletion[4], curves.deletion[4]);
    assert_ne!(other.deletion[2], curves.deletion[2]);
    // Cells outside the order are never touched.
    let none = occlusion.curves(&input, 16, 4, &[]);
    none.deletion
        .iter()
        .chain(&none.insertion)
        .for_each(|&p| near(p, own));
}
