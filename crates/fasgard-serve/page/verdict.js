// Three answers, never a default one: the rules of the crate fasgard-model and the words for them.

/** The verdict of a score; `contract` is {threshold, support, gap}, the last two may be null. */
export function decide(score, { threshold, support, gap }) {
  if (!Number.isFinite(score)) return { verdict: "no-decision", reason: "not-finite" };
  if (support && !(support[0] <= score && score <= support[1])) {
    return { verdict: "no-decision", reason: "outside-support" };
  }
  if (gap && gap[0] < score && score < gap[1]) return { verdict: "no-decision", reason: "in-gap" };
  return { verdict: score > threshold ? "live" : "attack", reason: null };
}

/** A threshold as a number: the server writes minus infinity as the string "-inf". */
export function thresholdValue(value) {
  return value === "-inf" ? -Infinity : Number(value);
}

/** Fuses the scores of one session; null without any. The rules are those of `fasgard_metrics::Fuse`. */
export function fuse(rule, scores) {
  const n = scores.length;
  if (n === 0) return null;
  const sorted = Float64Array.from(scores).sort();
  switch (rule) {
    case "min":
      return sorted[0];
    case "max":
      return sorted[n - 1];
    case "median":
      return n % 2 ? sorted[(n - 1) / 2] : sorted[n / 2 - 1] / 2 + sorted[n / 2] / 2;
    case "trimmed":
      return mean(sorted.subarray(Math.floor(n / 10), n - Math.floor(n / 10)));
    case "peak":
      return mean(sorted.subarray(0, Math.ceil(n / 5)));
    default:
      return mean(sorted);
  }
}

function mean(values) {
  return values.reduce((sum, v) => sum + v, 0) / values.length;
}

export function sigmoid(logit) {
  return 1 / (1 + Math.exp(-logit));
}

/** A score, at most 1; NaN stays NaN. */
export function bounded(score) {
  return score > 1 ? 1 : score;
}

const WORDS = { live: "Live", attack: "Attack", "no-decision": "No decision" };

const REASONS = {
  "no-face": "No face was found in the picture.",
  "outside-support": "The score lies outside the range that the model was calibrated on.",
  "in-gap": "The score lies between the classes, where calibration saw neither.",
  "not-finite": "The network gave no number.",
  "no-frames": "No frame has a score yet.",
  unreadable: "The picture cannot be read.",
};

export function word(verdict) {
  return WORDS[verdict] ?? "No decision";
}

/** Why: one sentence for every verdict. */
export function because({ verdict, reason, score }, threshold) {
  if (verdict === "live") return `The score ${decimals(score)} is above the threshold ${decimals(threshold)}.`;
  if (verdict === "attack") {
    return `The score ${decimals(score)} is not above the threshold ${decimals(threshold)}.`;
  }
  return REASONS[reason] ?? "Nothing is claimed.";
}

/** Three decimals, more where three would hide on which side of 0 or 1 a number lies. */
export function decimals(value) {
  if (value === null || value === undefined) return "–";
  if (value === -Infinity) return "−∞";
  if (!Number.isFinite(value)) return "–";
  const short = value.toFixed(3);
  if (value > 0 && value < 1 && (short === "0.000" || short === "1.000")) {
    return value < 0.5 ? value.toExponential(1) : `1 − ${(1 - value).toExponential(1)}`;
  }
  return short;
}
