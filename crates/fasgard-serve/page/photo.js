// Photos: from a button, dragged or pasted; decoded as the server decodes them.

/**
 * Decodes a photo: no colour management (the server does none), upright if the model wants it.
 * Throws an Error with words for the user if it is no picture.
 */
export async function decodePhoto(blob, upright) {
  try {
    return await createImageBitmap(blob, {
      imageOrientation: upright ? "from-image" : "none",
      colorSpaceConversion: "none",
      premultiplyAlpha: "none",
    });
  } catch {
    throw new Error("This file is no picture that the browser can read. Try a JPEG, PNG, WebP or BMP file.");
  }
}

/** Why a file is not taken, before it is read; null if it may be. */
export function tooLarge(blob, limits) {
  if (!limits || blob.size <= limits.bytes) return null;
  return `The photo is too large: it has ${megabytes(blob.size)}, the server takes at most ${megabytes(limits.bytes)}. Choose a smaller one.`;
}

function megabytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

/** Calls `take(file)` for photos dropped anywhere on the page or pasted, and marks `stage` meanwhile. */
export function watchPhotos(stage, take) {
  let depth = 0;
  const over = (by) => {
    depth = Math.max(depth + by, 0);
    stage.classList.toggle("over", depth > 0);
  };
  const files = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  window.addEventListener("dragenter", (event) => {
    if (files(event)) over(1);
  });
  window.addEventListener("dragleave", (event) => {
    if (files(event)) over(-1);
  });
  window.addEventListener("dragover", (event) => {
    if (files(event)) event.preventDefault();
  });
  window.addEventListener("drop", (event) => {
    if (!files(event)) return;
    event.preventDefault();
    depth = 0;
    over(0);
    first(event.dataTransfer, take);
  });
  window.addEventListener("paste", (event) => first(event.clipboardData, take));
}

function first(transfer, take) {
  const file = [...(transfer?.files ?? [])][0];
  if (file) take(file);
}
