// From the exported network's outputs to an answer like the server's.

import { bounded, decide, sigmoid, thresholdValue } from "./verdict.js";

/** What verdicts are made with, as numbers; null where the server tells only verdicts. */
export function contractOf(info) {
  const decision = info?.decision;
  if (!decision) return null;
  return { threshold: thresholdValue(decision.threshold), support: decision.support ?? null, gap: decision.gap ?? null };
}

/**
 * Score, logit and maps of the outputs [{name, dims, values}] of one input: `score`, `logit` where the
 * score is its sigmoid (then taken from it, because 32-bit scores tie at 1), and `map_SIDE` for every
 * scale. A mean of depths may exceed 1 and is bounded here.
 */
export function readOutputs(outputs) {
  const maps = outputs
    .filter(({ name }) => name.startsWith("map_"))
    .map(({ dims, values }) => ({ side: dims.at(-1), values: [...values] }))
    .sort((a, b) => b.side - a.side);
  const logit = outputs.find(({ name }) => name === "logit")?.values[0] ?? null;
  const score = outputs.find(({ name }) => name === "score")?.values[0] ?? Number.NaN;
  return { score: logit === null ? bounded(score) : sigmoid(logit), logit, maps };
}

/**
 * The answer to one frame, as the service gives it: of the network's `outputs`, or none (null) where no
 * face was found. `face` is the one that was judged (null: the picture is a face crop), `faces` how many
 * were found.
 */
export function answerOf({ outputs, region, face, faces, timings }, info, image) {
  const notes = faces > 1 ? [`${faces} faces were found; one was judged`] : [];
  const place = { face, faces, region, image, timings, notes };
  if (!outputs) return { verdict: "no-decision", reason: "no-face", score: null, logit: null, maps: [], ...place };
  const { score, logit, maps } = readOutputs(outputs);
  return { ...decide(score, contractOf(info)), score: Number.isFinite(score) ? score : null, logit, maps, ...place };
}
