//! Manifests are read back as they were written, and malformed ones are refused by line and column.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;

use fasgard_data::{ManifestRow, RelativePath, read_manifest, write_manifest};
use fasgard_image::{Eyes, FaceBox};
use fasgard_metrics::{Label, Split};
use proptest::prelude::*;

const HEADER: &str = "sample,dataset,split,subject,video,frame,label,species,attributes,image,depth,mask,box_x,box_y,box_w,box_h,eye_rx,eye_ry,eye_lx,eye_ly,sha256";

fn read(text: &str) -> Result<Vec<ManifestRow>, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("manifest.csv");
    fs::write(&path, text).unwrap();
    read_manifest(&path).map_err(|e| e.to_string())
}

#[test]
fn the_header_is_the_format() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("manifest.csv");
    write_manifest(&path, &[]).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap().trim_end(), HEADER);
    assert_eq!(read_manifest(&path).unwrap(), []);
}

#[test]
fn malformed_manifests_are_refused_where_they_are_wrong() {
    let good = "a,d,train,s,v,1,live,,k=v,faces/a.jpg,,,1,2,3,4,,,,,";
    assert_eq!(read(&format!("{HEADER}\n{good}\n")).unwrap().len(), 1);
    // (cell to change, new content, what the message must hold)
    let columns: Vec<_> = HEADER.split(',').collect();
    let cases = [
        ("sample", "", "expected a name"),
        ("dataset", "", "expected a name"),
        ("split", "valid", "`train`, `dev` or `test`"),
        ("frame", "-1", "whole number"),
        ("label", "spoof", "`live` or `attack`"),
        ("label", "", "`live` or `attack`"),
        ("species", "print/1", "no species on a live row"),
        ("attributes", "k", "key=value"),
        ("image", "", "relative"),
        ("image", "/etc/passwd", "not an absolute one"),
        ("image", "../a.jpg", "without `..`"),
        ("image", "C:\\a.jpg", "not an absolute one"),
        ("mask", "masks/../../x.png", "without `..`"),
        ("depth", "/x.png", "not an absolute one"),
        ("box_x", "", "all or none"),
        ("box_x", "nan", "all or none"),
        ("box_w", "0", "above zero"),
        ("box_h", "-4", "above zero"),
        ("eye_rx", "3", "all or none"),
        ("sha256", "abc", "64 lower-case"),
    ];
    for (column, content, expected) in cases {
        let at = columns.iter().position(|c| *c == column).unwrap();
        let mut cells: Vec<_> = good.split(',').collect();
        cells[at] = content;
        let bad = cells.join(",").replace("a,d", "b,d");
        let error = read(&format!("{HEADER}\n{good}\n{bad}\n")).unwrap_err();
        assert!(
            error.contains("manifest.csv: line 3"),
            "{column}={content}: {error}"
        );
        // Of eyes, the first cell that is empty is the wrong one.
        let column = if column == "eye_rx" { "eye_ry" } else { column };
        assert!(
            error.contains(&format!("column `{column}`")),
            "{column}={content}: {error}"
        );
        assert!(error.contains(expected), "{column}={content}: {error}");
    }
    let attack = good.replace("live,,", "attack,,").replace("a,d", "b,d");
    let error = read(&format!("{HEADER}\n{attack}\n")).unwrap_err();
    assert!(
        error.contains("line 2") && error.contains("PAI species"),
        "{error}"
    );
}

#[test]
fn structure_errors_name_what_is_wrong() {
    let row = "a,d,train,s,v,1,live,,k=v,faces/a.jpg,,,1,2,3,4,,,,,";
    let other = row.replace("a,d,train", "b,d,test");
    let twice = read(&format!("{HEADER}\n{row}\n{other}\n{row}\n")).unwrap_err();
    assert!(
        twice.contains("lines 2 and 4") && twice.contains("d/a"),
        "{twice}"
    );
    let missing = read(&HEADER.replace(",sha256", "")).unwrap_err();
    assert!(missing.contains("none named sha256"), "{missing}");
    let unknown = read(&HEADER.replace("sha256", "sha255")).unwrap_err();
    assert!(unknown.contains("`sha255`"), "{unknown}");
    let double = read(&format!("{HEADER},mask")).unwrap_err();
    assert!(double.contains("`mask` twice"), "{double}");
    let short = read(&format!("{HEADER}\n{row}\na,b\n")).unwrap_err();
    assert!(short.contains("line 3"), "{short}");
    let long = read(&format!("{HEADER}\n{}{row}\n", "x".repeat(2000))).unwrap_err();
    assert!(
        long.contains("at most 1024 bytes") && long.len() < 400,
        "{long}"
    );
    let missing = read_manifest("no-such-folder/manifest.csv").unwrap_err();
    assert!(missing.to_string().contains("no-such-folder"), "{missing}");
}

proptest! {
    #[test]
    fn rows_are_read_back_to_the_bit(
        sample in "[ -~é]{1,40}",
        subject in proptest::option::of("[a-z,\"]{1,8}"),
        frame in proptest::option::of(any::<u64>()),
        split in proptest::sample::select(vec![None, Some(Split::Train), Some(Split::Test)]),
        attack in any::<bool>(),
        numbers in proptest::array::uniform4(-9e5_f32..9e5),
        known in any::<bool>(),
    ) {
        let species = attack.then(|| "print/a-1".parse().unwrap());
        let label = if attack { Label::Attack } else { Label::Live };
        let image = RelativePath::new("faces/a, \"b\".jpg").unwrap();
        let mut row = ManifestRow::new("set", sample, label, species, image);
        row.subject = subject;
        row.frame = frame;
        row.split = split;
        row.attributes.insert("light", "day, \"noon\"").unwrap();
        if known {
            let [x, y, w, h] = numbers;
            row.face = Some(FaceBox { x, y, w: w.abs() + 0.1, h: h.abs() + 0.1 });
            row.eyes = Some(Eyes { right: [y, x], left: [h, w] });
            row.sha256 = Some("0".repeat(64));
            row.mask = Some(RelativePath::new("masks/a.png").unwrap());
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("manifest.csv");
        write_manifest(&path, std::slice::from_ref(&row)).unwrap();
        prop_assert_eq!(read_manifest(&path).unwrap(), vec![row]);
    }
}
