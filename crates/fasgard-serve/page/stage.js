// The picture, and what was found in it drawn over it.

import { by } from "./dom.js";

const COLORS = { live: "#6ab4f2", attack: "#f4a259", "no-decision": "#d3d7dc" };

export class Stage {
  #stage = by("stage");
  #media = document.querySelector(".media");
  #picture = by("picture");
  #video = by("video");
  #overlay = by("overlay");
  #size = { width: 4, height: 3 };

  constructor(redraw) {
    new ResizeObserver(redraw).observe(this.#media);
  }

  /** `empty`, `photo` or `camera`. */
  get state() {
    return this.#stage.dataset.state;
  }

  get element() {
    return this.#stage;
  }

  get size() {
    return this.#size;
  }

  empty() {
    this.#stage.dataset.state = "empty";
    this.#media.hidden = true;
    document.querySelector(".empty").hidden = false;
    this.#picture.width = 0;
  }

  showPhoto(bitmap) {
    this.#show("photo", bitmap.width, bitmap.height, false);
    this.#picture.width = bitmap.width;
    this.#picture.height = bitmap.height;
    this.#picture.getContext("2d", { alpha: false, willReadFrequently: true }).drawImage(bitmap, 0, 0);
  }

  /** The photo's pixels, transparent ones over black. */
  pixels() {
    const { width, height } = this.#picture;
    return this.#picture.getContext("2d", { alpha: false, willReadFrequently: true }).getImageData(0, 0, width, height);
  }

  showCamera({ width, height }, mirrored) {
    this.#show("camera", width, height, mirrored);
  }

  #show(state, width, height, mirrored) {
    this.#stage.dataset.state = state;
    this.#size = { width, height };
    this.#media.style.setProperty("--ratio", width / height);
    this.#media.classList.toggle("mirrored", mirrored);
    this.#media.hidden = false;
    document.querySelector(".empty").hidden = true;
    this.#picture.hidden = state !== "photo";
    this.#video.hidden = state !== "camera";
  }

  busy(text) {
    document.querySelector(".busy").hidden = !text;
    by("busy-text").textContent = text ?? "";
  }

  /** Draws an answer: its map over the region, the region and the face. */
  draw(answer, layer, opacity) {
    const canvas = this.#overlay;
    const box = this.#media.getBoundingClientRect();
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(box.width * ratio);
    canvas.height = Math.round(box.height * ratio);
    const context = canvas.getContext("2d");
    if (!answer || canvas.width === 0) return;
    const size = answer.image ?? this.#size;
    context.scale(canvas.width / size.width, canvas.height / size.height);
    const pixel = (size.width / canvas.width) * ratio;
    if (answer.region && layer) paintLayer(context, answer.region, layer, opacity, pixel);
    if (answer.region) outline(context, answer.region, pixel);
    if (answer.face) corners(context, answer.face, COLORS[answer.verdict] ?? COLORS["no-decision"], pixel);
  }
}

function paintLayer(context, { x, y, w, h }, layer, opacity, pixel) {
  context.save();
  context.imageSmoothingEnabled = false;
  context.globalAlpha = opacity;
  context.drawImage(layer, x, y, w, h);
  if (layer.width > 1 && layer.width <= 16) {
    context.globalAlpha = opacity * 0.35;
    context.strokeStyle = "#fff";
    context.lineWidth = pixel;
    context.beginPath();
    for (let i = 1; i < layer.width; i++) {
      const at = (i / layer.width) * w;
      context.moveTo(x + at, y);
      context.lineTo(x + at, y + h);
      context.moveTo(x, y + at);
      context.lineTo(x + w, y + at);
    }
    context.stroke();
  }
  context.restore();
}

function outline(context, { x, y, w, h }, pixel) {
  for (const [width, style] of [[3, "rgb(0 0 0 / .55)"], [1.4, "#fff"]]) {
    context.lineWidth = width * pixel;
    context.strokeStyle = style;
    context.strokeRect(x, y, w, h);
  }
}

/** The face's box by its corners, dark under light so that it shows on any picture. */
function corners(context, { x, y, w, h }, style, pixel) {
  const length = Math.min(w, h) * 0.22;
  context.lineCap = "round";
  context.lineJoin = "round";
  for (const [width, stroke] of [[7, "rgb(0 0 0 / .6)"], [4, style]]) {
    context.lineWidth = width * pixel;
    context.strokeStyle = stroke;
    context.beginPath();
    for (const [cx, cy, dx, dy] of [[x, y, 1, 1], [x + w, y, -1, 1], [x + w, y + h, -1, -1], [x, y + h, 1, -1]]) {
      context.moveTo(cx + dx * length, cy);
      context.lineTo(cx, cy);
      context.lineTo(cx, cy + dy * length);
    }
    context.stroke();
  }
}
