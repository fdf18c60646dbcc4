//! Any bytes are CelebA-Spoof's label file or an error; rows that come back are of images that are
//! there.
#![no_main]

use fasgard_data::layout::by_name;
use fasgard_fuzz::{with_folder, write};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    with_folder(|folder| {
        let root = folder.join("celeba");
        if !root.exists() {
            for image in [
                "1/live/000001.jpg",
                "1/spoof/000002.png",
                "2/live/000003.jpg",
            ] {
                write(&root, &format!("Data/train/{image}"), b"");
            }
        }
        write(&root, "metas/intra_test/train_label.json", bytes);
        let layout = by_name("celeba-spoof").expect("a layout");
        if let Ok(scan) = layout.scan(&root) {
            assert!(
                !scan.rows.is_empty() && scan.rows.len() <= 3,
                "{} rows",
                scan.rows.len()
            );
            for row in scan.rows.iter() {
                assert!(row.image.under(&root).exists(), "{}", row.image);
                assert_eq!(row.label.is_live(), row.species.is_none());
            }
        }
    });
});
