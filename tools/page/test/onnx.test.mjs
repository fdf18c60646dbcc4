// The metadata of ONNX files, from bytes made by hand.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cardOf, faceContractOf, metadata } from "../../../crates/fasgard-serve/page/onnx.js";

/** A field with a length, as protocol buffers write it. */
function field(number, content) {
  const bytes = typeof content === "string" ? [...new TextEncoder().encode(content)] : content;
  const length = [];
  for (let rest = bytes.length; ; rest = Math.floor(rest / 128)) {
    length.push((rest % 128) | (rest >= 128 ? 128 : 0));
    if (rest < 128) break;
  }
  return [(number << 3) | 2, ...length, ...bytes];
}
const entry = (key, value) => field(14, [...field(1, key), ...field(2, value)]);
// Before it: the format's version (a number), a graph longer than 127 bytes, fixed numbers of four and eight bytes.
const before = [0x08, 0x8a, 0x01, ...field(7, Array(300).fill(0x72)), 0x1d, 1, 2, 3, 4, 0x21, 1, 2, 3, 4, 5, 6, 7, 8];
const file = (...entries) => Uint8Array.from([...before, ...entries.flat()]);

test("entries are found behind whatever comes before", () => {
  assert.deepEqual(metadata(file(entry("a", "1"), entry("fasgard", "é"))), { a: "1", fasgard: "é" });
  assert.deepEqual(metadata(file()), {});
});

test("the card must be there, and of the server's weights", () => {
  const card = { weights_sha256: "ab".repeat(32), self_test: { score: 0.5 } };
  const bytes = file(entry("fasgard", JSON.stringify(card)));
  assert.deepEqual(cardOf(bytes, card.weights_sha256), card);
  assert.throws(() => cardOf(bytes, "cd".repeat(32)), /another than its own: expected weights cdcd/);
  assert.throws(() => cardOf(file(), card.weights_sha256), /no card/);
});

test("a face detector brings its contract", () => {
  const contract = { name: "x", side: 128 };
  assert.deepEqual(faceContractOf(file(entry("fasgard.face", JSON.stringify(contract)))), contract);
  assert.throws(() => faceContractOf(file(entry("fasgard", "{}"))), /no contract: expected a file of `fasgard export face`/);
});

test("what is no such file is refused, and ends", () => {
  const whole = file(entry("fasgard", "x".repeat(200)));
  for (const bytes of [Uint8Array.of(0x72), Uint8Array.of(0x72, 0xff, 0xff, 0xff, 0xff, 0x7f), Uint8Array.of(0x73), new Uint8Array(40).fill(0xff), whole.subarray(0, whole.length - 5)]) {
    assert.throws(() => metadata(bytes), /no ONNX file/);
  }
});
