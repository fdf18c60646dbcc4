// What an exported model says about itself: the metadata of an ONNX file, which the runtime does not tell.

/** Fields of `ModelProto` and of its metadata entries. */
const METADATA = 14;
const KEY = 1;
const VALUE = 2;

/**
 * The metadata of an ONNX file (Uint8Array), {key: text}. Throws an Error if the bytes are no such file.
 */
export function metadata(bytes) {
  const text = new TextDecoder();
  const found = {};
  for (const { field, from, to } of fields(bytes, 0, bytes.length)) {
    if (field !== METADATA) continue;
    const entry = {};
    for (const part of fields(bytes, from, to)) entry[part.field] = text.decode(bytes.subarray(part.from, part.to));
    found[entry[KEY]] = entry[VALUE];
  }
  return found;
}

/** The fields with a length (messages, texts) of a protocol buffer message between two places. */
function* fields(bytes, from, end) {
  let at = from;
  while (at < end) {
    const key = number(bytes, at, end);
    const kind = key.value % 8;
    at = key.next;
    if (kind === 0) at = number(bytes, at, end).next;
    else if (kind === 1) at += 8;
    else if (kind === 5) at += 4;
    else if (kind === 2) {
      const length = number(bytes, at, end);
      at = length.next + length.value;
      if (at > end) throw damaged();
      yield { field: Math.floor(key.value / 8), from: length.next, to: at };
    } else throw damaged();
  }
}

/** A number of seven bits a byte, lowest first. */
function number(bytes, from, end) {
  let value = 0;
  let scale = 1;
  for (let at = from; at < Math.min(end, from + 10); at++) {
    value += (bytes[at] & 127) * scale;
    if (bytes[at] < 128) return { value, next: at + 1 };
    scale *= 128;
  }
  throw damaged();
}

function damaged() {
  return new Error("The server's file for browsers is no ONNX file, or a damaged one.");
}

/**
 * The card of a model that `fasgard export onnx` wrote. Throws an Error if there is none, or if the file
 * is of other weights than `weights` (SHA-256), those of the server.
 */
export function cardOf(bytes, weights) {
  const json = metadata(bytes).fasgard;
  if (!json) throw new Error("The server's model for browsers has no card: expected a file of `fasgard export onnx`.");
  const card = JSON.parse(json);
  if (card.weights_sha256 !== weights) {
    throw new Error(
      `The server's model for browsers is another than its own: expected weights ${weights.slice(0, 12)}…, found ${String(card.weights_sha256).slice(0, 12)}…. Its operator exports it anew.`,
    );
  }
  return card;
}

/** What a face detector that `fasgard export face` wrote says about itself; throws an Error if it is none. */
export function faceContractOf(bytes) {
  const json = metadata(bytes)["fasgard.face"];
  if (!json) throw new Error("The server's face detector for browsers has no contract: expected a file of `fasgard export face`.");
  return JSON.parse(json);
}
