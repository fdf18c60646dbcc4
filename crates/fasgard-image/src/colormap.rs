//! Colours of maps: colour-blind safe, and even to the eye.
//!
//! Colours are interpolated in Oklab (B. Ottosson, "A perceptual color space for image
//! processing", 2020), so that equal steps of the value look like equal steps.

/// Which way a map's values are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColorMap {
    /// Probability of live: orange (attack, 0) over near-white (undecided, 0.5) to blue (live, 1).
    /// Orange and blue stay apart under every common colour vision deficiency.
    Verdict,
    /// Depth: dark (background, 0) to light (nearest, 1), lightness rising all the way.
    Depth,
}

const VERDICT: [[u8; 3]; 7] = [
    [0x8a, 0x3b, 0x04],
    [0xd0, 0x67, 0x12],
    [0xf4, 0xb2, 0x6e],
    [0xf6, 0xf4, 0xf0],
    [0x93, 0xc1, 0xe3],
    [0x2f, 0x7f, 0xbd],
    [0x0b, 0x3f, 0x7d],
];
const DEPTH: [[u8; 3]; 5] = [
    [0x0a, 0x16, 0x35],
    [0x2c, 0x4a, 0x72],
    [0x6f, 0x7c, 0x83],
    [0xb5, 0xa9, 0x72],
    [0xfd, 0xe7, 0x45],
];

impl ColorMap {
    /// The colour of `value`, red, green, blue; values outside 0 to 1 take the nearest end's colour.
    pub fn color(self, value: f32) -> [u8; 3] {
        let stops: &[[u8; 3]] = match self {
            Self::Verdict => &VERDICT,
            Self::Depth => &DEPTH,
        };
        let place = value.clamp(0.0, 1.0) * (stops.len() - 1) as f32;
        let index = (place as usize).min(stops.len() - 2);
        let t = place - index as f32;
        let (a, b) = (to_oklab(stops[index]), to_oklab(stops[index + 1]));
        from_oklab([0, 1, 2].map(|i| a[i] + (b[i] - a[i]) * t))
    }
}

fn to_oklab(rgb: [u8; 3]) -> [f32; 3] {
    let [r, g, b] = rgb.map(|v| {
        let v = f32::from(v) / 255.0;
        if v <= 0.040_45 {
            v / 12.92
        } else {
            ((v + 0.055) / 1.055).powf(2.4)
        }
    });
    let l = (0.412_221_46 * r + 0.536_332_55 * g + 0.051_445_995 * b).cbrt();
    let m = (0.211_903_5 * r + 0.680_699_5 * g + 0.107_396_96 * b).cbrt();
    let s = (0.088_302_46 * r + 0.281_718_85 * g + 0.629_978_7 * b).cbrt();
    [
        0.210_454_26 * l + 0.793_617_8 * m - 0.004_072_047 * s,
        1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s,
        0.025_904_037 * l + 0.782_771_77 * m - 0.808_675_77 * s,
    ]
}

fn from_oklab([l, a, b]: [f32; 3]) -> [u8; 3] {
    let x = (l + 0.396_337_78 * a + 0.215_803_76 * b).powi(3);
    let y = (l - 0.105_561_346 * a - 0.063_854_17 * b).powi(3);
    let z = (l - 0.089_484_18 * a - 1.291_485_5 * b).powi(3);
    [
        4.076_741_7 * x - 3.307_711_6 * y + 0.230_969_94 * z,
        -1.268_438 * x + 2.609_757_4 * y - 0.341_319_38 * z,
        -0.004_196_086_3 * x - 0.703_418_6 * y + 1.707_614_7 * z,
    ]
    .map(|v| {
        let v = v.clamp(0.0, 1.0);
        let v = if v <= 0.003_130_8 {
            v * 12.92
        } else {
            1.055 * v.powf(1.0 / 2.4) - 0.055
        };
        (v * 255.0).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stops_are_met_and_ends_hold() {
        assert_eq!(ColorMap::Verdict.color(0.0), VERDICT[0]);
        assert_eq!(ColorMap::Verdict.color(0.5), VERDICT[3]);
        assert_eq!(ColorMap::Verdict.color(7.0), VERDICT[6]);
        assert_eq!(ColorMap::Depth.color(-1.0), DEPTH[0]);
    }

    #[test]
    fn lightness_is_monotone() {
        let lightness = |map: ColorMap, i: u16| to_oklab(map.color(f32::from(i) / 200.0))[0];
        for i in 0..200 {
            let depth = lightness(ColorMap::Depth, i + 1) - lightness(ColorMap::Depth, i);
            assert!(depth > -0.004, "depth at {i}: {depth}");
            let verdict = lightness(ColorMap::Verdict, i + 1) - lightness(ColorMap::Verdict, i);
            assert!(
                if i < 100 {
                    verdict > -0.004
                } else {
                    verdict < 0.004
                },
                "verdict at {i}"
            );
        }
    }
}
