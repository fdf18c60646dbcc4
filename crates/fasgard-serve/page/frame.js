// The face frame of the in-browser mode: a square that the user puts round the face, by dragging it
// or with the sliders.

import { by } from "./dom.js";

/** Side of the smallest frame as a part of the picture's shorter side. */
const SMALLEST = 0.05;

/** The face box in pixels of a frame {x, y: centre, size: part of the shorter side}, all 0 to 1. */
export function faceBox(frame, { width, height }) {
  const side = frame.size * Math.min(width, height);
  return { x: frame.x * width - side / 2, y: frame.y * height - side / 2, w: side, h: side };
}

export class Frame {
  #frame = { x: 0.5, y: 0.5, size: 0.5 };
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
    by("whole").addEventListener("change", () => this.#update());
    this.#element.addEventListener("pointerdown", (event) => this.#drag(event));
  }

  /** The face box in pixels; null where the picture is a face crop already. */
  get face() {
    return by("whole").checked ? null : faceBox(this.#frame, this.#size);
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
    this.#frame = { x: 0.5, y: 0.5, size: 0.5 };
    this.#place();
  }

  #set(key, value) {
    const low = key === "size" ? SMALLEST : 0;
    this.#frame[key] = Math.min(Math.max(value, low), 1);
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
    this.#element.hidden = by("place").hidden || by("whole").checked;
    by("place-x").value = 1000 * (this.#mirrored ? 1 - this.#frame.x : this.#frame.x);
    by("place-y").value = 1000 * this.#frame.y;
    by("place-size").value = 1000 * this.#frame.size;
    for (const [key, what] of [["x", "from the left"], ["y", "from the top"], ["size", "of the picture"]]) {
      const slider = by(`place-${key}`);
      slider.setAttribute("aria-valuetext", `${Math.round(slider.valueAsNumber / 10)} percent ${what}`);
      slider.disabled = by("whole").checked;
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
        const size = Math.min(Math.max(begin.size + Math.max(dx, dy) / shorter, SMALLEST), 1);
        const grown = ((size - begin.size) * shorter) / 2;
        this.#frame = { x: begin.x + grown / box.width, y: begin.y + grown / box.height, size };
      } else {
        this.#frame.x = Math.min(Math.max(begin.x + dx / box.width, 0), 1);
        this.#frame.y = Math.min(Math.max(begin.y + dy / box.height, 0), 1);
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
