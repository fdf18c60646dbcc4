// Runs the exported model away from the page, so that the page stays quick.

import { prepare, selfTestInput } from "./preprocess.js";

let ort = null;
let network = null;
let preprocess = null;

const tasks = {
  async load({ assets, model, preprocess: contract }) {
    ort = await import(`${assets}/ort.wasm.min.mjs`);
    ort.env.wasm.wasmPaths = `${assets}/`;
    // Threads need shared memory, which the browser gives to isolated pages only.
    ort.env.wasm.numThreads = self.crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency || 1) : 1;
    ort.env.logLevel = "error";
    network = await ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
    preprocess = contract;
    return { outputs: network.outputNames, threads: ort.env.wasm.numThreads };
  },

  async judge({ pixels, width, height, face }) {
    const begin = performance.now();
    const { input, region } = prepare(preprocess, { data: new Uint8ClampedArray(pixels), width, height }, face);
    const cropped = performance.now();
    const outputs = await run(input);
    const end = performance.now();
    return { outputs, region, timings: { crop_s: (cropped - begin) / 1000, network_s: (end - cropped) / 1000 } };
  },

  async selfTest() {
    return { outputs: await run(selfTestInput(preprocess.size)) };
  },
};

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
