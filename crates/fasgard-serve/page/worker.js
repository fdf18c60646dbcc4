// Runs the exported model and face detector away from the page, so that the page stays quick.

import { canvases, choose, detectorInput, faces } from "./detect.js";
import { prepare, selfTestInput } from "./preprocess.js";

let ort = null;
let network = null;
let preprocess = null;
/** The face detector and its contract; null where the server has none for browsers. */
let detector = null;
let contract = null;

const tasks = {
  async load({ assets, model, preprocess: pixels, face }) {
    ort = await import(`${assets}/ort.wasm.min.mjs`);
    ort.env.wasm.wasmPaths = `${assets}/`;
    // Threads need shared memory, which the browser gives to isolated pages only.
    ort.env.wasm.numThreads = self.crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency || 1) : 1;
    ort.env.logLevel = "error";
    const options = { executionProviders: ["wasm"] };
    network = await ort.InferenceSession.create(model, options);
    preprocess = pixels;
    detector = face && (await ort.InferenceSession.create(face.model, options));
    contract = face && face.contract;
    return { outputs: network.outputNames, threads: ort.env.wasm.numThreads };
  },

  async judge({ pixels, width, height, find, face, previous }) {
    const image = { data: new Uint8ClampedArray(pixels), width, height };
    const begin = performance.now();
    const all = find ? await detect(image) : [];
    const found = performance.now();
    const timings = find ? { detection_s: (found - begin) / 1000 } : {};
    const place = find ? (choose(all, previous)?.face ?? null) : face;
    if (find && !place) return { outputs: null, region: null, face: null, faces: 0, timings };
    const { input, region } = prepare(preprocess, image, place);
    const cropped = performance.now();
    const outputs = await run(input);
    timings.crop_s = (cropped - found) / 1000;
    timings.network_s = (performance.now() - cropped) / 1000;
    return { outputs, region, face: place, faces: all.length, timings };
  },

  async selfTest() {
    return { outputs: await run(selfTestInput(preprocess.size)) };
  },
};

/** The faces of an RGBA image, best first. */
async function detect(image) {
  if (!detector) throw new Error("there is no face detector in the page");
  const { side } = contract;
  for (const canvas of canvases(contract, image.width, image.height)) {
    const tensor = new ort.Tensor("float32", detectorInput(contract, image, canvas), [1, 3, side, side]);
    const { boxes, logits } = await detector.run({ input: tensor });
    const found = faces(contract, boxes.data, logits.data, canvas);
    if (found.length > 0) return found;
  }
  return [];
}

async function run(input) {
  const { size } = preprocess;
  const tensor = new ort.Tensor("float32", input, [1, 3, size, size]);
  const found = await network.run({ [network.inputNames[0]]: tensor });
  return network.outputNames.map((name) => ({ name, dims: [...found[name].dims], values: Float32Array.from(found[name].data) }));
}

self.addEventListener("message", async ({ data }) => {
  try {
    self.postMessage({ id: data.id, result: await tasks[data.task](data) });
  } catch (error) {
    self.postMessage({ id: data.id, error: String(error?.message ?? error) });
  }
});
