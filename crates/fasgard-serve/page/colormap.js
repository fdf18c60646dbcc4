// Colours of maps: those of the crate fasgard-image, colour-blind safe. Interpolated in Oklab
// (B. Ottosson, 2020), so that equal steps of the value look like equal steps.

const STOPS = {
  verdict: ["8a3b04", "d06712", "f4b26e", "f6f4f0", "93c1e3", "2f7fbd", "0b3f7d"],
  depth: ["0a1635", "2c4a72", "6f7c83", "b5a972", "fde745"],
};

const TABLES = {};

/** The colour of `value` (0 to 1, clamped) as [red, green, blue]; `map` is `verdict` or `depth`. */
export function color(map, value) {
  TABLES[map] ??= Array.from({ length: 256 }, (_, i) => mix(STOPS[map].map(bytes), i / 255));
  return TABLES[map][Math.round(Math.min(Math.max(value, 0), 1) * 255) || 0];
}

function bytes(hex) {
  return [0, 2, 4].map((i) => Number.parseInt(hex.slice(i, i + 2), 16));
}

function mix(stops, value) {
  const place = value * (stops.length - 1);
  const index = Math.min(Math.floor(place), stops.length - 2);
  const a = toOklab(stops[index]);
  const b = toOklab(stops[index + 1]);
  return fromOklab(a.map((v, i) => v + (b[i] - v) * (place - index)));
}

function toOklab(rgb) {
  const [r, g, b] = rgb.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
  const l = Math.cbrt(0.41222146 * r + 0.53633255 * g + 0.051445995 * b);
  const m = Math.cbrt(0.2119035 * r + 0.6806995 * g + 0.10739696 * b);
  const s = Math.cbrt(0.08830246 * r + 0.28171885 * g + 0.6299787 * b);
  return [
    0.21045426 * l + 0.7936178 * m - 0.004072047 * s,
    1.9779985 * l - 2.4285922 * m + 0.4505937 * s,
    0.025904037 * l + 0.78277177 * m - 0.80867577 * s,
  ];
}

function fromOklab([l, a, b]) {
  const x = (l + 0.39633778 * a + 0.21580376 * b) ** 3;
  const y = (l - 0.105561346 * a - 0.06385417 * b) ** 3;
  const z = (l - 0.08948418 * a - 1.2914855 * b) ** 3;
  return [
    4.0767417 * x - 3.3077116 * y + 0.23096994 * z,
    -1.268438 * x + 2.6097574 * y - 0.34131938 * z,
    -0.0041960863 * x - 0.7034186 * y + 1.7076147 * z,
  ].map((v) => {
    const c = Math.min(Math.max(v, 0), 1);
    return Math.round(255 * (c <= 0.0031308 ? c * 12.92 : 1.055 * c ** (1 / 2.4) - 0.055));
  });
}
