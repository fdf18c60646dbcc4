// Photos: by button, dragged, pasted, by keyboard; and what can go wrong with them.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { choose, findings, launch, open, pictures, ready, refuse, shot, url, verdict } from "./setup.mjs";

let browser;
let files;
before(async () => {
  browser = await launch();
  files = await pictures(browser);
});
after(async () => {
  files?.remove();
  await browser?.close();
});

/** Opens a page, runs `check` and asserts that the page itself did nothing wrong. */
async function on(options, check, prepare) {
  const page = await open(browser, options, prepare);
  try {
    await check(page);
    assert.deepEqual(page.faults, []);
  } finally {
    await page.context().close();
  }
}

test("the empty page says what to do and what becomes of a photo", () =>
  on({}, async (page) => {
    await ready(page);
    assert.match(await page.locator("#privacy").innerText(), /On the server\..*not stored/s);
    assert.match(await page.locator("#stage").innerText(), /Drop a photo/);
    assert.deepEqual(await findings(page), []);
    await shot(page, "empty-light");
  }));

test("a chosen photo is judged: word, icon, score, maps, timings", () =>
  on({}, async (page) => {
    await ready(page);
    await choose(page, files.path("portrait.png"));
    const found = await verdict(page);
    assert.equal(await page.locator("#badge").getAttribute("href"), `#i-${found}`);
    assert.ok((await page.locator("#word").innerText()).length > 3);
    assert.match(await page.locator("#gauge > svg").getAttribute("aria-label"), /^Score .*threshold/);
    assert.ok((await page.locator("#tiles .tile").count()) >= 2);
    assert.match(await page.locator("#times").innerText(), /ms/);
    assert.match(await page.locator("#live").innerText(), /Score/);
    assert.deepEqual(await findings(page), []);
    await shot(page, "photo-light");
    // The slider goes from scale to scale, and what is drawn changes.
    const drawn = () => page.locator("#overlay").evaluate((canvas) => canvas.toDataURL());
    const first = await drawn();
    await page.locator("#scale").press("ArrowRight");
    assert.notEqual(await drawn(), first);
    assert.match(await page.locator("#scale").getAttribute("aria-valuetext"), /4 by 4/);
    await page.locator("#opacity").press("Home");
    await page.locator("#clear").click();
    assert.match(await page.locator("#word").innerText(), /No picture yet/);
  }));

test("dark", () =>
  on({ colorScheme: "dark" }, async (page) => {
    await ready(page);
    await shot(page, "empty-dark");
    await choose(page, files.path("portrait.png"));
    await verdict(page);
    assert.deepEqual(await findings(page), []);
    await shot(page, "photo-dark");
  }));

for (const colorScheme of ["light", "dark"]) {
  test(`a phone, ${colorScheme}: nothing is cut off at 360 pixels`, () =>
    on({ viewport: { width: 360, height: 760 }, deviceScaleFactor: 2, hasTouch: true, colorScheme }, async (page) => {
      await ready(page);
      await choose(page, files.path("portrait.png"));
      await verdict(page);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(overflow, 0);
      assert.deepEqual(await findings(page), []);
      await shot(page, `phone-${colorScheme}`);
    }));
}

test("a dragged photo is judged, and the stage says that it may be dropped", () =>
  on({}, async (page) => {
    await ready(page);
    const transfer = await page.evaluateHandle(async (data) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], "face.png", { type: "image/png" }));
      return transfer;
    }, readFileSync(files.path("portrait.png")).toString("base64"));
    await page.dispatchEvent("#stage", "dragenter", { dataTransfer: transfer });
    assert.ok(await page.locator("#stage.over").count());
    assert.deepEqual(await findings(page), []);
    await shot(page, "drag");
    await page.dispatchEvent("#stage", "drop", { dataTransfer: transfer });
    await verdict(page);
    assert.equal(await page.locator("#stage.over").count(), 0);
  }));

test("a pasted photo is judged", () =>
  on({}, async (page) => {
    await ready(page);
    await page.evaluate(async (data) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], "face.jpg", { type: "image/jpeg" }));
      window.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer }));
    }, readFileSync(files.path("portrait.jpg")).toString("base64"));
    await verdict(page);
  }));

test("by keyboard alone: skip link, mode, photo, scale, clear", () =>
  on({}, async (page) => {
    await ready(page);
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
    await page.keyboard.press("Enter");
    const chooser = page.waitForEvent("filechooser");
    const reached = await tabTo(page, "choose");
    assert.ok(reached, "the button is reached by Tab");
    await page.keyboard.press("Enter");
    await (await chooser).setFiles(files.path("portrait.png"));
    await verdict(page);
    for (const id of ["camera", "clear", "scale", "opacity"]) assert.ok(await tabTo(page, id), `${id} is reached by Tab`);
    await shot(page, "keyboard");
    await page.locator("#clear").focus();
    await page.keyboard.press("Space");
    assert.equal(await page.evaluate(() => document.activeElement.id), "choose");
  }));

async function tabTo(page, id) {
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press("Tab");
    if ((await page.evaluate(() => document.activeElement.id)) === id) return true;
  }
  return false;
}

test("no face: no decision, and why", { skip: process.env.FASGARD_NO_FACES && "the server looks for no face" }, () =>
  on({}, async (page) => {
    await ready(page);
    await choose(page, files.path("no-face.png"));
    assert.equal(await verdict(page), "no-decision");
    assert.match(await page.locator("#because").innerText(), /No face was found/);
    assert.deepEqual(await findings(page), []);
    await shot(page, "no-face");
  }));

test("five faces: the page says that one was judged", { skip: process.env.FASGARD_NO_FACES && "the server looks for no face" }, () =>
  on({}, async (page) => {
    await ready(page);
    await choose(page, files.path("five.png"));
    await verdict(page);
    assert.match(await page.locator("#notes").innerText(), /faces.*judged/);
    assert.deepEqual(await findings(page), []);
    await shot(page, "five-faces");
  }));

test("a file that is no picture", () =>
  on({}, async (page) => {
    await ready(page);
    await choose(page, files.path("text.txt"));
    await page.locator("#notice:visible").waitFor();
    assert.match(await page.locator("#notice").innerText(), /no picture/);
    assert.deepEqual(await findings(page), []);
    await shot(page, "no-picture");
  }));

test("a photo over the server's limit is not sent", () =>
  on({}, async (page) => {
    await ready(page);
    let sent = 0;
    await page.route("**/v1/predict", (route) => {
      sent += 1;
      return route.continue();
    });
    const { limits } = await (await fetch(`${url}/v1/info`)).json();
    writeFileSync(files.path("large.jpg"), Buffer.alloc(limits.bytes + 1));
    await choose(page, files.path("large.jpg"));
    await page.locator("#notice:visible").waitFor();
    assert.match(await page.locator("#notice").innerText(), /too large.*at most/);
    assert.equal(sent, 0);
  }));

test("the server refuses: its words are shown, and it can be tried again", () =>
  on({}, async (page) => {
    await ready(page);
    await refuse(page, "/v1/predict", 429, "busy", "The server is busy", { "retry-after": "2" });
    await choose(page, files.path("portrait.png"));
    await page.locator("#notice:visible").waitFor();
    assert.match(await page.locator("#notice").innerText(), /The server is busy/);
    assert.match(await page.locator("#word").innerText(), /Not judged/);
    assert.deepEqual(await findings(page), []);
    await shot(page, "busy");
    await page.unroute("**/v1/predict");
    await page.locator("#notice button").click();
    await verdict(page);
    assert.equal(await page.locator("#notice").isVisible(), false);
  }));

test("offline", () =>
  on({}, async (page) => {
    await ready(page);
    await page.context().setOffline(true);
    await choose(page, files.path("portrait.png"));
    await page.locator("#notice:visible").waitFor();
    assert.match(await page.locator("#notice").innerText(), /cannot be reached/);
    assert.deepEqual(await findings(page), []);
    await shot(page, "offline");
    await page.context().setOffline(false);
    await page.locator("#notice button").click();
    await verdict(page);
  }));

test("no model: the page says so, waits, and goes on by itself", () =>
  on({}, async (page) => {
    await page.locator("#notice:visible").waitFor();
    assert.match(await page.locator("#notice").innerText(), /No model/);
    assert.ok(await page.locator("#choose:disabled").count());
    assert.deepEqual(await findings(page), []);
    await shot(page, "no-model");
    await page.unroute("**/v1/info");
    await ready(page);
    assert.equal(await page.locator("#notice").isVisible(), false);
  }, (page) => refuse(page, "/v1/info", 503, "model-missing", "No model is loaded")));

test("a key is asked for, and used", () =>
  on({}, async (page) => {
    await page.locator("#key:visible").waitFor();
    assert.deepEqual(await findings(page), []);
    await shot(page, "key");
    await page.keyboard.type("secret-key");
    await page.keyboard.press("Enter");
    await ready(page);
  }, (page) =>
    page.route("**/v1/info", (route) =>
      route.request().headers().authorization === "Bearer secret-key"
        ? route.continue()
        : route.fulfill({ status: 401, contentType: "application/problem+json", body: '{"code": "key-missing", "title": "A key is wanted"}' }),
    )));

test("verdicts without scores", () =>
  on({}, async (page) => {
    await ready(page);
    await choose(page, files.path("portrait.png"));
    assert.equal(await verdict(page), "attack");
    assert.match(await page.locator("#because").innerText(), /without scores/);
    assert.equal(await page.locator("#gauge svg").count(), 0);
    assert.equal(await page.locator("#maps").isVisible(), false);
    assert.deepEqual(await findings(page), []);
    await page.locator("input[value=local]").click();
    assert.match(await page.locator("#notice").innerText(), /does not tell its threshold|does not offer/);
    assert.deepEqual(await findings(page), []);
    await shot(page, "coarse");
  }, async (page) => {
    await page.route("**/v1/info", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...(await response.json()), answers: "coarse", decision: null } });
    });
    await page.route("**/v1/predict", (route) => route.fulfill({ json: { request_id: "1", verdict: "attack", reason: null } }));
  }));

test("a model of rendered faces warns at every use", () =>
  on({}, async (page) => {
    await ready(page);
    assert.ok(await page.locator("#rendered").isVisible());
    assert.match(await page.locator("#rendered").innerText(), /Rendered faces only/);
  }, (page) =>
    page.route("**/v1/info", async (route) => {
      const response = await route.fetch();
      const info = await response.json();
      info.model.rendered_only = true;
      await route.fulfill({ response, json: info });
    })));
