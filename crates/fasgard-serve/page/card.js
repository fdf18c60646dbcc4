// What the model says about itself, and where the time went.

import { by, make } from "./dom.js";
import { decimals, thresholdValue } from "./verdict.js";

const CRITERIA = {
  eer: "equal error rate",
  "target-eer": "equal error rate on the evaluated set itself",
  "min-acer": "smallest ACER",
};

const TARGETS = {
  binary: "live or attack, without maps",
  mask: "a pyramid of masks",
  depth: "a pyramid of depth maps",
};

/** Fills the model's card from /v1/info; `local` is the model in the page once it is loaded. */
export function showCard(info, local = null) {
  const { model, decision } = info;
  const rows = [["Name", code(model.name), `fasgard ${model.fasgard}, weights ${model.weights_sha256.slice(0, 12)}`]];
  rows.push(["Network", `${model.backbone}, ${model.preprocess.size} × ${model.preprocess.size} pixels`, pyramid(model)]);
  if (decision) {
    const { criterion, origin, support, gap } = decision;
    rows.push(["Threshold", decimals(thresholdValue(decision.threshold)), `${CRITERIA[criterion] ?? criterion}; ${origin}`]);
    rows.push(["Calibrated", support ? `scores from ${decimals(support[0])} to ${decimals(support[1])}` : "not calibrated", gap ? `no decision between ${decimals(gap[0])} and ${decimals(gap[1])}` : null]);
  } else {
    rows.push(["Threshold", "not told", "this server gives verdicts without scores"]);
  }
  rows.push(["Trained on", model.datasets.join(", ") || "not stated", model.species.length ? `attacks: ${model.species.join(", ")}` : null]);
  rows.push(["Licence", model.licence || "not stated"]);
  rows.push(["Service", `fasgard ${info.version}`, crop(info)]);
  if (local) {
    rows.push(["In the page", runtime(local), selfTest(local)]);
    rows.push(["Face", local.detector ? code(local.detector) : "you frame it", local.detector ? "finds the face in the page" : "this server offers no face detector to browsers"]);
  }
  by("card").replaceChildren(...rows.map(([name, value, more]) => row(name, value, more)));
}

function runtime({ threads }) {
  return `ONNX Runtime Web, ${threads} ${threads === 1 ? "thread" : "threads"}`;
}

function selfTest({ selfTest }) {
  return selfTest ? `self-test passed: the score differs by ${selfTest.difference.toExponential(1)}` : null;
}

function pyramid({ target, scales }) {
  const what = TARGETS[target] ?? target;
  return scales.length ? `${what}: ${scales.map((side) => `${side} × ${side}`).join(", ")}` : what;
}

function crop({ crop }) {
  return crop === "none" ? "takes every picture for a face crop" : "finds the face itself";
}

function code(text) {
  return make("span", { className: "code", textContent: text });
}

function row(name, value, more) {
  const small = more ? make("small", { textContent: more }) : null;
  return make("div", {}, make("dt", { textContent: name }), make("dd", {}, value, small));
}

const PARTS = [
  ["Find the face", ({ detection_s }) => detection_s],
  ["Crop", ({ crop_s }) => crop_s],
  ["Network", ({ network_s }) => network_s],
];

/** Shows an answer's timings; `total` is the whole wait in seconds as the page saw it. */
export function showTimings(timings, total, local) {
  by("timings").hidden = !timings;
  if (!timings) return;
  const known = PARTS.map(([name, of], i) => [name, of(timings), i]).filter(([, seconds]) => seconds > 0);
  const rest = total - known.reduce((sum, [, seconds]) => sum + seconds, 0);
  const parts = [...known, [local ? "In the page" : "Send and wait", Math.max(rest, 0), 3]];
  by("bar").replaceChildren(
    ...parts.map(([, seconds, i]) => {
      const part = make("i", { className: `part-${i}` });
      // Milliseconds: parts that grow by less than one in all would not fill the bar.
      part.style.flexGrow = seconds * 1000;
      return part;
    }),
  );
  by("times").replaceChildren(
    ...parts.map(([name, seconds, i]) =>
      make("div", {}, make("dt", {}, make("i", { className: `part-${i}` }), name), make("dd", { textContent: milliseconds(seconds) })),
    ),
    make("div", { className: "all" }, make("dt", { textContent: "In all" }), make("dd", { textContent: milliseconds(total) })),
  );
}

function milliseconds(seconds) {
  const value = seconds * 1000;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}
