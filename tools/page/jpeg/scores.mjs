// How far the page's own mode and the server differ on JPEG files, and whether Chromium decodes them as
// libjpeg-turbo does.
//
//   FASGARD_URL=http://127.0.0.1:8080 node tools/page/jpeg/scores.mjs DIR     # DIR of files.py
//
// The service needs --onnx, --face-onnx and --page-assets; the packages are those of check.sh.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { launch, url } from "../browser/setup.mjs";

const folder = process.argv[2];
const info = await (await fetch(`${url}/v1/info`)).json();
const browser = await launch();
const page = await (await browser.newContext()).newPage();
await page.goto(url);
await page.evaluate(async (info) => {
  const [{ FIND, Local }, { Server }, { decodePhoto }] = await Promise.all(["local", "server", "photo"].map((name) => import(`/${name}.js`)));
  const local = new Local(new Server(), info);
  await local.load(() => {});
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  /** The answer to a photo whose face is at `face`, or looked for, and how many values are not those of `rgb`. */
  globalThis.judge = async (data, rgb, face) => {
    const bitmap = await decodePhoto(new Blob([bytes(data)]), true);
    const canvas = Object.assign(document.createElement("canvas"), { width: bitmap.width, height: bitmap.height });
    const context = canvas.getContext("2d", { alpha: false });
    context.drawImage(bitmap, 0, 0);
    const image = context.getImageData(0, 0, bitmap.width, bitmap.height);
    const others = bytes(rgb).reduce((sum, v, i) => sum + (image.data[Math.floor(i / 3) * 4 + (i % 3)] !== v), 0);
    return { ...(await local.judge(image, face ?? FIND)), others };
  };
}, info);

const all = { found: [], same: [] };
for (const name of readdirSync(folder).filter((name) => name.endsWith(".jpg"))) {
  const body = readFileSync(join(folder, name));
  const headers = { "content-type": "application/octet-stream" };
  const theirs = await (await fetch(`${url}/v1/predict`, { method: "POST", body, headers })).json();
  const rgb = readFileSync(join(folder, name.replace(".jpg", ".rgb"))).toString("base64");
  const judge = (face) => page.evaluate((arguments_) => globalThis.judge(...arguments_), [body.toString("base64"), rgb, face]);
  const [found, same] = [await judge(null), await judge(theirs.face)];
  const differences = [found, same].map(({ score }) => Math.abs(score - theirs.score));
  all.found.push(differences[0]);
  all.same.push(differences[1]);
  const moved = Math.max(...["x", "y", "w", "h"].map((side) => Math.abs(found.face[side] - theirs.face[side])));
  console.log(`${name.padEnd(26)} score ${theirs.score.toFixed(5)}, page ${differences[0].toExponential(1)}, with the server's face ${differences[1].toExponential(1)}, face ${moved.toFixed(2)} pixels, values unlike libjpeg-turbo's ${found.others}`);
}
for (const [name, values] of Object.entries(all)) {
  values.sort((a, b) => a - b);
  console.log(`${name}: median ${values[Math.floor(values.length / 2)].toExponential(1)}, largest ${values.at(-1).toExponential(1)} of ${values.length}`);
}
await browser.close();
