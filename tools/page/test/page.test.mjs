// What the page shows, as far as it needs no browser.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { announcer } from "../../../crates/fasgard-serve/page/announce.js";
import { faceBox, frameOf } from "../../../crates/fasgard-serve/page/frame.js";
import { zones } from "../../../crates/fasgard-serve/page/gauge.js";
import { notOffered } from "../../../crates/fasgard-serve/page/local.js";
import { describeMap } from "../../../crates/fasgard-serve/page/maps.js";
import { tooLarge } from "../../../crates/fasgard-serve/page/photo.js";
import { LocalSession, Tally } from "../../../crates/fasgard-serve/page/sessions.js";

const page = new URL("../../../crates/fasgard-serve/page/", import.meta.url);

/** A clock whose time is set by hand. */
function clock() {
  let now = 1000;
  const timers = [];
  return {
    performance: { now: () => now },
    setTimeout: (run, wait) => timers.push({ run, at: now + wait }),
    advance(by) {
      now += by;
      for (const timer of timers.splice(0)) timer.at <= now ? timer.run() : timers.push(timer);
    },
  };
}

test("a screen reader hears the newest verdict, not each", () => {
  const time = clock();
  const heard = [];
  const say = announcer((text) => heard.push(text), 4000, time);
  say("Live");
  say("Attack");
  say("No decision");
  assert.deepEqual(heard, ["Live"]);
  time.advance(3999);
  assert.deepEqual(heard, ["Live"]);
  time.advance(1);
  assert.deepEqual(heard, ["Live", "No decision"]);
  time.advance(5000);
  say("No decision");
  assert.equal(heard.length, 2);
  say("Live");
  assert.deepEqual(heard, ["Live", "No decision", "Live"]);
});

test("the gauge's zones are where verdicts change", () => {
  assert.deepEqual(zones({ threshold: 0.4, support: [0.1, 0.9], gap: [0.3, 0.5] }), [
    { kind: "none", from: 0, to: 0.1 }, { kind: "attack", from: 0.1, to: 0.3 }, { kind: "none", from: 0.3, to: 0.5 },
    { kind: "live", from: 0.5, to: 0.9 }, { kind: "none", from: 0.9, to: 1 },
  ]);
  assert.deepEqual(zones({ threshold: -Infinity, support: null, gap: null }), [{ kind: "live", from: 0, to: 1 }]);
  assert.deepEqual(zones({ threshold: 0.25, support: null, gap: null }).map((zone) => zone.to), [0.25, 1]);
});

test("the face frame is a square in pixels", () => {
  assert.deepEqual(faceBox({ x: 0.5, y: 0.5, size: 0.5 }, { width: 640, height: 480 }), { x: 200, y: 120, w: 240, h: 240 });
});

test("the frame begins round the face that was found", () => {
  const size = { width: 640, height: 480 };
  assert.deepEqual(faceBox(frameOf({ x: 100, y: 60, w: 120, h: 96 }, size), size), { x: 100, y: 48, w: 120, h: 120 });
});

test("a session in the page follows the face, also over frames without one", async () => {
  const face = { x: 1, y: 2, w: 3, h: 4 };
  const asked = [];
  const local = {
    judge: async (image, place, previous) => {
      asked.push([image, place, previous]);
      return { face: asked.length === 1 ? face : null, score: null };
    },
  };
  let frame = 0;
  const session = new LocalSession(local, { fuse: "mean", decision: null }, () => "find");
  for (let i = 0; i < 3; i++) await session.push({ pixels: () => ++frame });
  assert.deepEqual(asked, [[1, "find", null], [2, "find", face], [3, "find", face]]);
});

test("maps are described in words", () => {
  assert.equal(describeMap({ side: 2, values: [0.1, 0.9, 0.5, 0.5] }, "mask"), "2 × 2, mean 0.500; 1 of 4 cells below one half");
  assert.equal(describeMap({ side: 1, values: [0.25] }, "mask"), "1 × 1, mean 0.250; 1 of 1 cell below one half");
  assert.equal(describeMap({ side: 1, values: [0.25] }, "depth"), "1 × 1, mean 0.250, highest 0.250");
});

test("a file over the server's limit is refused before it is sent", () => {
  assert.equal(tooLarge({ size: 8388608 }, { bytes: 8388608 }), null);
  assert.match(tooLarge({ size: 9437184 }, { bytes: 8388608 }), /9\.0 MiB.*at most 8\.0 MiB/);
});

test("a session counts frames without a score, and fuses the others", () => {
  const tally = new Tally({ fuse: "mean", decision: { threshold: 0.4, support: null, gap: null } });
  assert.equal(tally.answer, null);
  tally.push({ score: null });
  assert.equal(tally.answer.verdict, "no-decision");
  assert.equal(tally.answer.reason, "no-frames");
  tally.push({ score: 0.8 });
  tally.push({ score: 0.4 });
  const { verdict, score, frames, scored } = tally.answer;
  assert.deepEqual([verdict, frames, scored], ["live", 3, 2]);
  assert.ok(Math.abs(score - 0.6) < 1e-12);
});

test("the page keeps to its policy: no inline script or style, nothing from elsewhere", () => {
  for (const name of readdirSync(page)) {
    const text = readFileSync(new URL(name, page), "utf8");
    assert.ok(!/(src|href|url\()\s*=?\s*["'(]?(https?:)?\/\//i.test(text.replace("http://www.w3.org/2000/svg", "")), `${name} loads from elsewhere`);
    if (!name.endsWith(".html")) continue;
    assert.ok(!/<style|\sstyle=|\son[a-z]+=/i.test(text), `${name} has inline style or handlers`);
    assert.ok(!/<script(?![^>]*\ssrc=)/i.test(text), `${name} has an inline script`);
  }
});

test("every file that the page loads is there", () => {
  const names = new Set(readdirSync(page));
  for (const name of names) {
    const text = readFileSync(new URL(name, page), "utf8");
    const wanted = [...text.matchAll(/(?:from "\.\/|(?:src|href)="|Worker\(")([a-z-]+\.(?:js|css|svg))"/g)].map((found) => found[1]);
    for (const file of wanted) assert.ok(names.has(file), `${name} wants ${file}`);
  }
});

test("why the model cannot run in the page is said", () => {
  const files = ["ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"];
  const info = { decision: {}, in_browser: { assets: files } };
  assert.equal(notOffered(info), null);
  assert.match(notOffered(null), /not answered/);
  assert.match(notOffered({ ...info, in_browser: null }), /--onnx and --page-assets/);
  assert.match(notOffered({ ...info, in_browser: { assets: files.slice(1) } }), /lacks ort\.wasm\.min\.mjs/);
  assert.match(notOffered({ ...info, decision: null }), /threshold/);
});
