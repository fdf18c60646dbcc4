// The page finds faces as the crate fasgard-face does: face.json is written and held by its
// tests/page.rs.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { anchors, canvases, choose, detectorInput, faces, level } from "../../../crates/fasgard-serve/page/detect.js";

const known = JSON.parse(readFileSync(new URL("face.json", import.meta.url), "utf8"));
const { contract } = known;
const WORDS = { NaN: Number.NaN, inf: Infinity, "-inf": -Infinity };
const number = (value) => (typeof value === "string" ? WORDS[value] : value);
const box = ([x, y, w, h]) => ({ x, y, w, h });
const numbers = ({ x, y, w, h }) => [x, y, w, h];

/** Numbers of 32 bits that differ by no more than their last places. */
function close(found, expected, what) {
  assert.equal(found.length, expected.length, what);
  found.forEach((v, i) => {
    const e = Math.fround(expected[i]);
    assert.ok(Math.abs(v - e) <= 4e-6 * Math.max(1, Math.abs(e)), `${what} ${i}: ${v}, expected ${e}`);
  });
}

for (const { name, canvas, answers, faces: expected } of known.cases) {
  test(`faces of raw outputs: ${name}`, () => {
    const boxes = new Float32Array(896 * 16);
    const logits = new Float32Array(896).fill(-12.5);
    for (const [anchor, logit, ...values] of answers) {
      logits[anchor] = number(logit);
      boxes.set(values.map(number), anchor * 16);
    }
    const found = faces(contract, boxes, logits, box(canvas));
    assert.equal(found.length, expected.length);
    found.forEach(({ face, score, keypoints }, i) => {
      close(numbers(face), expected[i].face, "face");
      close([score], [expected[i].score], "score");
      close(keypoints.flat(), expected[i].keypoints, "point");
    });
  });
}

test("the cases hold something", () => {
  assert.deepEqual(known.cases.map((c) => c.faces.length), [0, 1, 1, 2, 2, 1, 0, 1, 2]);
});

test("anchors, in the order of the outputs", () => {
  const found = anchors(contract);
  assert.equal(found.length, 896);
  for (const [i, place] of known.anchors) assert.deepEqual(found[i], place);
});

test("squares that are looked at, for every shape of picture", () => {
  for (const { size, canvases: expected } of known.canvases) {
    assert.deepEqual(canvases(contract, ...size).map(numbers), expected);
  }
  assert.deepEqual(canvases(contract, 0, 5), []);
});

test("pixels become -1 to 1, planar", () => {
  known.levels.forEach((expected, value) => assert.equal(level(value), Math.fround(expected)));
  const data = new Uint8ClampedArray([10, 20, 30, 255]);
  const small = { ...contract, side: 2 };
  const input = detectorInput(small, { width: 1, height: 1, data }, { x: 0, y: 0, w: 1, h: 1 });
  assert.deepEqual([...input], [10, 10, 10, 10, 20, 20, 20, 20, 30, 30, 30, 30].map(level));
});

test("the face to follow", () => {
  for (const { boxes, previous, chosen } of known.choices) {
    const all = boxes.map((values) => ({ face: box(values) }));
    const found = choose(all, previous && box(previous));
    assert.equal(found === null ? null : all.indexOf(found), chosen, JSON.stringify({ boxes, previous }));
  }
});
