// From the exported network's outputs to an answer like the server's.

import { decide, mapScore, sigmoid, thresholdValue } from "./verdict.js";

/** What verdicts are made with, as numbers; null where the server tells only verdicts. */
export function contractOf(info) {
  const decision = info?.decision;
  if (!decision) return null;
  return { threshold: thresholdValue(decision.threshold), support: decision.support ?? null, gap: decision.gap ?? null };
}

/**
 * Score, logit and maps of the outputs [{name, dims, values}] of one input: `logit`, and `map_SIDE`
 * for every scale.
 */
export function readOutputs(outputs) {
  const maps = outputs
    .filter(({ name }) => name.startsWith("map_"))
    .map(({ dims, values }) => ({ side: dims.at(-1), values: [...values] }))
    .sort((a, b) => b.side - a.side);
  const logit = outputs.find(({ name }) => name === "logit")?.values[0] ?? null;
  return { score: logit === null ? mapScore(maps) : sigmoid(logit), logit, maps };
}

/** The answer to one frame, as the service gives it. */
export function answerOf({ outputs, region, timings }, info, image, face) {
  const { score, logit, maps } = readOutputs(outputs);
  return {
    ...decide(score, contractOf(info)),
    score: Number.isFinite(score) ? score : null,
    logit,
    maps,
    face,
    faces: 0,
    region,
    image,
    timings,
    notes: [],
  };
}
