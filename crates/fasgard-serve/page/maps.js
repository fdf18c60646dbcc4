// The map pyramid: a tile a scale, the slider between scales, the colours.

import { color } from "./colormap.js";
import { by, make } from "./dom.js";

/** The name of the colours for a model's target. */
export function palette(target) {
  return target === "depth" ? "depth" : "verdict";
}

/** A canvas of side x side pixels, one a cell; null for a map that does not hold. */
export function paintMap(map, colors) {
  const { side, values } = map;
  if (!(side > 0) || values.length !== side * side) return null;
  const canvas = make("canvas", { width: side, height: side });
  const image = new ImageData(side, side);
  values.forEach((value, i) => image.data.set([...color(colors, value), 255], i * 4));
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

/** One sentence of a map, for those who cannot see it and as its caption. */
export function describeMap({ side, values }, target) {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const start = `${side} × ${side}, mean ${mean.toFixed(3)}`;
  if (target === "depth") return `${start}, highest ${Math.max(...values).toFixed(3)}`;
  const low = values.filter((v) => v < 0.5).length;
  return `${start}; ${low} of ${values.length} ${values.length === 1 ? "cell" : "cells"} below one half`;
}

/** The panel; `redraw()` is called when the scale or the opacity changes. */
export class Maps {
  #maps = [];
  #target = "mask";
  #chosen = 0;
  #redraw;

  constructor(redraw) {
    this.#redraw = redraw;
    by("scale").addEventListener("input", () => this.#choose(by("scale").valueAsNumber));
    by("opacity").addEventListener("input", () => {
      this.#say();
      redraw();
    });
  }

  /** How opaque the map is drawn, 0 to 1. */
  get opacity() {
    return by("opacity").valueAsNumber / 100;
  }

  /** The painted map of the chosen scale, or null. */
  get layer() {
    const map = this.#maps[this.#chosen];
    return map ? paintMap(map, palette(this.#target)) : null;
  }

  show(maps, target) {
    this.#maps = maps ?? [];
    this.#target = target;
    by("maps").hidden = this.#maps.length === 0;
    if (this.#maps.length === 0) return;
    const depth = target === "depth";
    by("maps-title").textContent = depth ? "The relief it sees" : "Where it looks live";
    by("legend-low").textContent = depth ? "background" : "attack";
    by("legend-high").textContent = depth ? "near" : "live";
    const scale = by("scale");
    scale.max = this.#maps.length - 1;
    scale.closest("label").hidden = this.#maps.length < 2;
    this.#chosen = Math.min(this.#chosen, this.#maps.length - 1);
    scale.value = this.#chosen;
    this.#legend();
    this.#tiles();
    this.#say();
  }

  #choose(index) {
    this.#chosen = index;
    by("scale").value = index;
    [...by("tiles").children].forEach((tile, i) => tile.classList.toggle("chosen", i === index));
    this.#say();
    this.#redraw();
  }

  #say() {
    const map = this.#maps[this.#chosen];
    if (!map) return;
    by("map-text").textContent = describeMap(map, this.#target);
    by("scale").setAttribute("aria-valuetext", `${map.side} by ${map.side} cells`);
    by("opacity").setAttribute("aria-valuetext", `${by("opacity").value} percent`);
  }

  #tiles() {
    const tiles = this.#maps.map((map, index) => {
      const canvas = paintMap(map, palette(this.#target));
      const tile = make("div", { className: index === this.#chosen ? "tile chosen" : "tile" }, canvas, make("span", { textContent: `${map.side} × ${map.side}` }));
      // For the mouse only: the slider is the same choice by keyboard.
      tile.addEventListener("click", () => this.#choose(index));
      return tile;
    });
    by("tiles").replaceChildren(...tiles);
  }

  #legend() {
    const context = by("legend").getContext("2d");
    for (let i = 0; i < 256; i++) {
      context.fillStyle = `rgb(${color(palette(this.#target), i / 255).join(" ")})`;
      context.fillRect(i, 0, 1, 1);
    }
  }
}
