//! SiW-M, whose numbers have gaps: published counts decide, names are hints.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod layouts_support;

use layouts_support::{expect, files, official, one_off, row, scan};

#[test]
fn other_foldings_and_live_videos_without_a_set() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    files(
        root,
        [
            "Live/Live_7.mp4",
            "a/live/test/LIVE_8.mov",
            "Spoof/mask_half_3.MOV",
            "Partial_Eye_0.mov",
        ],
    );
    let found = scan("siw-m", root).unwrap();
    let samples: Vec<_> = found.rows.iter().map(|r| (r.sample, r.split)).collect();
    let test = Some(fasgard_metrics::Split::Test);
    assert_eq!(
        samples,
        [("Live_7", None), ("Live_8", test), ("Mask_Half_3", None)]
            .map(|(s, split)| (s.to_owned(), split))
    );
    assert_eq!(row(&found, "Mask_Half_3").class_name(), "mask/half");
    assert_eq!(found.surplus, ["Partial_Eye_0.mov"]);
    assert_eq!(found.missing.len(), 660 + 974 - 3);
    assert!(
        found
            .missing
            .iter()
            .any(|m| m.ends_with("Mask/HalfMask/Mask_Half_4.mov"))
    );
    assert!(!found.missing.iter().any(|m| m.ends_with("Mask_Half_3.mov")));
    let notes = found.notes.join("\n");
    assert!(notes.contains("1 live videos are in neither"), "{notes}");
}

#[test]
fn all_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let mut names = Vec::new();
    for n in 1..=660 {
        // 80 to 20, as the release does.
        let set = if n % 5 == 0 { "Test" } else { "Train" };
        names.push(format!("Live/{set}/Live_{n}.mov"));
    }
    for (name, count) in [
        ("Replay/Replay", 99),
        ("Paper/Paper", 118),
        ("Mask/HalfMask/Mask_Half", 72),
        ("Mask/SiliconeMask/Mask_Silicone", 27),
        ("Mask/TransparentMask/Mask_Trans", 88),
        ("Mask/PaperMask/Mask_Paper", 17),
        ("Mask/MannequinHead/Mask_Mann", 40),
        ("Makeup/Obfuscation/Makeup_Ob", 23),
        ("Makeup/Impersonation/Makeup_Im", 63),
        ("Makeup/Cosmetic/Makeup_Co", 54),
        ("Partial/FunnyeyeGlasses/Partial_Funnyeye", 160),
        ("Partial/PaperGlasses/Partial_Paperglass", 127),
        ("Partial/PaperCut/Partial_Eye", 57),
        ("Partial/PaperCut/Partial_Mouth", 29),
    ] {
        names.extend((1..=count).map(|n| format!("{name}_{n}.mov")));
    }
    files(root, &names);
    let found = scan("siw-m", root).unwrap();
    assert_eq!((found.missing.len(), found.surplus.len()), (0, 0));
    expect(
        &found,
        &[
            ("train live", 528),
            ("test live", 132),
            ("replay/any", 99),
            ("print/any", 118),
            ("mask/half", 72),
            ("mask/silicone", 27),
            ("mask/transparent", 88),
            ("mask/paper", 17),
            ("mask/mannequin", 40),
            ("makeup/obfuscation", 23),
            ("makeup/impersonation", 63),
            ("makeup/cosmetic", 54),
            ("partial/funny-eye", 160),
            ("partial/paper-glasses", 127),
            ("partial/paper", 86),
        ],
    );
    assert_eq!(official(&found, "live"), (660, 660));
    assert_eq!(official(&found, "attack"), (968, 974));
    assert_eq!(official(&found, "partial/paper"), (86, 86));
    let one = row(&found, "Partial_Mouth_29");
    assert_eq!((one.split, one.subject.as_deref()), (None, None));
    assert_eq!(one.attributes.to_string(), "part=mouth");
    let gone = "Mask/HalfMask/Mask_Half_7.mov";
    one_off(
        "siw-m",
        root,
        gone,
        "Mask/HalfMask/Mask_Hal_7.mov",
        "mask/half",
    );
}
