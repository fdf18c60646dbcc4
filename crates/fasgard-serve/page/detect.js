// Finds faces with the exported face detector: from an image to the network's input, and from its raw
// outputs to faces, as the crate fasgard-face does it and with its precision (32-bit floats). `contract`
// is what the exported file says about itself; boxes are {x, y, w, h} in pixels.

import { crop, square } from "./preprocess.js";

const f = Math.fround;

/** Values of one anchor: middle, width, height, then six points. */
const VALUES = 16;

/** The squares of an image that are looked at in turn, until there is a face; they may reach outside. */
export function canvases(contract, width, height) {
  if (!(width > 0 && height > 0)) return [];
  return contract.canvases.map((scale) => square({ x: 0, y: 0, w: width, h: height }, scale));
}

/** The network's input for a pixel's value: -1 to 1. */
export function level(value) {
  return f(f(value / 127.5) - 1);
}

/** The part of an RGBA image under `canvas` as the network takes it: planar, red, green, blue. */
export function detectorInput(contract, image, canvas) {
  const pixels = crop(image, canvas, contract.side, "bilinear");
  const plane = pixels.length / 3;
  const out = new Float32Array(pixels.length);
  for (let i = 0; i < plane; i++) {
    for (let c = 0; c < 3; c++) out[c * plane + i] = level(pixels[i * 3 + c]);
  }
  return out;
}

/** Where the network looks, [x, y] in parts of the side, in the order of its outputs. */
export function anchors(contract) {
  const all = [];
  for (const [cells, each] of contract.grids) {
    for (let y = 0; y < cells; y++) {
      for (let x = 0; x < cells; x++) {
        const centre = [f((x + 0.5) / cells), f((y + 0.5) / cells)];
        for (let i = 0; i < each; i++) all.push(centre);
      }
    }
  }
  return all;
}

/**
 * The faces that raw outputs say, best first: [{face, score, keypoints}] in pixels of the image that
 * `canvas` lies in.
 */
export function faces(contract, boxes, logits, canvas) {
  const place = (x, y) => [f(canvas.x + f(x * canvas.w)), f(canvas.y + f(y * canvas.h))];
  return suppress(decode(contract, boxes, logits), contract.overlap).map(({ values, score }) => {
    const [x, y] = place(values[0], values[1]);
    const w = f(f(values[2] - values[0]) * canvas.w);
    const h = f(f(values[3] - values[1]) * canvas.h);
    const keypoints = [0, 1, 2, 3, 4, 5].map((i) => place(values[4 + 2 * i], values[5 + 2 * i]));
    return { face: { x, y, w, h }, score, keypoints };
  });
}

/** Candidates above the threshold, in parts of the canvas: left, top, right, bottom, six points. */
function decode(contract, boxes, logits) {
  const found = [];
  const all = anchors(contract);
  for (let i = 0; i < all.length; i++) {
    const score = f(1 / f(1 + f(Math.exp(-logits[i]))));
    const raw = boxes.subarray(i * VALUES, (i + 1) * VALUES);
    const values = raw.map((v) => v / contract.side);
    const [, , w, h] = values;
    // Not only below: NaN scores and sizes are no faces either.
    if (!(score > f(contract.threshold) && w > 0 && h > 0) || !raw.every(Number.isFinite)) continue;
    for (let at = 0; at < VALUES; at += 2) {
      values[at] += all[i][0];
      values[at + 1] += all[i][1];
    }
    const [x, y] = values;
    values.set([f(x - f(w / 2)), f(y - f(h / 2)), f(x + f(w / 2)), f(y + f(h / 2))]);
    found.push({ values, score });
  }
  return found;
}

/**
 * The best candidate and all that overlap it become their mean, weighted by score, with the best score;
 * then the next best of the rest. Equal scores keep their order.
 */
function suppress(candidates, overlap) {
  let rest = [...candidates].sort((a, b) => b.score - a.score);
  const kept = [];
  while (rest.length > 0) {
    const [best] = rest;
    const same = rest.filter((other, i) => i === 0 || shared(best.values, other.values) > f(overlap));
    const sum = new Float32Array(VALUES);
    let weight = 0;
    for (const { values, score } of same) {
      for (let i = 0; i < VALUES; i++) sum[i] += f(score * values[i]);
      weight = f(weight + score);
    }
    kept.push({ values: sum.map((v) => v / weight), score: best.score });
    rest = rest.filter((other) => !same.includes(other));
  }
  return kept;
}

/** Intersection over union of two boxes [left, top, right, bottom]. */
function shared(a, b) {
  const area = (left, top, right, bottom) => f(Math.max(f(right - left), 0) * Math.max(f(bottom - top), 0));
  const both = area(Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3]));
  const either = f(f(area(a[0], a[1], a[2], a[3]) + area(b[0], b[1], b[2], b[3])) - both);
  return either > 0 ? f(both / either) : 0;
}

/**
 * The face to follow, of [{face, ...}] best first. Without `previous` (a box) the largest by area; with it
 * the largest of those whose centre lies within one previous box size (the longer side) of the previous
 * centre, and the nearest if none does. Ties go to the better score. Null if there are no faces.
 */
export function choose(detections, previous) {
  const centre = ({ x, y, w, h }) => [f(f(x) + f(f(w) / 2)), f(f(y) + f(f(h) / 2))];
  const distance = ({ face }) => {
    const [[x, y], [a, b]] = [centre(face), centre(previous)];
    return f(Math.hypot(f(x - a), f(y - b)));
  };
  const near = previous ? detections.filter((d) => distance(d) <= Math.max(f(previous.w), f(previous.h))) : detections;
  const area = ({ face }) => f(f(face.w) * f(face.h));
  if (near.length > 0) return near.reduce((best, d) => (area(d) > area(best) ? d : best));
  return detections.reduce((best, d) => (best === null || distance(d) < distance(best) ? d : best), null);
}
