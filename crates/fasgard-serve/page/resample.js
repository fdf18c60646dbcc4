// One separable resampling from any box of an image: the same sums in the same order and the same
// precision (32-bit floats) as the crate fasgard-image, so that both give the same bytes.

const f = Math.fround;

/**
 * The weights of one axis: `out` pixels over the source interval `lo .. lo + span` (pixel edges; it
 * may reach outside `0 .. size`). What lies outside is black.
 *
 * `kernel`: `bilinear` (a triangle, antialiased when shrinking), `linear` (two neighbours) or `area`.
 */
export function axis(kernel, size, lo, span, out) {
  const taps = { start: new Int32Array(out), length: new Int32Array(out), first: new Int32Array(out) };
  const weights = [];
  const scale = span / out;
  const usable = size > 0 && Number.isFinite(lo) && Number.isFinite(scale) && scale > 0;
  for (let o = 0; o < out; o++) {
    const first = weights.length;
    const start = usable ? push(kernel, size, lo + o * scale, scale, weights) : 0;
    close(taps, o, start, first, weights);
  }
  return { ...taps, weights: Float32Array.from(weights), count: out };
}

/** Adds the weights of the output pixel that covers `from .. from + scale`; the first source pixel. */
function push(kernel, size, from, scale, weights) {
  const first = weights.length;
  const a = Math.max(from, 0);
  const b = Math.min(from + scale, size);
  const inside = Math.max((b - a) / scale, 0);
  const centre = from + scale / 2;
  if (inside === 0) return 0;
  if (kernel === "linear") {
    const left = Math.floor(centre - 0.5);
    const start = clamp(left, 0, size - 1);
    const next = clamp(left + 1, 0, size - 1);
    const part = centre - 0.5 - left;
    if (next > start) weights.push(f((1 - part) * inside), f(part * inside));
    else weights.push(f(inside));
    return start;
  }
  if (kernel === "area") {
    const start = clamp(Math.floor(a), 0, size - 1);
    const end = clamp(Math.ceil(b), start + 1, size);
    for (let x = start; x < end; x++) {
      weights.push(f(Math.max(Math.min(x + 1, b) - Math.max(x, a), 0) / scale));
    }
    return start;
  }
  const radius = Math.max(scale, 1);
  const start = clamp(Math.floor(centre - radius), 0, size - 1);
  const end = clamp(Math.ceil(centre + radius), start + 1, size);
  for (let x = start; x < end; x++) {
    weights.push(f(1 - Math.min(Math.abs((x + 0.5 - centre) / radius), 1)));
  }
  normalise(weights, first, inside);
  return start;
}

/** At the image's edge the kernel is normalised over the pixels that exist. */
function normalise(weights, first, sum) {
  let found = 0;
  for (let i = first; i < weights.length; i++) found += weights[i];
  if (!(found > 0)) return;
  const by = sum / found;
  for (let i = first; i < weights.length; i++) weights[i] = f(weights[i] * by);
}

/** Ends an output pixel, leaving out zero weights at both ends. */
function close(taps, o, start, first, weights) {
  while (weights.length > first && weights[weights.length - 1] === 0) weights.pop();
  let zeros = 0;
  while (first + zeros < weights.length && weights[first + zeros] === 0) zeros++;
  taps.start[o] = start + zeros;
  taps.length[o] = weights.length - first - zeros;
  taps.first[o] = first + zeros;
}

/** The first source pixel that any output pixel needs, and the one after the last. */
function reach(axis) {
  let from = Infinity;
  let to = 0;
  for (let o = 0; o < axis.count; o++) {
    if (axis.length[o] === 0) continue;
    from = Math.min(from, axis.start[o]);
    to = Math.max(to, axis.start[o] + axis.length[o]);
  }
  return to > 0 ? [from, to] : [0, 0];
}

/**
 * Resamples an RGBA image (`data`, `width`, as in ImageData) along both axes and hands every output
 * row to `emit(row, line)`: three values a pixel, 0 to 255, not rounded. Alpha is left out.
 */
export function rows(image, xAxis, yAxis, emit) {
  const [left, right] = reach(xAxis);
  const used = right - left;
  const stride = image.width * 4;
  const sums = new Float32Array(used * 3);
  const line = new Float32Array(xAxis.count * 3);
  for (let y = 0; y < yAxis.count; y++) {
    if (yAxis.length[y] === 0 || used === 0) {
      line.fill(0);
    } else {
      weighRows(image.data, yAxis, y, stride, left, sums);
      weighColumns(sums, left, xAxis, line);
    }
    emit(y, line);
  }
}

function weighRows(data, yAxis, y, stride, left, sums) {
  sums.fill(0);
  const { weights } = yAxis;
  for (let row = 0; row < yAxis.length[y]; row++) {
    const weight = weights[yAxis.first[y] + row];
    let at = (yAxis.start[y] + row) * stride + left * 4;
    for (let i = 0; i < sums.length; i += 3, at += 4) {
      sums[i] = f(sums[i] + f(weight * data[at]));
      sums[i + 1] = f(sums[i + 1] + f(weight * data[at + 1]));
      sums[i + 2] = f(sums[i + 2] + f(weight * data[at + 2]));
    }
  }
}

function weighColumns(sums, left, xAxis, line) {
  const { weights } = xAxis;
  for (let x = 0; x < xAxis.count; x++) {
    let red = 0;
    let green = 0;
    let blue = 0;
    let at = Math.max(xAxis.start[x] - left, 0) * 3;
    for (let i = 0; i < xAxis.length[x]; i++, at += 3) {
      const weight = weights[xAxis.first[x] + i];
      red = f(red + f(weight * sums[at]));
      green = f(green + f(weight * sums[at + 1]));
      blue = f(blue + f(weight * sums[at + 2]));
    }
    line[x * 3] = red;
    line[x * 3 + 1] = green;
    line[x * 3 + 2] = blue;
  }
}

function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}
