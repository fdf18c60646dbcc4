// The score on its scale, with the threshold and where nothing is decided.

import { draw, make } from "./dom.js";
import { decimals } from "./verdict.js";

const BAR = { y: 30, height: 24 };

/**
 * Zones of the scale 0 to 1, left to right: [{kind: attack | live | none, from, to}]. The rules are
 * those of `decide`: outside the support and inside the gap nothing is claimed.
 */
export function zones({ threshold, support, gap }) {
  const cuts = [0, 1, threshold, ...(support ?? []), ...(gap ?? [])];
  const edges = [...new Set(cuts.filter((v) => v >= 0 && v <= 1))].sort((a, b) => a - b);
  const found = [];
  for (let i = 0; i + 1 < edges.length; i++) {
    const middle = (edges[i] + edges[i + 1]) / 2;
    const outside = support && (middle < support[0] || middle > support[1]);
    const between = gap && gap[0] < middle && middle < gap[1];
    const kind = outside || between ? "none" : middle > threshold ? "live" : "attack";
    const last = found.at(-1);
    if (last?.kind === kind) last.to = edges[i + 1];
    else found.push({ kind, from: edges[i], to: edges[i + 1] });
  }
  return found;
}

/** Draws the gauge into `host`, `width` pixels wide; `score` may be null, `contract` too (then nothing is drawn). */
export function drawGauge(host, contract, score, width) {
  host.replaceChildren();
  if (!contract || width < 40) return;
  const x = (value) => Math.min(Math.max(value, 0), 1) * width;
  const svg = draw("svg", { viewBox: `0 0 ${width} 78`, role: "img", "aria-label": describe(contract, score) });
  svg.append(
    draw("defs", {}, hatch(), draw("clipPath", { id: "rounded" }, draw("rect", { ...BAR, width, rx: 6 }))),
  );
  const bar = draw("g", { "clip-path": "url(#rounded)" });
  for (const { kind, from, to } of zones(contract)) {
    const place = { ...BAR, x: x(from), width: Math.max(x(to) - x(from), 0) };
    bar.append(draw("rect", { ...place, class: `zone-${kind}` }));
    if (kind !== "none" && place.width > kind.length * 8 + 14) {
      bar.append(text(place.x + place.width / 2, BAR.y + 17, "middle", kind, "name"));
    }
  }
  svg.append(bar, ...thresholdLine(contract, x, width), ...marker(score, x, width));
  host.append(svg);
  if (zones(contract).some(({ kind }) => kind === "none")) host.append(key(contract));
}

/** What the hatching means: the ranges without a decision. */
function key({ support, gap }) {
  const ranges = [];
  if (gap) ranges.push(`${decimals(gap[0])} to ${decimals(gap[1])}`);
  if (support && support[0] > 0) ranges.push(`below ${decimals(support[0])}`);
  if (support && support[1] < 1) ranges.push(`above ${decimals(support[1])}`);
  const sample = draw("svg", { viewBox: "0 0 28 14", "aria-hidden": "true" }, draw("rect", { width: 28, height: 14, class: "zone-none" }));
  return make("p", { className: "key" }, sample, `no decision: ${ranges.join(", ")}`);
}

function thresholdLine({ threshold }, x, width) {
  const label = `threshold ${decimals(threshold)}`;
  const half = label.length * 3.7;
  const at = Math.min(Math.max(x(threshold), half), width - half);
  const parts = [
    draw("line", { class: "line", x1: x(threshold), x2: x(threshold), y1: BAR.y - 4, y2: BAR.y + BAR.height + 5 }),
    text(at, 74, "middle", label),
  ];
  if (at - half > 16) parts.push(text(0, 74, "start", "0"));
  if (at + half < width - 16) parts.push(text(width, 74, "end", "1"));
  return parts;
}

function marker(score, x, width) {
  if (score === null || score === undefined || !Number.isFinite(score)) return [];
  const label = decimals(score);
  const half = label.length * 5;
  const at = x(score);
  const tip = BAR.y + 3;
  return [
    draw("path", { class: "marker", d: `M${at} ${tip}l-8 -11h16z` }),
    text(Math.min(Math.max(at, half), width - half), 16, "middle", label, "value"),
  ];
}

function text(x, y, anchor, content, kind = "") {
  const element = draw("text", { x, y, "text-anchor": anchor, class: kind });
  element.textContent = content;
  return element;
}

function hatch() {
  return draw(
    "pattern",
    { id: "hatch", width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    draw("rect", { width: 7, height: 7, class: "hatch-back" }),
    draw("line", { x1: 0, x2: 0, y1: 0, y2: 7, class: "hatch-line" }),
  );
}

function describe(contract, score) {
  const parts = [score === null || score === undefined ? "No score yet" : `Score ${decimals(score)} of 0 to 1`];
  parts.push(`threshold ${decimals(contract.threshold)}`);
  for (const { kind, from, to } of zones(contract)) {
    if (kind === "none") parts.push(`no decision from ${decimals(from)} to ${decimals(to)}`);
  }
  return parts.join("; ");
}
