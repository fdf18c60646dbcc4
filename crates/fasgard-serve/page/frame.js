// Where the face is in the in-browser mode: the detector finds it, the user puts a square round it (by
// dragging it or with the sliders), or it fills the picture.

import { by } from "./dom.js";
import { FIND } from "./local.js";

/** Side of the smallest frame as a part of the picture's shorter side. */
const SMALLEST = 0.05;

/** The face box in pixels of a frame {x, y: centre, size: part of the shorter side}, all 0 to 1. */
export function faceBox(frame, { width, height }) {
  const side = frame.size * Math.min(width, height);
  return { x: frame.x * width - side / 2, y: frame.y * height - side / 2, w: side, h: side };
}

/** The frame round a face box: a square of its longer side about its centre. */
export function frameOf({ x, y, w, h }, { width, height }) {
  return { x: (x + w / 2) / width, y: (y + h / 2) / height, size: Math.max(w, h) / Math.min(width, height) };
}

const HINTS = {
  find: "The detector looks for it in this page, as on the server. Of several the largest is judged; with the camera it is followed.",
  frame: "Put the frame round the face, from forehead to chin: drag it, or use the sliders.",
  crop: "The picture is a face crop already: the network sees its largest centred square.",
};

/** A frame whose centre and size are in their ranges. */
function within({ x, y, size }) {
  const clamp = (value, low) => Math.min(Math.max(value, low), 1);
  return { x: clamp(x, 0), y: clamp(y, 0), size: clamp(size, SMALLEST) };
}

export class Frame {
  #frame = { x: 0.5, y: 0.5, size: 0.5 };
  #found = null;
  #element = by("frame");
  #size = { width: 4, height: 3 };
  #mirrored = false;
  #changed;

  constructor(changed) {
    this.#changed = changed;
    for (const key of ["x", "y", "size"]) {
      by(`place-${key}`).addEventListener("input", (event) => {
        const value = event.target.valueAsNumber / 1000;
        this.#set(key, key === "x" && this.#mirrored ? 1 - value : value);
      });
    }
    for (const radio of this.#radios) radio.addEventListener("change", () => this.#choose());
    this.#element.addEventListener("pointerdown", (event) => this.#drag(event));
  }

  /** Whether there is a detector, and what the server does with pictures: that is done here too, if it can be. */
  offer(detector, crop) {
    by("place-find").hidden = !detector;
    const first = crop === "none" ? "crop" : detector ? "find" : "frame";
    for (const radio of this.#radios) radio.checked = radio.value === first;
    this.#place();
  }

  /** FIND, the face box in pixels, or null where the picture is a face crop. */
  get place() {
    if (this.#way === "find") return FIND;
    return this.#way === "crop" ? null : faceBox(this.#frame, this.#size);
  }

  /** Whether the user's own frame lies on the picture. */
  get isShown() {
    return !this.#element.hidden;
  }

  /** The face that the detector found (or null): the user's frame begins there. */
  found(face) {
    this.#found = face;
  }

  get #radios() {
    return document.querySelectorAll("input[name=place]");
  }

  get #way() {
    return document.querySelector("input[name=place]:checked").value;
  }

  #choose() {
    if (this.#way === "frame" && this.#found) this.#frame = within(frameOf(this.#found, this.#size));
    this.#update();
  }

  /** Shows the frame over a picture of this size; it keeps its place. */
  show(size, mirrored) {
    this.#size = size;
    this.#mirrored = mirrored;
    by("place").hidden = false;
    this.#place();
  }

  hide() {
    by("place").hidden = true;
    this.#element.hidden = true;
  }

  /** Puts the frame in the middle, as for a new picture. */
  centre() {
    this.#found = null;
    this.#frame = { x: 0.5, y: 0.5, size: 0.5 };
    this.#place();
  }

  #set(key, value) {
    this.#frame = within({ ...this.#frame, [key]: value });
    this.#update();
  }

  #update() {
    this.#place();
    this.#changed();
  }

  #place() {
    const { x, y, w, h } = faceBox(this.#frame, this.#size);
    const { style } = this.#element;
    style.left = `${(x / this.#size.width) * 100}%`;
    style.top = `${(y / this.#size.height) * 100}%`;
    style.width = `${(w / this.#size.width) * 100}%`;
    style.height = `${(h / this.#size.height) * 100}%`;
    const framing = this.#way === "frame";
    this.#element.hidden = by("place").hidden || !framing;
    by("place-sliders").hidden = !framing;
    const alone = framing && by("place-find").hidden ? "This server offers no face detector to browsers. " : "";
    by("place-hint").textContent = alone + HINTS[this.#way];
    by("place-x").value = 1000 * (this.#mirrored ? 1 - this.#frame.x : this.#frame.x);
    by("place-y").value = 1000 * this.#frame.y;
    by("place-size").value = 1000 * this.#frame.size;
    for (const [key, what] of [["x", "from the left"], ["y", "from the top"], ["size", "of the picture"]]) {
      const slider = by(`place-${key}`);
      slider.setAttribute("aria-valuetext", `${Math.round(slider.valueAsNumber / 10)} percent ${what}`);
    }
  }

  #drag(event) {
    event.preventDefault();
    const box = this.#element.parentElement.getBoundingClientRect();
    const begin = { ...this.#frame };
    const resizing = event.target !== this.#element;
    const shorter = Math.min(box.width, box.height);
    const move = (to) => {
      const dx = (to.clientX - event.clientX) * (this.#mirrored ? -1 : 1);
      const dy = to.clientY - event.clientY;
      if (resizing) {
        // The opposite corner stays where it is.
        const { size } = within({ ...begin, size: begin.size + Math.max(dx, dy) / shorter });
        const grown = ((size - begin.size) * shorter) / 2;
        this.#frame = { x: begin.x + grown / box.width, y: begin.y + grown / box.height, size };
      } else {
        this.#frame = within({ ...begin, x: begin.x + dx / box.width, y: begin.y + dy / box.height });
      }
      this.#update();
    };
    const end = () => {
      this.#element.removeEventListener("pointermove", move);
      this.#element.removeEventListener("lostpointercapture", end);
    };
    this.#element.setPointerCapture(event.pointerId);
    this.#element.addEventListener("pointermove", move);
    this.#element.addEventListener("lostpointercapture", end);
  }
}
