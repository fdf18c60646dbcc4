// The last frames' scores, and what a session of them says.

import { draw, icon, make } from "./dom.js";
import { decimals, word } from "./verdict.js";

/** Frames that are drawn. */
export const SHOWN = 60;

/** Draws `frames` ([{score, verdict}], oldest first) into `host`; `threshold` may be null. */
export function drawHistory(host, frames, threshold, width) {
  const shown = frames.slice(-SHOWN);
  const height = 84;
  const step = width / SHOWN;
  const y = (score) => 8 + (1 - Math.min(Math.max(score, 0), 1)) * (height - 16);
  const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": describe(shown) });
  svg.append(draw("rect", { class: "back", x: 0, y: 0, width, height, rx: 8 }));
  if (Number.isFinite(threshold)) {
    svg.append(draw("line", { class: "cut", x1: 0, x2: width, y1: y(threshold), y2: y(threshold) }));
  }
  let path = "";
  const marks = shown.map(({ score, verdict }, i) => {
    const x = (i + 0.5) * step;
    const place = Number.isFinite(score) ? y(score) : height / 2;
    const known = score !== null && Number.isFinite(score);
    path += known ? `${path && !path.endsWith(" ") ? "L" : "M"}${x.toFixed(1)} ${place.toFixed(1)}` : " ";
    return mark(verdict, x, known ? place : height / 2);
  });
  svg.append(draw("path", { class: "track", d: path.trim() || "M0 0" }), ...marks);
  host.replaceChildren(svg, make("p", { className: "axis" }, keys(), make("span", { textContent: `last ${shown.length} of ${frames.length}` })));
}

/** Verdicts differ by shape too: a dot, a square, a ring. */
function mark(verdict, x, y) {
  if (verdict === "live") return draw("circle", { class: "live", cx: x, cy: y, r: 3.2 });
  if (verdict === "attack") return draw("rect", { class: "attack", x: x - 3, y: y - 3, width: 6, height: 6 });
  return draw("circle", { class: "none", cx: x, cy: y, r: 3 });
}

function keys() {
  const key = (verdict) =>
    make("span", {}, draw("svg", { viewBox: "0 0 11 11", "aria-hidden": "true" }, mark(verdict, 5.5, 5.5)), word(verdict).toLowerCase());
  return make("span", { className: "keys" }, key("live"), key("attack"), key("no-decision"));
}

function describe(frames) {
  const count = (verdict) => frames.filter((frame) => frame.verdict === verdict).length;
  return `Of the last ${frames.length} frames: ${count("live")} live, ${count("attack")} attack, ${count("no-decision")} without a decision`;
}

/** Writes the session's line: {verdict, reason, score, fuse, frames, scored, final}. */
export function showSession(host, session) {
  host.hidden = !session;
  if (!session) return;
  host.dataset.verdict = session.verdict;
  const mean = session.score === null || session.score === undefined ? "" : `, ${session.fuse} ${decimals(session.score)}`;
  const frames = `${session.scored} of ${session.frames} frames with a score`;
  host.replaceChildren(
    icon(session.verdict),
    make("span", {}, make("strong", { textContent: word(session.verdict) }), ` ${session.final ? "in the end" : "so far"}${mean} (${frames})`),
  );
}
