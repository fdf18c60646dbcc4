// The rules of verdicts, by hand.
import assert from "node:assert/strict";
import { test } from "node:test";
import { answerOf, contractOf, readOutputs } from "../../../crates/fasgard-serve/page/answer.js";
import { because, bounded, decide, decimals, fuse, sigmoid, thresholdValue } from "../../../crates/fasgard-serve/page/verdict.js";

const contract = { threshold: 0.4, support: [0.1, 0.9], gap: [0.3, 0.5] };

test("three states, on every side of every edge", () => {
  const cases = [
    [0.05, "no-decision", "outside-support"], [0.1, "attack", null], [0.3, "attack", null], [0.31, "no-decision", "in-gap"],
    [0.49, "no-decision", "in-gap"], [0.5, "live", null], [0.9, "live", null], [0.91, "no-decision", "outside-support"],
    [Number.NaN, "no-decision", "not-finite"], [Infinity, "no-decision", "not-finite"],
  ];
  for (const [score, verdict, reason] of cases) assert.deepEqual(decide(score, contract), { verdict, reason }, String(score));
});

test("the threshold itself is no live", () => {
  const plain = { threshold: 0.5, support: null, gap: null };
  assert.equal(decide(0.5, plain).verdict, "attack");
  assert.equal(decide(0.5000001, plain).verdict, "live");
  assert.equal(decide(0, { ...plain, threshold: thresholdValue("-inf") }).verdict, "live");
});

test("fusing, as the crate fasgard-metrics does it", () => {
  const scores = [0.9, 0.1, 0.5, 0.7, 0.3, 0.2];
  const close = (rule, expected) => assert.ok(Math.abs(fuse(rule, scores) - expected) < 1e-12, `${rule}: ${fuse(rule, scores)}`);
  close("mean", 0.45);
  close("median", 0.4);
  close("max", 0.9);
  close("min", 0.1);
  close("trimmed", 0.45);
  close("peak", 0.15);
  assert.equal(fuse("median", [0.2, 0.9, 0.4]), 0.4);
  const twelve = [0, 1, ...Array(10).fill(0.5)];
  assert.equal(fuse("trimmed", twelve), 0.5);
  assert.equal(fuse("mean", []), null);
});

test("scores from outputs: the logit's sigmoid, or the score, at most one", () => {
  assert.equal(sigmoid(0), 0.5);
  assert.equal(bounded(0.75), 0.75);
  assert.ok(Number.isNaN(bounded(Number.NaN)));
  const outputs = [
    { name: "map_1", dims: [1, 1, 1, 1], values: [0.25] },
    { name: "logit", dims: [1], values: [Math.log(3)] },
    { name: "map_2", dims: [1, 1, 2, 2], values: [0, 1, 0, 1] },
  ];
  const found = readOutputs(outputs);
  assert.ok(Math.abs(found.score - 0.75) < 1e-12);
  assert.deepEqual(found.maps.map((map) => map.side), [2, 1]);
  // A depth model has no logit, and its mean may exceed one.
  const depth = readOutputs([{ name: "score", dims: [], values: [1.25] }, outputs[0]]);
  assert.deepEqual([depth.score, depth.logit], [1, null]);
  assert.ok(Number.isNaN(readOutputs([]).score));
});

test("an answer of the page has the keys of the service's", () => {
  const info = { decision: { threshold: "-inf", support: null, gap: null }, model: { target: "mask" } };
  assert.equal(contractOf(info).threshold, -Infinity);
  assert.equal(contractOf({ decision: null }), null);
  const keys = ["verdict", "reason", "score", "logit", "maps", "face", "faces", "region", "image", "timings", "notes"];
  const judged = { outputs: [{ name: "logit", dims: [1], values: [0] }], region: null, face: null, faces: 0, timings: {} };
  const found = answerOf(judged, info, { width: 1, height: 1 });
  assert.equal(found.verdict, "live");
  assert.deepEqual(found.notes, []);
  const none = answerOf({ ...judged, outputs: null }, info, { width: 1, height: 1 });
  assert.deepEqual([none.verdict, none.reason, none.score, none.maps], ["no-decision", "no-face", null, []]);
  for (const key of keys) assert.ok(key in found && key in none, key);
  // The server's words.
  assert.deepEqual(answerOf({ ...judged, faces: 3 }, info, null).notes, ["3 faces were found; one was judged"]);
});

test("numbers do not round over to a certainty that is none", () => {
  assert.equal(decimals(0.5), "0.500");
  assert.equal(decimals(1), "1.000");
  assert.equal(decimals(0.99999), "1 − 1.0e-5");
  assert.equal(decimals(0.00002), "2.0e-5");
  assert.equal(decimals(null), "–");
  assert.equal(decimals(-Infinity), "−∞");
  assert.equal(decimals(Number.NaN), "–");
});

test("every verdict has its sentence", () => {
  assert.match(because({ verdict: "live", score: 0.9 }, 0.4), /0\.900 is above the threshold 0\.400/);
  assert.match(because({ verdict: "attack", score: 0.4 }, 0.4), /not above/);
  for (const reason of ["no-face", "outside-support", "in-gap", "not-finite", "no-frames", "something new"]) {
    assert.match(because({ verdict: "no-decision", reason }, 0.4), /\.$/);
  }
});
