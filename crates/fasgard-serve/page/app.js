// The page: a photo or the camera, judged on the server or in this browser.

import { announcer } from "./announce.js";
import { contractOf } from "./answer.js";
import { Camera, cameraProblem } from "./camera.js";
import { showCard, showTimings } from "./card.js";
import { by, make } from "./dom.js";
import { Frame } from "./frame.js";
import { drawHistory, showSession } from "./history.js";
import { Live } from "./live.js";
import { Local, notOffered } from "./local.js";
import { Maps } from "./maps.js";
import { decodePhoto, tooLarge, watchPhotos } from "./photo.js";
import { Server } from "./server.js";
import { LocalSession, ServerSession } from "./sessions.js";
import { Stage } from "./stage.js";
import { word } from "./verdict.js";
import { notice, showAnswer, showNotes, showNothing, showPrivacy, spoken } from "./view.js";

/** Frames whose scores are kept for the history. */
const KEPT = 600;

const server = new Server();
let info = null;
let local = null;
/** The photo on the stage: {blob}, or null. */
let photo = null;
let answer = null;
let frames = [];
let judging = null;

const say = announcer((text) => (by("live").textContent = text));
const maps = new Maps(() => redraw());
const stage = new Stage(() => redraw());
const frame = new Frame(() => {
  redraw();
  if (photo) judgeAgain();
});
const camera = new Camera(by("video"));
const live = new Live(camera, openSession, {
  frame: showFrame,
  verdict: showVerdict,
  waiting: (refusal, seconds) => notice(`${refusal.message}. Trying again in ${seconds} s.`),
  failed: (error) => {
    stopCamera();
    fail(error, startCamera);
  },
});

const isLocal = () => document.querySelector("input[name=mode]:checked").value === "local";

function redraw() {
  // Where the user places the face, the frame itself is shown.
  const shown = answer && frame.isShown ? { ...answer, face: null } : answer;
  stage.draw(shown, answer ? maps.layer : null, maps.opacity);
}

// ---- the server

async function connect() {
  try {
    info = await server.info();
  } catch (error) {
    return unready(error);
  }
  by("key-form").hidden = true;
  notice(null);
  local = new Local(server, info);
  frame.offer(Boolean(info.in_browser?.face), info.crop);
  showNotes(info);
  by("choose").disabled = by("camera").disabled = false;
  showCard(info);
  showPrivacy(isLocal(), location.host);
  clear();
}

function unready(error) {
  if (error.status === 401) {
    by("key-form").hidden = false;
    showNothing(null, "A key is needed", error.code === "key-wrong" ? "The server does not know this key." : "Ask whoever runs this server for one.");
    by("key").focus();
    return;
  }
  const loading = error.code === "model-loading";
  showNothing(null, loading ? "One moment" : "Not ready", loading ? "The server is loading its model." : error.message);
  if (!loading) notice(`${error.message}. The page tries again by itself.`, { text: "Try now", run: retry });
  const timer = setTimeout(retry, loading ? 500 : 3000);
  function retry() {
    clearTimeout(timer);
    connect();
  }
}

by("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  server.key = by("key").value.trim();
  by("key").value = "";
  connect();
});

// ---- photos

async function takePhoto(blob) {
  if (!info) return;
  await stopCamera();
  const problem = isLocal() ? null : tooLarge(blob, info.limits);
  try {
    if (problem) throw new Error(problem);
    const bitmap = await decodePhoto(blob, info.model.preprocess.exif_orientation);
    photo = { blob };
    forget();
    stage.showPhoto(bitmap);
    bitmap.close();
    by("clear").hidden = false;
    frame.centre();
    showFramePlace();
    await judgeAgain();
  } catch (error) {
    clear();
    fail(error, null);
  }
}

/** Judges the photo on the stage; asked again meanwhile, it starts over with the newest wish. */
async function judgeAgain() {
  judging?.abort();
  const mine = new AbortController();
  judging = mine;
  notice(null);
  const slow = setTimeout(() => stage.busy("Judging"), 150);
  try {
    if (isLocal()) await loadModel();
    const begin = performance.now();
    const found = isLocal() ? await local.judge(stage.pixels(), frame.place) : await server.predict(photo.blob, mine.signal);
    if (mine.signal.aborted) return;
    answer = found;
    frame.found(found.face);
    show(found, (performance.now() - begin) / 1000, false);
    say(spoken(found, info));
  } catch (error) {
    if (!mine.signal.aborted) fail(error, judgeAgain);
  } finally {
    clearTimeout(slow);
    if (judging === mine) stage.busy(null);
  }
}

async function loadModel() {
  if (local.loaded) return;
  stage.busy("Loading the model");
  try {
    await local.load((part) => stage.busy(`Loading the model, ${Math.round(part * 100)} %`));
    showCard(info, local);
  } finally {
    stage.busy(null);
  }
}

// ---- the camera

async function startCamera(deviceId) {
  notice(null);
  by("camera").disabled = true;
  try {
    if (isLocal()) await loadModel();
    const settings = await camera.start(typeof deviceId === "string" ? deviceId : null, () => {
      stopCamera();
      notice("The camera was taken away.", { text: "Start it again", run: startCamera });
    });
    photo = null;
    forget();
    frames = [];
    stage.showCamera(camera.size, settings.facingMode !== "environment");
    by("clear").hidden = true;
    by("camera-text").textContent = "Stop the camera";
    by("camera-icon").setAttribute("href", "#i-stop");
    by("camera").setAttribute("aria-pressed", "true");
    showFramePlace();
    showNothing(info, "Looking", "The first frame is on its way.");
    await listCameras(settings.deviceId);
    live.start();
  } catch (error) {
    const words = error instanceof DOMException || error.message === "insecure" ? cameraProblem(error) : error.message;
    fail(new Error(words), startCamera);
    if (stage.state !== "photo") clear(true);
  } finally {
    by("camera").disabled = false;
  }
}

async function stopCamera() {
  if (!camera.on) return;
  const stopped = live.stop();
  camera.stop();
  by("camera-text").textContent = "Use the camera";
  by("camera-icon").setAttribute("href", "#i-camera");
  by("camera").removeAttribute("aria-pressed");
  document.querySelector(".pick").hidden = true;
  await stopped;
  if (stage.state === "camera") clear(true);
}

async function listCameras(current) {
  const devices = await camera.devices();
  document.querySelector(".pick").hidden = devices.length < 2;
  by("cameras").replaceChildren(
    ...devices.map((device, i) =>
      make("option", { value: device.deviceId, textContent: device.label || `Camera ${i + 1}`, selected: device.deviceId === current }),
    ),
  );
}

function openSession() {
  return isLocal() ? new LocalSession(local, info, () => frame.place) : new ServerSession(server, info);
}

function showFrame(found, seconds, soFar) {
  if (!camera.on) return;
  notice(null);
  if (!found.verdict) {
    // A server that gives only verdicts gives them for whole sessions.
    if (by("verdict").dataset.verdict === "wait") showNothing(info, "Looking", "The verdict comes after a few frames.");
    return;
  }
  answer = found;
  frame.found(found.face);
  frames = [...frames.slice(1 - KEPT), { score: found.score ?? null, verdict: found.verdict }];
  show(found, seconds, true);
  by("history").hidden = false;
  if (soFar) showSession(by("fused"), soFar);
  showHistory();
  // Without the score, which changes with every frame.
  say(`${word((soFar ?? found).verdict)}${soFar ? " so far" : ""}.`);
}

function showVerdict(found) {
  if (!info.decision) showAnswer(found, info, false);
  by("history").hidden = false;
  showSession(by("fused"), found);
  say(`Session: ${spoken(found, info)}`);
}

function showHistory() {
  if (by("history").hidden) return;
  drawHistory(by("spark"), frames, contractOf(info)?.threshold ?? null, by("spark").clientWidth);
}

// ---- what is shown

function show(found, seconds, isFrame) {
  maps.show(found.maps, info.model.target);
  showAnswer(found, info, isFrame);
  showTimings(found.timings, seconds, isLocal());
  redraw();
}

function showFramePlace() {
  if (isLocal() && stage.state !== "empty") frame.show(stage.size, stage.state === "camera" && document.querySelector(".mirrored") !== null);
  else frame.hide();
}

/** Forgets the last answer; the picture stays. */
function forget() {
  answer = null;
  maps.show([], info?.model.target);
  showTimings(null);
  by("history").hidden = true;
  redraw();
}

/** Back to the empty page; with `keep` the last session stays to be read. */
function clear(keep = false) {
  judging?.abort();
  photo = null;
  stage.empty();
  stage.busy(null);
  frame.hide();
  by("clear").hidden = true;
  const session = !by("history").hidden;
  forget();
  by("history").hidden = !(keep && session);
  showNothing(info, "No picture yet", "Choose a photo or start the camera.");
}

function fail(error, again) {
  const action = again ? { text: "Try again", run: again } : null;
  notice(error.retryAfter > 0 ? `${error.message}. It asks to be left alone for ${error.retryAfter} s.` : error.message, action);
  if (!camera.on) showNothing(info, "Not judged", error.message);
}

// ---- controls

by("choose").addEventListener("click", () => by("file").click());
by("file").addEventListener("change", () => {
  const [file] = by("file").files;
  if (file) takePhoto(file);
  by("file").value = "";
});
by("camera").addEventListener("click", () => (camera.on ? stopCamera() : startCamera()));
by("cameras").addEventListener("change", async () => {
  await live.stop();
  await startCamera(by("cameras").value);
});
by("clear").addEventListener("click", () => {
  notice(null);
  clear();
  by("choose").focus();
});
by("restart").addEventListener("click", async () => {
  await live.restart();
  frames = [];
  if (!camera.on) by("history").hidden = true;
  else showHistory();
});
watchPhotos(stage.element, takePhoto);

for (const radio of document.querySelectorAll("input[name=mode]")) radio.addEventListener("change", changeMode);

async function changeMode() {
  const why = isLocal() ? notOffered(info) : null;
  if (why) {
    document.querySelector("input[name=mode][value=server]").checked = true;
    notice(why);
    return;
  }
  notice(null);
  showPrivacy(isLocal(), location.host);
  showFramePlace();
  // Frames of two modes make no common verdict.
  if (camera.on) {
    await live.stop();
    forget();
    frames = [];
    try {
      if (isLocal()) await loadModel();
      live.start();
    } catch (error) {
      await stopCamera();
      fail(error, startCamera);
    }
  } else if (photo) await judgeAgain();
  else if (isLocal()) loadModel().catch((error) => fail(error, changeMode));
}

let width = 0;
new ResizeObserver(() => {
  // Drawing changes the height, which must not start it again.
  if (document.body.clientWidth === width) return;
  width = document.body.clientWidth;
  if (answer) showAnswer(answer, info, camera.on);
  else if (info) showNothing(info, by("word").textContent, by("because").textContent);
  showHistory();
}).observe(document.body);

connect();
