// The model inside the page: the same scores as the server's, and no frame leaves.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { choose, findings, launch, open, pictures, ready, refuse, shot, url, verdict } from "./setup.mjs";

/** Largest difference of a score between the page and the server. */
const TOLERANCES = { "crop.png": 1e-3, "portrait.png": 1e-3, "five.png": 1e-3, "no-face.png": 0, "portrait.jpg": 1e-3 };

let plain;
let browser;
let files;
let info;
/** Whether the page finds the face itself, and why a test of that is left out. */
const withFaces = { skip: process.env.FASGARD_NO_FACES && "there is no face detector" };
before(async () => {
  info = await (await fetch(`${url}/v1/info`)).json();
  plain = await launch();
  files = await pictures(plain);
  browser = await launch(files.path("camera.mjpeg"));
});
after(async () => {
  files?.remove();
  await plain?.close();
  await browser?.close();
});

const PHONE = { viewport: { width: 360, height: 760 }, deviceScaleFactor: 2, hasTouch: true };

/** Waits until nothing is being judged any more. */
async function judged(page) {
  await page.evaluate(() => new Promise((done) => setTimeout(done, 300)));
  await page.locator(".busy").waitFor({ state: "hidden", timeout: 60000 });
}

/** Opens the page in this mode and counts what is sent anywhere. */
async function local(options = {}) {
  const page = await open(browser, options);
  page.sent = [];
  page.on("request", (request) => {
    if (request.method() !== "GET" || !request.url().startsWith(url)) page.sent.push(`${request.method()} ${request.url()}`);
  });
  await ready(page);
  await page.locator("input[value=local]").check();
  return page;
}

test("the privacy line says that no frame leaves, and none does", async () => {
  const page = await local();
  assert.match(await page.locator("#privacy").innerText(), /In this browser\..*no frame leaves it/s);
  await choose(page, files.path("portrait.png"));
  await verdict(page);
  assert.ok(await page.locator("#place").isVisible());
  await page.locator("input[value=frame]").check();
  await judged(page);
  assert.ok(await page.locator("#frame").isVisible());
  assert.deepEqual(await findings(page), []);
  assert.match(await page.locator("#card").innerText(), /ONNX Runtime Web, \d+ thread/);
  await shot(page, "local-frame-light");
  assert.deepEqual(page.sent, []);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("moving the frame by keyboard and by mouse judges anew", async () => {
  const page = await local();
  await choose(page, files.path("portrait.png"));
  await verdict(page);
  await page.locator("input[value=frame]").check();
  const region = () => page.locator("#frame").evaluate((frame) => `${frame.style.left} ${frame.style.width}`);
  const first = await region();
  await page.locator("#place-x").press("ArrowRight");
  const second = await region();
  assert.notEqual(second, first);
  await page.locator("#stage").scrollIntoViewIfNeeded();
  const box = await page.locator("#frame").boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2 - 60, box.y + box.height / 2 + 20, { steps: 4 });
  await page.mouse.up();
  assert.notEqual(await region(), second);
  await page.locator("#place-size").focus();
  await page.locator("#place-size").press("PageUp");
  await verdict(page);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("the face is found in the page: nothing is to be placed", withFaces, async () => {
  for (const [name, options] of Object.entries({
    light: {},
    dark: { colorScheme: "dark" },
    "phone-light": PHONE,
    "phone-dark": { ...PHONE, colorScheme: "dark" },
  })) {
    const page = await local(options);
    await choose(page, files.path("portrait.png"));
    await verdict(page);
    assert.ok(await page.locator("input[value=find]").isChecked());
    assert.equal(await page.locator("#frame").isVisible(), false);
    assert.equal(await page.locator("#place-sliders").isVisible(), false);
    assert.match(await page.locator("#times").innerText(), /Find the face/);
    assert.match(await page.locator("#card").innerText(), /BlazeFace/);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0);
    assert.deepEqual(await findings(page), []);
    await shot(page, `local-${name}`);
    assert.deepEqual(page.sent, []);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }
});

test("the frame begins where the face was found, and is the same crop", withFaces, async () => {
  const page = await local();
  await choose(page, files.path("portrait.png"));
  await verdict(page);
  const score = () => page.locator("#gauge > svg").getAttribute("aria-label");
  const found = await score();
  await page.locator("input[value=frame]").check();
  await judged(page);
  assert.equal(await score(), found);
  await page.locator("#place-size").press("PageUp");
  await page.locator("input[value=crop]").check();
  await judged(page);
  assert.equal(await page.locator("#frame").isVisible(), false);
  await page.locator("input[value=find]").check();
  await judged(page);
  assert.equal(await score(), found);
  await page.context().close();
});

test("no face and five faces, in the server's words", withFaces, async () => {
  const page = await local();
  await choose(page, files.path("no-face.png"));
  assert.equal(await verdict(page), "no-decision");
  assert.match(await page.locator("#because").innerText(), /No face was found/);
  assert.deepEqual(await findings(page), []);
  await shot(page, "local-no-face");
  await choose(page, files.path("five.png"));
  await page.locator("#notes:visible").waitFor({ timeout: 60000 });
  assert.match(await page.locator("#notes").innerText(), /^\d faces were found; one was judged$/);
  assert.deepEqual(await findings(page), []);
  await shot(page, "local-five-faces");
  assert.deepEqual(page.sent, []);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("once loaded, it needs no server", async () => {
  const page = await local();
  await choose(page, files.path("portrait.png"));
  await verdict(page);
  await page.context().setOffline(true);
  await page.locator("#clear").click();
  await choose(page, files.path("crop.png"));
  await verdict(page);
  assert.equal(await page.locator("#notice").isVisible(), false);
  assert.deepEqual(await findings(page), []);
  await page.context().close();
});

for (const [name, tolerance] of Object.entries(TOLERANCES)) {
  test(`the same answer as the server's: ${name}`, async (t) => {
    const body = readFileSync(files.path(name));
    const theirs = await (await fetch(`${url}/v1/predict`, { method: "POST", body, headers: { "content-type": "application/octet-stream" } })).json();
    const page = await open(plain);
    await ready(page);
    // Nobody places anything: both find the face, or take the whole picture.
    const ours = await page.evaluate(async ({ data, info }) => {
      const [{ FIND, Local }, { Server }, { decodePhoto }] = await Promise.all(["local", "server", "photo"].map((name) => import(`/${name}.js`)));
      const local = new Local(new Server(), info);
      await local.load(() => {});
      const bitmap = await decodePhoto(new Blob([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))]), true);
      const canvas = Object.assign(document.createElement("canvas"), { width: bitmap.width, height: bitmap.height });
      const context = canvas.getContext("2d", { alpha: false });
      context.drawImage(bitmap, 0, 0);
      const answer = await local.judge(context.getImageData(0, 0, bitmap.width, bitmap.height), info.crop === "none" ? null : FIND);
      return { ...answer, selfTest: local.selfTest, threads: local.threads };
    }, { data: body.toString("base64"), info });
    const difference = Math.abs(ours.score - theirs.score);
    const cells = ours.maps.flatMap((map, i) => map.values.map((v, j) => Math.abs(v - theirs.maps[i].values[j])));
    const places = ["x", "y", "w", "h"].map((side) => Math.abs((ours.face?.[side] ?? 0) - (theirs.face?.[side] ?? 0)));
    t.diagnostic(`score ${theirs.score}, difference ${difference.toExponential(2)}, of maps ${Math.max(0, ...cells).toExponential(2)}, of the face ${Math.max(...places).toExponential(2)} pixels; face ${((ours.timings.detection_s ?? 0) * 1000).toFixed(1)} ms, network ${(ours.timings.network_s * 1000).toFixed(1)} ms on ${ours.threads} threads, self-test ${JSON.stringify(ours.selfTest)}`);
    assert.ok(difference <= tolerance, `server ${theirs.score}, page ${ours.score}`);
    assert.equal(ours.faces, theirs.faces);
    assert.equal(ours.face === null, theirs.face === null);
    assert.ok(Math.max(...places) < 0.5, `face at ${JSON.stringify(ours.face)}, the server's at ${JSON.stringify(theirs.face)}`);
    assert.deepEqual(ours.notes, theirs.notes);
    assert.deepEqual(ours.maps.map((map) => map.side), theirs.maps.map((map) => map.side));
    if (theirs.score === null || Math.abs(theirs.score - theirs.threshold) > tolerance) {
      assert.deepEqual([ours.verdict, ours.reason], [theirs.verdict, theirs.reason]);
    }
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });
}

test("the camera, without sending a frame", async () => {
  const page = await local({ colorScheme: "dark" });
  await page.locator("#camera").click();
  await verdict(page);
  await page.waitForFunction(() => document.querySelectorAll("#spark > svg > *").length > 10, null, { timeout: 60000 });
  if (!withFaces.skip) {
    assert.ok(await page.locator("input[value=find]").isChecked());
    assert.equal(await page.locator("#frame").isVisible(), false);
    assert.match(await page.locator("#times").innerText(), /Find the face/);
  }
  assert.deepEqual(await findings(page), []);
  await shot(page, "local-camera-dark");
  await page.locator("input[value=frame]").check();
  assert.ok(await page.locator("#frame").isVisible());
  assert.deepEqual(page.sent, []);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a runtime that is missing is said, and the server mode still works", async () => {
  const page = await open(plain);
  await ready(page);
  await refuse(page, "/assets/ort.wasm.min.mjs", 404, "not-found", "No such path");
  await choose(page, files.path("portrait.png"));
  await verdict(page);
  await page.locator("input[value=local]").check();
  await page.locator("#notice:visible").waitFor();
  assert.match(await page.locator("#notice").innerText(), /cannot run in this browser/);
  await shot(page, "local-missing");
  await page.locator("input[value=server]").check();
  await verdict(page);
  await page.context().close();
});

test("a model that arrives damaged is not used", async () => {
  const page = await open(plain);
  await ready(page);
  await page.route("**/model.onnx", (route) => route.fulfill({ body: Buffer.alloc(1000) }));
  await page.locator("input[value=local]").check();
  await page.locator("#notice:visible").waitFor();
  assert.match(await page.locator("#notice").innerText(), /arrived damaged/);
  await page.context().close();
});

test("a face detector that arrives damaged is not used", withFaces, async () => {
  const page = await open(plain);
  await ready(page);
  await page.route("**/face.onnx", (route) => route.fulfill({ body: Buffer.alloc(1000) }));
  await page.locator("input[value=local]").check();
  await page.locator("#notice:visible").waitFor();
  assert.match(await page.locator("#notice").innerText(), /face detector arrived damaged/);
  await page.context().close();
});

test("without a face detector for browsers the user frames the face", withFaces, async () => {
  const page = await open(plain, {}, (page) =>
    page.route("**/v1/info", async (route) => {
      const response = await route.fetch();
      const told = await response.json();
      await route.fulfill({ response, json: { ...told, in_browser: { ...told.in_browser, face: null } } });
    }),
  );
  await ready(page);
  await page.locator("input[value=local]").check();
  await choose(page, files.path("portrait.png"));
  await verdict(page);
  assert.ok(await page.locator("#frame").isVisible());
  assert.equal(await page.locator("#place-find").isVisible(), false);
  assert.match(await page.locator("#place-hint").innerText(), /offers no face detector.*Put the frame/);
  assert.deepEqual(await findings(page), []);
  await shot(page, "local-without-detector");
  await page.context().close();
});

test("where the server has no model for browsers, the page says how it gets one", async () => {
  const page = await open(plain, {}, (page) =>
    page.route("**/v1/info", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...(await response.json()), in_browser: null } });
    }),
  );
  await ready(page);
  await page.locator("input[value=local]").click();
  assert.match(await page.locator("#notice").innerText(), /--onnx and --page-assets/);
  assert.equal(await page.locator("input[value=server]").isChecked(), true);
  await page.context().close();
});
