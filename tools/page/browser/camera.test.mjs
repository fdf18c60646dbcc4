// The camera, in both modes, and without one.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { findings, launch, open, pictures, ready, refuse, shot, verdict } from "./setup.mjs";

let plain;
let browser;
let files;
before(async () => {
  plain = await launch();
  files = await pictures(plain);
  browser = await launch(files.path("camera.mjpeg"));
});
after(async () => {
  files?.remove();
  await plain?.close();
  await browser?.close();
});

async function frames(page, count) {
  await page.waitForFunction((count) => Number(/(\d+)$/.exec(document.querySelector("#spark .axis > span:last-child")?.textContent)?.[1]) >= count, count, { timeout: 60000 });
}

test("frames are judged one after the other, and fused", async () => {
  const page = await open(browser);
  await ready(page);
  await page.locator("#camera").click();
  await verdict(page);
  await frames(page, 8);
  assert.equal(await page.locator("#verdict-title").innerText().then((text) => text.toLowerCase()), "this frame");
  assert.match(await page.locator("#fused").innerText(), /(so far|in the end).*of \d+ frames/s);
  assert.match(await page.locator("#spark > svg").getAttribute("aria-label"), /live.*attack.*without a decision/);
  assert.ok(await page.locator(".media.mirrored").count(), "one's own picture is a mirror");
  assert.deepEqual(await findings(page), []);
  await shot(page, "camera-light");
  await page.locator("#camera").click();
  await page.waitForFunction(() => /in the end/.test(document.querySelector("#fused").textContent));
  assert.equal(await page.locator("#video").evaluate((video) => video.srcObject), null);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a phone and its camera", async () => {
  const page = await open(browser, { viewport: { width: 360, height: 760 }, deviceScaleFactor: 2, hasTouch: true, colorScheme: "dark" });
  await ready(page);
  await page.locator("#camera").click();
  await verdict(page);
  await frames(page, 5);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0);
  assert.deepEqual(await findings(page), []);
  await shot(page, "camera-phone-dark");
  await page.context().close();
});

test("a busy server is waited for", async () => {
  const page = await open(browser);
  await ready(page);
  for (const path of ["/v1/predict", "/v1/sessions", "/v1/sessions/*/frames"]) await refuse(page, path, 429, "busy", "The server is busy", { "retry-after": "1" });
  await page.locator("#camera").click();
  await page.locator("#notice:visible").waitFor();
  assert.match(await page.locator("#notice").innerText(), /busy.*again in 1 s/);
  assert.deepEqual(await findings(page), []);
  await shot(page, "camera-busy");
  await page.unrouteAll();
  await verdict(page);
  await frames(page, 2);
  assert.equal(await page.locator("#notice").isVisible(), false);
  await page.context().close();
});

test("a server that goes away is said, and its return goes on by itself", async () => {
  const page = await open(browser);
  await ready(page);
  await page.locator("#camera").click();
  await verdict(page);
  await page.context().setOffline(true);
  await page.locator("#notice:visible").waitFor({ timeout: 60000 });
  assert.match(await page.locator("#notice").innerText(), /cannot be reached.*Trying again in 1 s/s);
  assert.deepEqual(await findings(page), []);
  await shot(page, "camera-offline");
  await page.context().setOffline(false);
  await page.locator("#notice").waitFor({ state: "hidden", timeout: 60000 });
  await page.context().close();
});

test("no camera: the page says so, and a photo still works", async () => {
  const page = await open(plain, { permissions: ["camera"] });
  await ready(page);
  await page.locator("#camera").click();
  await page.locator("#notice:visible").waitFor();
  assert.match(await page.locator("#notice").innerText(), /No camera was found|may not be used/);
  assert.deepEqual(await findings(page), []);
  await shot(page, "no-camera");
  await page.locator("#file").setInputFiles(files.path("portrait.png"));
  await verdict(page);
  await page.context().close();
});
