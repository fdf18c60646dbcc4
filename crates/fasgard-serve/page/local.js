// The model inside the page: no frame leaves the device.

import { answerOf, readOutputs } from "./answer.js";
import { cardOf, faceContractOf } from "./onnx.js";

const ASSETS = "/assets";
/** The runtime's files, as tools/page/vendor.sh fetches them. */
const NEEDED = ["ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"];
/** Largest difference to the model file's own answer, as in the crate fasgard-model. */
const TOLERANCE = 1e-3;

/** For a face's place: the detector looks for it. */
export const FIND = "find";

/** Why this server's model cannot run in a browser; null if it can. */
export function notOffered(info) {
  if (!info) return "The server has not answered yet.";
  if (!info.in_browser) return "This server does not offer the model to browsers: its operator starts it with --onnx and --page-assets for that.";
  const missing = NEEDED.filter((name) => !info.in_browser.assets.includes(name));
  if (missing.length) return `This server lacks ${missing.join(", ")} in the folder of --page-assets: tools/page/vendor.sh fetches what is needed.`;
  if (!info.decision) return "This server does not tell its threshold, so the browser cannot judge.";
  return null;
}

export class Local {
  #server;
  #info;
  #worker = null;
  #waiting = new Map();
  #next = 0;
  #ready = null;

  /** What the self-test found: {difference, ok}; null before. */
  selfTest = null;
  threads = 1;
  loaded = false;
  /** The face detector's name once it is loaded; null: the user frames the face. */
  detector = null;

  constructor(server, info) {
    this.#server = server;
    this.#info = info;
  }

  /** Loads the model once; `progress(part)` is told how much has come. */
  load(progress) {
    this.#ready ??= this.#load(progress).catch((error) => {
      this.#ready = null;
      this.#worker?.terminate();
      this.#worker = null;
      throw error;
    });
    return this.#ready;
  }

  async #load(progress) {
    const source = this.#info.in_browser;
    const bytes = source.bytes + (source.face?.bytes ?? 0);
    const model = await this.#server.model(source, (part) => progress((part * source.bytes) / bytes));
    await checkSum(model, source.sha256, "model");
    const card = cardOf(new Uint8Array(model), this.#info.model.weights_sha256);
    const face = source.face ? await this.#detector(source.face) : null;
    progress(1);
    this.#start();
    const assets = new URL(ASSETS, location.href).href;
    const task = { task: "load", assets, model, preprocess: card.preprocess, face };
    const loaded = await this.#ask(task, [model, ...(face ? [face.model] : [])]);
    this.threads = loaded.threads;
    await this.#check(card.self_test.score);
    this.detector = face && face.contract.name;
    this.loaded = true;
  }

  /** The face detector's file and contract. */
  async #detector(source) {
    const model = await this.#server.model(source, () => {});
    await checkSum(model, source.sha256, "face detector");
    return { model, contract: faceContractOf(new Uint8Array(model)) };
  }

  /** The model's answer to a fixed input must be the one in its card. */
  async #check(expected) {
    const { outputs } = await this.#ask({ task: "selfTest" });
    const difference = Math.abs(readOutputs(outputs).score - expected);
    this.selfTest = { difference, ok: difference <= TOLERANCE };
    // Not "difference > TOLERANCE", which NaN passes.
    if (!this.selfTest.ok) {
      throw new Error(
        `The model's self-test failed in this browser: expected the score ${expected}, found one that differs by ${difference.toExponential(1)}.`,
      );
    }
  }

  /**
   * Judges an ImageData. `place` is the face box, null where the picture is a face crop, or FIND; then of
   * several faces the largest near `previous` is judged, without it the largest of all.
   */
  async judge(image, place, previous = null) {
    const { width, height } = image;
    const pixels = image.data.buffer;
    const find = place === FIND;
    const found = await this.#ask({ task: "judge", pixels, width, height, find, face: find ? null : place, previous }, [pixels]);
    return answerOf(found, this.#info, { width, height });
  }

  #start() {
    this.#worker = new Worker("worker.js", { type: "module" });
    this.#worker.addEventListener("message", ({ data }) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if (data.error === undefined) waiting?.done(data.result);
      else waiting?.failed(new Error(`The model cannot run in this browser: ${data.error}`));
    });
    this.#worker.addEventListener("error", (event) => {
      const error = new Error(`The model cannot run in this browser: ${event.message || "its worker did not start"}`);
      this.#waiting.forEach(({ failed }) => failed(error));
      this.#waiting.clear();
    });
  }

  #ask(task, transfer = []) {
    const id = this.#next++;
    return new Promise((done, failed) => {
      this.#waiting.set(id, { done, failed });
      this.#worker.postMessage({ ...task, id }, transfer);
    });
  }
}

/** Compares a file's SHA-256 where the browser can compute one (on https and localhost). */
async function checkSum(bytes, expected, what) {
  if (!expected || !crypto.subtle) return;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const found = [...digest].map((b) => b.toString(16).padStart(2, "0")).join("");
  if (found !== expected) {
    throw new Error(`The ${what} arrived damaged: expected SHA-256 ${expected.slice(0, 12)}…, found ${found.slice(0, 12)}…. Load the page anew.`);
  }
}
