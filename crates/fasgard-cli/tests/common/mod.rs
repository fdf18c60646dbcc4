//! What command-line tests share.

#![allow(dead_code)]

use std::path::Path;

use assert_cmd::{Command, assert::Assert};
use image::{Rgb, RgbImage};

/// A configuration that trains in a second.
pub(crate) const CONFIG: &str = r#"
schema = 1
name = "tiny"
model = { backbone = "resnet18", tap = "layer2", width = 0.125, supervision = { target = "mask", scales = [4, 2] } }
input = { size = 32 }
train = { steps = 4, batch_size = 4, validate_every = 2, checkpoint_every = 2 }
optimizer = { lr = 1e-3 }
"#;

/// Runs `fasgard`.
pub(crate) fn fasgard(args: &[&str]) -> Assert {
    Command::cargo_bin("fasgard").unwrap().args(args).assert()
}

pub(crate) fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// Train, dev and test folders with 8 live and 8 attack pictures each: smooth and checked ones.
pub(crate) fn faces(root: &Path) {
    for (s, split) in ["train", "dev", "test"].into_iter().enumerate() {
        for (class, folder) in ["live", "attack/print"].into_iter().enumerate() {
            let folder = root.join(split).join(folder);
            std::fs::create_dir_all(&folder).unwrap();
            for i in 0..8u32 {
                let picture = RgbImage::from_fn(40, 40, |x, y| {
                    let shade = (x * (2 + i) + y * (s as u32 + 1)) % 200;
                    let check = if class == 1 {
                        (x / 2 + y / 2) % 2 * 50
                    } else {
                        0
                    };
                    Rgb([
                        shade as u8 + check as u8,
                        (shade / 2) as u8,
                        (40 + check) as u8,
                    ])
                });
                picture.save(folder.join(format!("{i}.png"))).unwrap();
            }
        }
    }
}

/// A trained model and the prepared faces it was trained on; the raw ones are below `root/raw`.
pub(crate) fn trained(root: &Path) -> (String, String) {
    let (raw, data, run) = (root.join("raw"), root.join("data"), root.join("run"));
    faces(&raw);
    let [raw, data, run] = [raw, data, run].map(|p| text(&p));
    fasgard(&[
        "prepare", "folder", "--input", &raw, "--output", &data, "--crop", "none", "--png",
    ])
    .success();
    let config = root.join("config.toml");
    std::fs::write(&config, CONFIG).unwrap();
    fasgard(&["train", &text(&config), "--data", &data, "--output", &run]).success();
    (format!("{run}/model.safetensors"), data)
}
