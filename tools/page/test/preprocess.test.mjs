// The page's preprocessing gives the bytes and numbers of the crate fasgard-image: preprocess.json is
// written and held by crates/fasgard-image/tests/page.rs.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { color } from "../../../crates/fasgard-serve/page/colormap.js";
import { crop, cropRegion, prepare, selfTestInput, square } from "../../../crates/fasgard-serve/page/preprocess.js";
import { axis } from "../../../crates/fasgard-serve/page/resample.js";

const known = JSON.parse(readFileSync(new URL("preprocess.json", import.meta.url), "utf8"));
const box = (values) => values && { x: values[0], y: values[1], w: values[2], h: values[3] };

/** The picture of the closed formula, as ImageData. */
function picture() {
  const [width, height] = [40, 30];
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) data[(y * width + x) * 4 + c] = (x * x * 3 + y * 7 * (c + 1) + x * y * 5 + c * 61) % 256;
    }
  }
  return { width, height, data };
}

for (const { interpolation, region, size, rgb } of known.crops) {
  test(`crop ${interpolation} of ${region} to ${size}`, () => {
    const found = crop(picture(), box(region), size, interpolation);
    assert.equal(Buffer.from(found).toString("hex"), rgb);
  });
}

for (const { preprocess, face, region, input } of known.inputs) {
  test(`input ${preprocess.color} ${preprocess.range} ${preprocess.fit} of face ${face}`, () => {
    const found = prepare(preprocess, picture(), box(face));
    assert.deepEqual(found.region, Object.fromEntries(Object.entries(box(region)).map(([k, v]) => [k, Math.fround(v)])));
    assert.deepEqual([...found.input], input.map(Math.fround));
  });
}

test("colours of maps are those of the crate, by rounding at most one off", () => {
  for (const [map, colors] of Object.entries(known.colors)) {
    colors.forEach((expected, i) => {
      // The page keeps 256 steps: the value next to i / 20.
      const found = color(map, i / 20);
      found.forEach((v, c) => assert.ok(Math.abs(v - expected[c]) <= 2, `${map} ${i}: ${found} for ${expected}`));
    });
  }
});

test("colours outside 0 to 1 are the ends', and no number is the low end", () => {
  assert.deepEqual(color("verdict", -3), color("verdict", 0));
  assert.deepEqual(color("verdict", 3), color("verdict", 1));
  assert.deepEqual(color("depth", Number.NaN), color("depth", 0));
});

test("a box that is none gives a black crop", () => {
  for (const region of [{ x: 0, y: 0, w: 0, h: 5 }, { x: Number.NaN, y: 0, w: 5, h: 5 }, { x: 0, y: 0, w: Infinity, h: 5 }]) {
    assert.ok(crop(picture(), region, 4, "bilinear").every((v) => v === 0));
  }
});

test("weights of pixels inside sum to one, outside to nothing", () => {
  for (const kernel of ["bilinear", "linear", "area"]) {
    const { count, first, length, weights } = axis(kernel, 20, -5, 30, 11);
    const sums = Array.from({ length: count }, (_, o) => weights.slice(first[o], first[o] + length[o]).reduce((a, b) => a + b, 0));
    assert.ok(Math.abs(sums[5] - 1) < 1e-6, `${kernel}: ${sums}`);
    assert.equal(sums[0], 0);
    assert.ok(sums[1] > 0 && sums[1] < 0.5, `${kernel}: ${sums}`);
  }
});

test("the square is about the box's centre", () => {
  assert.deepEqual(square({ x: 10, y: 20, w: 4, h: 8 }, 1.5), { x: 6, y: 18, w: 12, h: 12 });
});

test("without a face the largest centred square is seen", () => {
  assert.deepEqual(cropRegion({ crop_scale: 3 }, null, 640, 480), { x: 80, y: 0, w: 480, h: 480 });
});

test("the self-test's input is the crate's formula", () => {
  const input = selfTestInput(8);
  assert.equal(input.length, 192);
  assert.equal(input[0], 0);
  // channel 1, row 2, column 3: sin((3 * 3 + 3 * 2) / 8 * 6.25)
  assert.equal(input[64 + 19], Math.fround(Math.sin((15 / 8) * 6.25)));
});
