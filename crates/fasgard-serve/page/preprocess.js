// From pixels to the network's input: the model file's `Preprocess`, as the crate fasgard-image does
// it. `preprocess` is that object as the server tells it; boxes are {x, y, w, h} in pixels.

import { axis, rows } from "./resample.js";

const f = Math.fround;

/** The square of side max(w, h) * scale about the box's centre; it may reach outside the image. */
export function square(box, scale) {
  const [x, y, w, h] = [box.x, box.y, box.w, box.h].map(f);
  const side = f(Math.max(w, h) * f(scale));
  return { x: f(x + f(f(w - side) / 2)), y: f(y + f(f(h - side) / 2)), w: side, h: side };
}

/** Both sides times scale, less where the image has no room, and moved into it; whole pixels. */
export function inside(box, scale, width, height) {
  const [x, y, w, h] = [box.x, box.y, box.w, box.h].map(f);
  const [lastX, lastY] = [width, height].map((side) => f(f(side) - 1));
  const by = Math.min(f(scale), f(lastX / w), f(lastY / h));
  const span = (start, side, last) => {
    const wide = f(side * by);
    // Moved in from one side, then from the other.
    const moved = Math.max(f(f(start + f(side / 2)) - f(wide / 2)), 0);
    const first = f(moved - Math.max(f(f(moved + wide) - last), 0));
    const from = Math.trunc(Math.max(first, 0));
    const to = Math.min(Math.trunc(f(first + wide)), last);
    return [from, f(f(to - from) + 1)];
  };
  const [left, across] = span(x, w, lastX);
  const [top, down] = span(y, h, lastY);
  return { x: left, y: top, w: across, h: down };
}

/**
 * What the network sees: round the face as `fit` says. Without a face the image is taken for a face crop
 * already: its largest centred square, to which `crop_scale` and `fit` do not apply.
 */
export function cropRegion(preprocess, face, width, height) {
  if (face && preprocess.fit === "inside") return inside(face, preprocess.crop_scale, width, height);
  if (face) return square(face, preprocess.crop_scale);
  const side = Math.min(width, height);
  return { x: f((width - side) / 2), y: f((height - side) / 2), w: side, h: side };
}

/** The part of an RGBA image under `region`, resized to size x size: RGB bytes, row by row. */
export function crop(image, region, size, interpolation) {
  const out = new Uint8Array(size * size * 3);
  const [x, y, w, h] = [region.x, region.y, region.w, region.h].map(f);
  if (![x, y, w, h].every(Number.isFinite) || !(w > 0) || !(h > 0)) return out;
  const xAxis = axis(interpolation, image.width, x, w, size);
  const yAxis = axis(interpolation, image.height, y, h, size);
  rows(image, xAxis, yAxis, (row, line) => {
    const at = row * size * 3;
    for (let i = 0; i < line.length; i++) {
      out[at + i] = Math.min(Math.max(Math.trunc(f(line[i] + 0.5)), 0), 255);
    }
  });
  return out;
}

/** An RGB crop as network input: planar, in the model's channel order, `(value - mean) / std`. */
export function normalise(preprocess, pixels) {
  const plane = pixels.length / 3;
  const out = new Float32Array(pixels.length);
  const order = preprocess.color === "bgr" ? [2, 1, 0] : [0, 1, 2];
  order.forEach((source, channel) => {
    const values = table(preprocess, channel);
    for (let i = 0; i < plane; i++) out[channel * plane + i] = values[pixels[i * 3 + source]];
  });
  return out;
}

/** The input of every byte value in an input channel. */
function table(preprocess, channel) {
  const top = preprocess.range === "byte" ? 1 : 255;
  const mean = f(preprocess.mean[channel]);
  const std = f(preprocess.std[channel]);
  return Float32Array.from({ length: 256 }, (_, v) => f(f(f(v / top) - mean) / std));
}

/** An RGBA image and its face box (or null) to the network's input and the part that it shows. */
export function prepare(preprocess, image, face) {
  const region = cropRegion(preprocess, face, image.width, image.height);
  const pixels = crop(image, region, preprocess.size, preprocess.interpolation);
  return { input: normalise(preprocess, pixels), region };
}

/** The fixed input of the model file's self-test: a smooth wave per channel. */
export function selfTestInput(size) {
  const out = new Float32Array(3 * size * size);
  for (let i = 0; i < out.length; i++) {
    const channel = Math.floor(i / (size * size));
    const y = Math.floor(i / size) % size;
    const x = i % size;
    out[i] = Math.sin(((x * (channel + 2) + 3 * y) / size) * 6.25);
  }
  return out;
}
