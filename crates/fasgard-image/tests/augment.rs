//! Augmentation: the same for the same stream, and image and maps in step.

mod common;

use common::{gradient, noise};
use fasgard_image::{
    AugmentConfig, AugmentPlan, Cutout, Erasing, FaceBox, Interpolation, Outside, Preprocess,
    RgbImage, augmented, augmented_map, random::stream,
};
use image::{Rgb, imageops};
use proptest::prelude::*;

fn preprocess(size: u32) -> Preprocess {
    Preprocess {
        size,
        ..Preprocess::default()
    }
}

const FACE: FaceBox = FaceBox {
    x: 14.0,
    y: 9.0,
    w: 30.0,
    h: 36.0,
};

fn plan(config: &AugmentConfig, sample: &str) -> AugmentPlan {
    assert_eq!(config.validate(), Ok(()));
    AugmentPlan::draw(config, &mut stream(7, "augment", 0, sample))
}

#[test]
fn off_is_the_plain_crop() {
    let image = noise(64, 60);
    let preprocess = preprocess(32);
    let drawn = plan(&AugmentConfig::default(), "a");
    assert_eq!(drawn, AugmentPlan::NONE);
    for face in [None, Some(FACE)] {
        let crop = preprocess.crop(&image, face);
        assert_eq!(augmented(&image, face, &preprocess, &drawn), crop);
    }
}

#[test]
fn the_stream_decides() {
    let image = gradient(64, 60);
    let config = AugmentConfig::cdcn();
    let apply = |sample| augmented(&image, Some(FACE), &preprocess(32), &plan(&config, sample));
    assert_eq!(plan(&config, "a"), plan(&config, "a"));
    assert_eq!(apply("a"), apply("a"));
    assert_ne!(apply("a"), apply("b"));
}

#[test]
fn one_key_leaves_the_other_draws_alone() {
    let all = AugmentConfig::cdcn();
    let (size, p) = ((64, 60), preprocess(32));
    for sample in ["a", "b", "c", "d"] {
        let with = plan(&all, sample);
        let without = plan(
            &AugmentConfig {
                brightness: [0.0; 2],
                erasing: Erasing::default(),
                ..all.clone()
            },
            sample,
        );
        assert_eq!(with.flip(), without.flip());
        let region = |plan: &AugmentPlan| plan.region(Some(FACE), size.0, size.1, &p);
        assert_eq!(region(&with), region(&without));
        let unshifted = plan(
            &AugmentConfig {
                flip: 0.0,
                ..all.clone()
            },
            sample,
        );
        assert_eq!(region(&with), region(&unshifted));
    }
}

#[test]
fn draws_stay_in_range_and_reach_it() {
    let config = AugmentConfig {
        shift: 0.1,
        ..AugmentConfig::cdcn()
    };
    let p = preprocess(32);
    let side = 36.0;
    let (mut flips, mut least, mut most) = (0, f32::MAX, f32::MIN);
    for i in 0..1000 {
        let plan = plan(&config, &i.to_string());
        flips += usize::from(plan.flip());
        let region = plan.region(Some(FACE), 64, 60, &p);
        let scale = region.w / side;
        assert!((1.1999..=1.4001).contains(&scale), "{scale}");
        (least, most) = (least.min(scale), most.max(scale));
        let dx = (region.x + region.w / 2.0 - 29.0) / region.w;
        let dy = (region.y + region.h / 2.0 - 27.0) / region.h;
        assert!(dx.abs() <= 0.1001 && dy.abs() <= 0.1001, "{dx} {dy}");
    }
    // Five standard deviations of a fair coin.
    assert!((420..=580).contains(&flips), "{flips}");
    assert!(least < 1.21 && most > 1.39, "{least} {most}");
}

#[test]
fn listed_crop_scales_are_the_only_ones_and_equally_likely() {
    let config = AugmentConfig {
        crop_scales: vec![1.2, 1.3, 1.4],
        ..AugmentConfig::default()
    };
    let p = preprocess(32);
    let mut counts = [0; 3];
    for i in 0..900 {
        let region = plan(&config, &i.to_string()).region(Some(FACE), 64, 60, &p);
        let of = config.crop_scales.iter();
        let which = of.clone().position(|s| (region.w / 36.0 - s).abs() < 1e-4);
        counts[which.unwrap()] += 1;
    }
    // 300 each; five standard deviations are 71.
    assert!(counts.iter().all(|c| (229..=371).contains(c)), "{counts:?}");
}

#[test]
fn without_a_box_the_zoom_is_relative() {
    let config = AugmentConfig {
        crop_scale: Some([0.6, 0.6]),
        ..AugmentConfig::default()
    };
    let p = Preprocess {
        crop_scale: 1.2,
        ..preprocess(32)
    };
    let region = plan(&config, "a").region(None, 80, 60, &p);
    assert!(
        (region.w - 30.0).abs() < 1e-4 && (region.x - 25.0).abs() < 1e-4,
        "{region:?}"
    );
}

#[test]
fn tones_by_hand() {
    let grey = |config: AugmentConfig, value: u8| {
        let image = RgbImage::from_pixel(16, 16, Rgb([value; 3]));
        augmented(&image, None, &preprocess(16), &plan(&config, "a"))
            .get_pixel(3, 3)
            .0
    };
    let off = AugmentConfig::default;
    let brighter = || AugmentConfig {
        brightness: [40.0; 2],
        ..off()
    };
    assert_eq!(grey(brighter(), 100), [140; 3]);
    assert_eq!(grey(brighter(), 230), [255; 3]);
    let gamma = |g| AugmentConfig {
        gamma: [g; 2],
        ..off()
    };
    // 255 * (64 / 255) ^ 2 = 16.06; 255 * sqrt(64 / 255) = 127.75.
    assert_eq!(grey(gamma(2.0), 64), [16; 3]);
    assert_eq!(grey(gamma(0.5), 64), [128; 3]);
    assert_eq!(grey(gamma(0.5), 255), [255; 3]);
    let contrast = AugmentConfig {
        contrast: [2.0; 2],
        ..off()
    };
    assert_eq!(grey(contrast.clone(), 100), [73; 3]); // 72.5, rounded up
    assert_eq!(grey(contrast, 20), [0; 3]);
    // Brightness comes before gamma: 255 * (104 / 255) ^ 2 = 42.4.
    assert_eq!(
        grey(
            AugmentConfig {
                gamma: [2.0; 2],
                ..brighter()
            },
            64
        ),
        [42; 3]
    );
    // Each channel has a brightness of its own.
    let drawn = grey(
        AugmentConfig {
            brightness: [-40.0, 40.0],
            ..off()
        },
        128,
    );
    assert!(drawn[0] != drawn[1] && drawn[1] != drawn[2], "{drawn:?}");
}

#[test]
fn erasing_and_cutout_stay_within_their_sizes() {
    let image = RgbImage::from_pixel(100, 100, Rgb([200; 3]));
    let p = preprocess(100);
    let erasing = AugmentConfig {
        erasing: Erasing {
            probability: 1.0,
            fill: [1, 2, 3],
            ..Erasing::default()
        },
        ..AugmentConfig::default()
    };
    let cutout = AugmentConfig {
        cutout: Cutout {
            probability: 1.0,
            max_side: 0.2,
        },
        ..AugmentConfig::default()
    };
    let mut most = 0;
    for i in 0..200 {
        let out = augmented(&image, None, &p, &plan(&erasing, &i.to_string()));
        let filled = out.pixels().filter(|p| p.0 == [1, 2, 3]).count();
        // One or two rectangles of 1 to 5 per cent, edges rounded to pixels.
        assert!((60..=1150).contains(&filled), "{filled}");
        let kept = out.pixels().filter(|p| p.0 == [200; 3]).count();
        assert_eq!(kept + filled, 10_000);
        let out = augmented(&image, None, &p, &plan(&cutout, &i.to_string()));
        let black = out.pixels().filter(|p| p.0 == [0; 3]).count();
        assert!(black <= 21 * 21, "{black}");
        most = most.max(black);
    }
    assert!(most > 15 * 15, "{most}");
}

proptest! {
    #[test]
    fn image_and_map_move_together(
        sample in "[a-z]{1,6}", size in 8_u32..40,
        x in 0.0_f32..30.0, y in 0.0_f32..30.0, w in 8.0_f32..40.0, h in 8.0_f32..40.0,
        edge in any::<bool>(),
    ) {
        // The map is the image itself: both must give the same crop, whatever was drawn.
        let config = AugmentConfig {
            flip: 0.5, crop_scale: Some([0.7, 1.8]), shift: 0.2, ..AugmentConfig::default()
        };
        let map = imageops::grayscale(&noise(64, 48));
        let image = image::DynamicImage::from(map.clone()).into_rgb8();
        let p = Preprocess { interpolation: Interpolation::Area, ..preprocess(size) };
        let plan = plan(&config, &sample);
        let face = Some(FaceBox { x, y, w, h });
        let crop = augmented(&image, face, &p, &plan);
        let values = augmented_map(&map, (64, 48), face, &p, &plan, size, Outside::Zero);
        for (pixel, value) in crop.pixels().zip(&values) {
            prop_assert!((f32::from(pixel.0[0]) - value * 255.0).abs() < 0.51);
        }
        // A smaller map of the same frame covers the same place: a half-white one shows where.
        let half = image::GrayImage::from_fn(16, 12, |x, _| image::Luma([if x < 8 { 255 } else { 0 }]));
        let outside = if edge { Outside::Edge } else { Outside::Zero };
        let region = plan.region(face, 64, 48, &p);
        let row = augmented_map(&half, (64, 48), face, &p, &plan, size, outside);
        let middle = (size / 2 * size) as usize;
        for column in 0..size {
            let along = if plan.flip() { size - 1 - column } else { column };
            let cell = |i: u32| region.x + region.w * i as f32 / size as f32;
            let value = row[middle + column as usize];
            if cell(along) > 32.01 {
                prop_assert!(value < 1e-3);
            } else if cell(along + 1) < 31.99 && edge {
                prop_assert!(value > 0.999);
            }
        }
    }
}

#[test]
fn configs_are_checked_and_written_back() {
    let text = "flip = 0.5\ncrop_scale = [1.2, 1.4]\n[erasing]\nprobability = 0.5\n";
    let config: AugmentConfig = toml::from_str(text).unwrap();
    assert_eq!(config.erasing.count, [1, 2]);
    let written = toml::to_string(&config).unwrap();
    assert!(written.contains("gamma"), "{written}");
    assert_eq!(toml::from_str::<AugmentConfig>(&written).unwrap(), config);
    assert!(toml::from_str::<AugmentConfig>("flipp = 0.5").is_err());
    assert!(toml::from_str::<AugmentConfig>("[cutout]\nside = 3").is_err());
    AugmentConfig::cdcn().validate().unwrap();
    for (text, key) in [
        ("flip = 1.5", "flip"),
        ("shift = nan", "shift"),
        ("crop_scale = [1.4, 1.2]", "crop_scale"),
        ("crop_scales = [1.2, 20.0]", "crop_scales"),
        (
            "crop_scales = [1.2]\ncrop_scale = [1.2, 1.4]",
            "crop_scales",
        ),
        ("brightness = [-300.0, 0.0]", "brightness"),
        ("gamma = [0.0, 1.0]", "gamma"),
        ("contrast = [-1.0, 1.0]", "contrast"),
        ("[erasing]\ncount = [0, 2]", "erasing.count"),
        ("[erasing]\narea = [0.0, 0.1]", "erasing.area"),
        ("[erasing]\naspect = [2.0, 0.5]", "erasing.aspect"),
        ("[cutout]\nmax_side = 2.0", "cutout.max_side"),
    ] {
        let config: AugmentConfig = toml::from_str(text).unwrap();
        let error = config.validate().unwrap_err();
        assert_eq!(error.key, key);
        assert!(error.to_string().contains(key), "{error}");
    }
}
