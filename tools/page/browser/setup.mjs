// A browser, the service's address, pictures: what every browser test begins with.
import { readFileSync, writeFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

export const url = process.env.FASGARD_URL ?? "http://127.0.0.1:8080";
/** Where screenshots go. */
const shots = process.env.FASGARD_SHOTS ?? join(tmpdir(), "fasgard-page-shots");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const portrait = new URL("../../../crates/fasgard-face/tests/data/astronaut.png", import.meta.url);
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

/** Launches Chromium; `video` is the file that its camera shows, `null` for one without a camera. */
export async function launch(video = null) {
  const camera = video
    ? ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", `--use-file-for-fake-video-capture=${video}`]
    : [];
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: [...FLAGS, ...camera] });
}

/** A page of the service, ready for a photo; whatever the page itself did wrong is in `page.faults`. */
export async function open(browser, options = {}, before = async () => {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(error.message));
  page.on("console", (message) => {
    // A refused request is what some tests are about; a broken policy or script never is.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) page.faults.push(message.text());
  });
  await before(page);
  await page.goto(url);
  return page;
}

/** Waits for the model: the page asks again by itself while the server loads it. */
export async function ready(page) {
  await page.locator("#choose:enabled").waitFor({ timeout: 60000 });
}

/** Waits until the verdict is one of the three. */
export async function verdict(page, timeout = 60000) {
  await page.locator("#verdict[data-verdict=live], #verdict[data-verdict=attack], #verdict[data-verdict=no-decision]").waitFor({ timeout });
  return page.locator("#verdict").getAttribute("data-verdict");
}

export async function choose(page, file) {
  await page.locator("#file").setInputFiles(file);
}

export async function shot(page, name, options = {}) {
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true, ...options });
}

/** Serious and critical findings of axe-core, in words. */
export async function findings(page) {
  // Not as a script element, which the page's policy forbids.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join("; ")}`);
}

/** Test pictures in a folder of their own, made of the repository's portrait by the browser's canvas. */
export async function pictures(browser) {
  const folder = mkdtempSync(join(tmpdir(), "fasgard-page-"));
  const page = await (await browser.newContext()).newPage();
  const source = `data:image/png;base64,${readFileSync(portrait).toString("base64")}`;
  const files = await page.evaluate(async (source) => {
    const image = await createImageBitmap(await (await fetch(source)).blob());
    const paint = async (width, height, type, draw) => {
      const canvas = new OffscreenCanvas(width, height);
      const context = canvas.getContext("2d", { alpha: false });
      context.fillStyle = "#57626f";
      context.fillRect(0, 0, width, height);
      draw(context);
      const bytes = new Uint8Array(await (await canvas.convertToBlob({ type, quality: 0.92 })).arrayBuffer());
      let text = "";
      for (const byte of bytes) text += String.fromCharCode(byte);
      return btoa(text);
    };
    const files = {
      "portrait.png": await paint(640, 480, "image/png", (c) => c.drawImage(image, 120, 40, 400, 400)),
      "portrait.jpg": await paint(640, 480, "image/jpeg", (c) => c.drawImage(image, 120, 40, 400, 400)),
      "crop.png": await paint(288, 288, "image/png", (c) => c.drawImage(image, 0, 0)),
      // Heads only, as large as five can be: the detector is one for faces that are near.
      "five.png": await paint(720, 500, "image/png", (c) => {
        for (const [x, y, side] of [[0, 0, 230], [240, 0, 230], [480, 0, 240], [110, 245, 250], [375, 245, 235]]) c.drawImage(image, 62, 28, 170, 170, x, y, side, side);
      }),
      "no-face.png": await paint(640, 480, "image/png", (c) => {
        for (let i = 0; i < 8; i++) {
          c.fillStyle = `hsl(${200 + i * 6} 24% ${70 - i * 6}%)`;
          c.fillRect(0, i * 60, 640, 60);
        }
      }),
    };
    const frames = [];
    for (let i = 0; i < 20; i++) {
      frames.push(await paint(640, 480, "image/jpeg", (c) => c.drawImage(image, 120 + 12 * Math.sin(i / 3), 40 + 6 * Math.cos(i / 2), 400, 400)));
    }
    return { files, frames };
  }, source);
  const path = (name) => join(folder, name);
  for (const [name, data] of Object.entries(files.files)) writeFileSync(path(name), Buffer.from(data, "base64"));
  writeFileSync(path("camera.mjpeg"), Buffer.concat(files.frames.map((data) => Buffer.from(data, "base64"))));
  writeFileSync(path("text.txt"), "no picture");
  await page.context().close();
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Answers requests for `path` with a problem, as the service would. */
export async function refuse(page, path, status, code, title, headers = {}) {
  await page.route(`**${path}`, (route) =>
    route.fulfill({
      status,
      headers: { "content-type": "application/problem+json", ...headers },
      body: JSON.stringify({ type: `/docs#${code}`, title, status, code, detail: "", request_id: "test" }),
    }),
  );
}
