//! The maps file: round trip, determinism, and files that lie.
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests: a panic there is a failed test"
)]

use std::path::Path;

use fasgard_report::maps::{Map, MapError, MapFile, MapReader, MapTarget};

fn example() -> MapFile {
    let mut file = MapFile::new(MapTarget::Mask, &[4, 2, 1]).unwrap();
    for i in 0..3u8 {
        let fine: Vec<f32> = (0..16u8).map(|v| f32::from(v + i) / 32.0).collect();
        file.push(
            &format!("s/{i}\""),
            &[&fine, &[0.1, 0.2, 0.3, f32::from(i) / 4.0], &[1.0]],
        )
        .unwrap();
    }
    file
}

/// A file of the given header text and body.
fn raw(path: &Path, header: &str, body: &[u8]) {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(body);
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn round_trip_and_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    example().write(&a).unwrap();
    example().write(&b).unwrap();
    assert_eq!(std::fs::read(&a).unwrap(), std::fs::read(&b).unwrap());

    let reader = MapReader::open(&a).unwrap();
    assert_eq!(reader.target(), MapTarget::Mask);
    assert_eq!(reader.sides(), [4, 2, 1]);
    assert_eq!(reader.len(), 3);
    assert!(!reader.contains("s/3\""));
    assert_eq!(reader.maps("missing").unwrap(), None);
    let maps = reader.maps("s/2\"").unwrap().unwrap();
    assert_eq!(maps[0].values[15], 17.0 / 32.0);
    assert_eq!(
        maps[1],
        Map {
            side: 2,
            values: vec![0.1, 0.2, 0.3, 0.5]
        }
    );
    assert!((maps[1].mean() - 0.275).abs() < 1e-6);
}

#[test]
fn other_readers_of_safetensors_agree() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    example().write(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(tensors.tensor("2").unwrap().shape(), [3, 2, 2]);
    assert_eq!(tensors.tensor("4").unwrap().shape(), [3, 4, 4]);
}

#[test]
fn what_does_not_fit_is_not_added() {
    let mut file = MapFile::new(MapTarget::Depth, &[2]).unwrap();
    assert!(matches!(
        file.push("a", &[&[0.0; 3]]),
        Err(MapError::Shape {
            expected: 4,
            found: 3,
            ..
        })
    ));
    assert!(matches!(file.push("a", &[]), Err(MapError::Shape { .. })));
    assert!(matches!(
        file.push("a", &[&[0.0; 4], &[0.0]]),
        Err(MapError::Shape { .. })
    ));
    for bad in [f32::NAN, -0.1, 1.1, f32::INFINITY] {
        assert!(matches!(
            file.push("a", &[&[0.0, 0.0, bad, 0.0]]),
            Err(MapError::Value { position: 2, .. })
        ));
    }
    file.push("a", &[&[0.0; 4]]).unwrap();
    assert!(matches!(
        file.push("a", &[&[0.0; 4]]),
        Err(MapError::Duplicate { .. })
    ));
    assert_eq!(file.len(), 1);
    for sides in [&[][..], &[8, 8], &[0], &[5000]] {
        assert!(matches!(
            MapFile::new(MapTarget::Mask, sides),
            Err(MapError::Scales { .. })
        ));
    }
}

#[test]
fn lying_headers_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("maps");
    let meta = r#""__metadata__":{"schema":"1","target":"mask","samples":"[\"a\"]"}"#;
    let one = r#""1":{"dtype":"F32","shape":[1,1,1],"data_offsets":[0,4]}"#;
    raw(&path, &format!("{{{meta},{one}}}"), &[0; 4]);
    MapReader::open(&path).unwrap();

    let cases = [
        (format!("{{{meta},{one}}}"), 3, "expected"),
        (format!("{{{meta},{one}}}"), 5, "expected"),
        (format!("{{{one}}}"), 4, "`schema` is missing"),
        (format!("{{{meta}}}"), 0, "scales"),
        (
            format!("{{{},{one}}}", meta.replace("mask", "face")),
            4,
            "mask or depth",
        ),
        (
            format!(
                "{{{},{one}}}",
                meta.replace("\"schema\":\"1\"", "\"schema\":\"9\"")
            ),
            4,
            "expected 1, found `9`",
        ),
        (
            format!(
                "{{{},{one}}}",
                meta.replace("[\\\"a\\\"]", "[\\\"a\\\",\\\"b\\\"]")
            ),
            4,
            "shape [2, 1, 1]",
        ),
        (
            format!("{{{meta},{}}}", one.replace("\"1\":", "\"one\":")),
            4,
            "`one`",
        ),
        (
            format!("{{{meta},{}}}", one.replace("F32", "I32")),
            4,
            "I32",
        ),
        (
            // The product of the shape overflows.
            format!(
                "{{{meta},{}}}",
                one.replace("[1,1,1]", "[18446744073709551615,2,2]")
            ),
            4,
            "header",
        ),
        ("{".to_owned(), 0, "header"),
    ];
    for (header, body, expected) in cases {
        raw(&path, &header, &vec![0; body]);
        let message = MapReader::open(&path).unwrap_err().to_string();
        assert!(message.contains(expected), "{header}: {message}");
        assert!(message.contains("maps"), "{message}");
    }

    // A header length far beyond the file must not be allocated.
    std::fs::write(&path, u64::MAX.to_le_bytes()).unwrap();
    assert!(
        MapReader::open(&path)
            .unwrap_err()
            .to_string()
            .contains("header length")
    );
    std::fs::write(&path, [0; 3]).unwrap();
    assert!(MapReader::open(&path).is_err());
}

#[test]
fn values_out_of_range_in_a_file_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("maps");
    let header = r#"{"__metadata__":{"schema":"1","target":"mask","samples":"[\"a\"]"},"1":{"dtype":"F32","shape":[1,1,1],"data_offsets":[0,4]}}"#;
    raw(&path, header, &f32::NAN.to_le_bytes());
    let reader = MapReader::open(&path).unwrap();
    assert!(matches!(reader.maps("a"), Err(MapError::Value { .. })));
}
