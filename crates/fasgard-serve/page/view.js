// What the page says: the verdict, notices, the privacy line.

import { contractOf } from "./answer.js";
import { by, make } from "./dom.js";
import { drawGauge } from "./gauge.js";
import { because, decimals, word } from "./verdict.js";

/** Shows an answer; `frame` says whether it is one of many. */
export function showAnswer(answer, info, frame) {
  const contract = contractOf(info);
  by("verdict").dataset.verdict = answer.verdict;
  by("verdict-title").textContent = frame ? "This frame" : "Verdict";
  by("badge").setAttribute("href", `#i-${answer.verdict}`);
  by("word").textContent = word(answer.verdict);
  by("because").textContent = contract ? because(answer, contract.threshold) : coarse(answer);
  gauge(contract, answer.score);
  by("notes").hidden = !answer.notes?.length;
  by("notes").replaceChildren(...(answer.notes ?? []).map((note) => make("li", { textContent: note })));
}

function coarse(answer) {
  if (answer.reason) return because(answer, null);
  return answer.verdict === "no-decision" ? "Nothing is claimed of this picture." : "This server gives verdicts without scores.";
}

/** Shows that there is no answer: a word and why. */
export function showNothing(info, title, text) {
  by("verdict").dataset.verdict = "wait";
  by("verdict-title").textContent = "Verdict";
  by("badge").setAttribute("href", "#i-wait");
  by("word").textContent = title;
  by("because").textContent = text;
  by("notes").hidden = true;
  gauge(contractOf(info), null);
}

function gauge(contract, score) {
  drawGauge(by("gauge"), contract, score, by("gauge").clientWidth);
}

/** What users must know of the model and the service. */
export function showNotes({ model, notes }) {
  by("rendered").hidden = !model.rendered_only;
  // The rendered model's banner says it at more length.
  const others = notes.filter((note) => !(model.rendered_only && note.includes("rendered faces only")));
  by("told").hidden = others.length === 0;
  by("told").querySelector("p").textContent = others.join(" ");
}

/** One sentence for a screen reader. */
export function spoken(answer, info) {
  const contract = contractOf(info);
  const score = answer.score === null || answer.score === undefined ? "" : ` Score ${decimals(answer.score)}.`;
  const why = answer.verdict === "no-decision" ? ` ${contract ? because(answer, contract.threshold) : coarse(answer)}` : "";
  return `${word(answer.verdict)}.${score}${why}`;
}

/** Shows a notice, or hides it (null); `action` is {text, run} of its button. */
export function notice(text, action = null) {
  const banner = by("notice");
  const button = banner.querySelector("button");
  banner.hidden = !text;
  // Written only when it changes: it is read aloud each time.
  const paragraph = banner.querySelector("p");
  if (text && paragraph.textContent !== text) paragraph.textContent = text;
  if (!text) paragraph.textContent = "";
  button.hidden = !action;
  button.textContent = action?.text ?? "";
  button.onclick = action ? () => action.run() : null;
}

/** Says which mode is on, and what becomes of the pictures. */
export function showPrivacy(local, host) {
  const line = by("privacy");
  line.dataset.mode = local ? "local" : "server";
  by("privacy-icon").setAttribute("href", local ? "#i-device" : "#i-server");
  const [lead, text] = local
    ? ["In this browser.", " The model runs on this device: no frame leaves it."]
    : ["On the server.", ` Pictures are sent to ${host}, judged there and not stored.`];
  line.querySelector("span").replaceChildren(make("strong", { textContent: lead }), text);
}
