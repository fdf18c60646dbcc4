//! The published recipes that configs claim to follow, value by value.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

use std::path::Path;

use fasgard_data::{Balance, EpochUnit};
use fasgard_image::{AugmentConfig, PixelRange};
use fasgard_nn::{BackboneKind, Score, Target};
use fasgard_train::{ExperimentConfig, OptimizerKind, ScheduleKind};

fn config(name: &str) -> ExperimentConfig {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
    ExperimentConfig::read(folder.join(format!("{name}.toml")), &[]).unwrap()
}

/// CDCN's training script: the optimiser, one random frame of every video an epoch, 1,400 epochs of
/// OULU-NPU protocol 1 (1,200 videos in batches of 7), the rate halved every 500.
#[test]
fn cdcn_s_training_script() {
    let epoch = 1200.0 / 7.0;
    for (name, backbone, scales) in [
        ("cdcn", BackboneKind::Cdcn, &[32][..]),
        ("cdcn-ps", BackboneKind::Cdcn, &[32, 16, 8, 4]),
        ("depthnet", BackboneKind::Depthnet, &[32]),
        ("depthnet-ps", BackboneKind::Depthnet, &[32, 16, 8, 4]),
    ] {
        let c = config(name);
        assert_eq!((c.model.backbone, c.model.width), (backbone, 1.0), "{name}");
        assert_eq!(c.model.theta, 0.7, "{name}");
        let s = &c.model.supervision;
        assert_eq!(
            (s.target, s.score()),
            (Target::Depth, Score::MapMean),
            "{name}"
        );
        assert_eq!(
            (&s.scales[..], s.weights()),
            (scales, vec![1.0; scales.len()]),
            "{name}"
        );

        let o = &c.optimizer;
        assert_eq!(
            (o.kind, o.lr, o.weight_decay),
            (OptimizerKind::Adam, 1e-4, 5e-5),
            "{name}"
        );
        assert_eq!((o.betas, o.epsilon), ([0.9, 0.999], 1e-8), "{name}");
        assert_eq!((c.train.batch_size, c.train.accumulate), (7, 1), "{name}");
        assert_eq!(c.train.clip_norm, 0.0, "{name}");
        let epochs = |steps: u64| steps as f64 / epoch;
        assert!((epochs(c.train.steps) - 1400.0).abs() < 3.0, "{name}");
        assert_eq!(
            (c.schedule.kind, c.schedule.gamma),
            (ScheduleKind::Step, 0.5),
            "{name}"
        );
        assert!((epochs(c.schedule.every) - 500.0).abs() < 3.0, "{name}");
        assert_eq!(c.schedule.warmup, 0, "{name}");

        let sampling = (c.sampling.epoch, c.sampling.balance);
        assert_eq!(sampling, (EpochUnit::OnePerVideo, Balance::None), "{name}");
        assert_eq!((c.input.size, c.input.crop_scale), (256, 1.3), "{name}");
        assert_eq!(c.input.range, PixelRange::Byte, "{name}");
        assert_eq!(
            (c.input.mean, c.input.std),
            ([127.5; 3], [128.0; 3]),
            "{name}"
        );
        assert_eq!(c.augment, AugmentConfig::cdcn().into(), "{name}");
    }
}

/// What [`AugmentConfig::cdcn`] stands for, once by value.
#[test]
fn cdcn_s_augmentation() {
    let a = AugmentConfig::cdcn();
    assert_eq!((a.flip, a.crop_scale, a.shift), (0.5, None, 0.0));
    assert_eq!(a.crop_scales, [1.2, 1.3, 1.4]);
    assert_eq!(
        (a.brightness, a.contrast, a.gamma),
        ([-40.0, 40.0], [1.0; 2], [0.5, 1.5])
    );
    let e = &a.erasing;
    assert_eq!((e.probability, e.count, e.fill), (0.5, [1, 2], [0; 3]));
    assert_eq!((e.area, e.aspect), ([0.01, 0.05], [0.5, 2.0]));
    assert_eq!(
        (a.cutout.probability, a.cutout.max_side),
        (1.0, 50.0 / 256.0)
    );
}

/// Binary, single-scale and pyramid twins differ in nothing but their supervision.
#[test]
fn twins_differ_in_their_supervision_alone() {
    for (family, twins) in [
        ("resnet18", &["binary", "8x8", "ps"][..]),
        ("resnet34", &["binary", "8x8", "ps"]),
        ("resnet50", &["binary", "8x8", "ps"]),
        ("demo", &["binary", "8x8", "ps"]),
    ] {
        let mut twins = twins.iter().map(|twin| {
            let mut c = config(&format!("{family}-{twin}"));
            assert_eq!(c.name, format!("{family}-{twin}"));
            c.name = family.into();
            (c.model.supervision.scales.clone(), c)
        });
        let (_, first) = twins.next().unwrap();
        for (scales, mut twin) in twins {
            assert!(!scales.is_empty());
            twin.model.supervision = first.model.supervision.clone();
            assert_eq!(twin, first, "{family} {scales:?}");
        }
    }
}
