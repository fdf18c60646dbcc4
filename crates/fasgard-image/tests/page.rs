//! The web page does the preprocessing anew in JavaScript (`crates/fasgard-serve/page/`). What this
//! crate gives for a picture of a closed formula is kept in `tools/page/test/preprocess.json`, with
//! which the page's own tests compare; this test holds the file to the crate.

use std::fmt::Write;

use fasgard_image::{
    ColorMap, ColorOrder, CropFit, FaceBox, Interpolation, PixelRange, Preprocess, Rgb, RgbImage,
    crop,
};

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tools/page/test/preprocess.json"
);
const KINDS: [(Interpolation, &str); 3] = [
    (Interpolation::Bilinear, "bilinear"),
    (Interpolation::Linear, "linear"),
    (Interpolation::Area, "area"),
];
/// Inside and smaller, inside and larger, whole, over two edges each, far outside, a sliver.
const REGIONS: [([f32; 4], u32); 8] = [
    ([3.25, 2.5, 33.0, 24.75], 7),
    ([10.3, 8.7, 5.5, 5.5], 12),
    ([0.0, 0.0, 40.0, 30.0], 9),
    ([-9.6, -7.1, 30.0, 30.0], 10),
    ([21.4, 13.3, 29.9, 29.9], 10),
    ([-20.0, -25.0, 80.0, 80.0], 16),
    ([60.0, 3.0, 10.0, 10.0], 4),
    ([39.5, 0.0, 9.0, 30.0], 5),
];

fn picture() -> RgbImage {
    RgbImage::from_fn(40, 30, |x, y| {
        Rgb([0, 1, 2].map(|c| ((x * x * 3 + y * 7 * (c + 1) + x * y * 5 + c * 61) % 256) as u8))
    })
}

fn face([x, y, w, h]: [f32; 4]) -> FaceBox {
    FaceBox { x, y, w, h }
}

fn crops() -> String {
    let mut lines = Vec::new();
    for (kind, name) in KINDS {
        for (region, size) in REGIONS {
            let pixels = crop(&picture(), face(region), size, kind, false);
            let hex = pixels.as_raw().iter().fold(String::new(), |mut out, byte| {
                let _ = write!(out, "{byte:02x}");
                out
            });
            lines.push(format!(
                r#"  {{"interpolation": "{name}", "region": {region:?}, "size": {size}, "rgb": "{hex}"}}"#
            ));
        }
    }
    lines.join(",\n")
}

fn inputs() -> String {
    let plain = Preprocess {
        size: 8,
        ..Preprocess::default()
    };
    let other = Preprocess {
        color: ColorOrder::Bgr,
        range: PixelRange::Byte,
        mean: [104.0, 117.5, 123.7],
        std: [57.4, 58.2, 1.0],
        crop_scale: 1.7,
        ..plain.clone()
    };
    let inside = Preprocess {
        fit: CropFit::Inside,
        crop_scale: 2.7,
        ..plain.clone()
    };
    let cases = [
        (&plain, "rgb", "unit", Some([11.3, 6.1, 14.7, 19.2])),
        (&plain, "rgb", "unit", None),
        (&other, "bgr", "byte", Some([20.6, 9.9, 17.1, 12.4])),
        // In the middle, over the upper left and the lower right corner, larger than the image's height.
        (&inside, "rgb", "unit", Some([15.2, 11.1, 6.3, 8.9])),
        (&inside, "rgb", "unit", Some([1.4, -2.2, 9.7, 7.6])),
        (&inside, "rgb", "unit", Some([30.9, 21.3, 11.5, 7.1])),
        (&inside, "rgb", "unit", Some([7.7, -4.4, 21.9, 38.3])),
        (&inside, "rgb", "unit", None),
    ];
    let line = |(p, color, range, place): (&Preprocess, &str, &str, Option<[f32; 4]>)| {
        let place_json = place.map_or("null".into(), |place| format!("{place:?}"));
        let region = p.crop_region(place.map(face), 40, 30);
        let input = p.apply(&picture(), place.map(face));
        format!(
            r#"  {{"preprocess": {{"size": {}, "crop_scale": {:?}, "fit": "{}", "color": "{color}", "range": "{range}", "mean": {:?}, "std": {:?}, "interpolation": "bilinear"}}, "face": {place_json}, "region": {:?}, "input": {input:?}}}"#,
            p.size,
            p.crop_scale,
            if p.fit == CropFit::Inside {
                "inside"
            } else {
                "square"
            },
            p.mean,
            p.std,
            [region.x, region.y, region.w, region.h],
        )
    };
    cases.map(line).join(",\n")
}

fn colors(map: ColorMap) -> String {
    let colors: Vec<[u8; 3]> = (0..=20).map(|i| map.color(i as f32 / 20.0)).collect();
    format!("{colors:?}")
}

#[test]
fn the_page_is_tested_with_this_crate_s_own_numbers() {
    let expected = format!(
        "{{\n\"crops\": [\n{}\n],\n\"inputs\": [\n{}\n],\n\"colors\": {{\n  \"verdict\": {},\n  \"depth\": {}\n}}\n}}\n",
        crops(),
        inputs(),
        colors(ColorMap::Verdict),
        colors(ColorMap::Depth)
    );
    if std::env::var_os("FASGARD_WRITE_FIXTURES").is_some() {
        std::fs::write(FILE, &expected).expect("the fixture is written");
    }
    let found = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(
        found == expected,
        "tools/page/test/preprocess.json does not hold what this crate computes; write it anew with \
         FASGARD_WRITE_FIXTURES=1 cargo test -p fasgard-image --test page, then make the page's \
         resample.js, preprocess.js or colormap.js follow (node --test tools/page/test)"
    );
}
