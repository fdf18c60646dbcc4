// The frames of one presentation, fused: by the server's own sessions, or in the page.

import { contractOf } from "./answer.js";
import { decide, fuse } from "./verdict.js";

/** Frames of a session whose frames have no verdict. */
const COARSE_FRAMES = 12;

/** What the frames so far say together, by the same rule that the server fuses by. */
export class Tally {
  #rule;
  #contract;
  #scores = [];
  frames = 0;

  constructor(info) {
    this.#rule = info.fuse;
    this.#contract = contractOf(info);
  }

  push(answer) {
    this.frames += 1;
    if (answer.score !== null && answer.score !== undefined) this.#scores.push(answer.score);
  }

  /** The answer so far; null where scores are not told. */
  get answer() {
    if (!this.#contract || this.frames === 0) return null;
    const score = fuse(this.#rule, this.#scores);
    const found = score === null ? { verdict: "no-decision", reason: "no-frames" } : decide(score, this.#contract);
    return { ...found, score, fuse: this.#rule, frames: this.frames, scored: this.#scores.length, final: false };
  }
}

/** Frames judged in the page; `place()` says where the face is, or that it is to be found. */
export class LocalSession {
  #local;
  #place;
  #tally;
  /** Where the face was last: it is followed from frame to frame, as on the server. */
  #previous = null;

  constructor(local, info, place) {
    this.#local = local;
    this.#place = place;
    this.#tally = new Tally(info);
  }

  async push(camera) {
    const answer = await this.#local.judge(camera.pixels(), this.#place(), this.#previous);
    this.#previous = answer.face ?? this.#previous;
    this.#tally.push(answer);
    return answer;
  }

  get soFar() {
    return this.#tally.answer;
  }

  get full() {
    return false;
  }

  async finish() {
    const answer = this.soFar;
    return answer && { ...answer, final: true };
  }
}

/** Frames judged by the server: one of its sessions, or single pictures where it has none. */
export class ServerSession {
  #server;
  #tally;
  #session = null;
  #limits;
  #frames;
  #began = 0;

  constructor(server, info) {
    this.#server = server;
    this.#limits = info.sessions;
    // Where frames have no verdict of their own, one is asked for early.
    this.#frames = info.decision ? Infinity : COARSE_FRAMES;
    this.#tally = new Tally(info);
  }

  async push(camera, signal) {
    const blob = await camera.file();
    if (this.#limits && !this.#session) {
      this.#session = await this.#server.openSession();
      this.#began = performance.now();
    }
    const answer = this.#session
      ? await this.#server.frame(this.#session, blob, signal)
      : await this.#server.predict(blob, signal);
    this.#tally.push(answer);
    return answer;
  }

  get soFar() {
    return this.#tally.answer;
  }

  /** Whether the server takes no further frame soon: then its verdict is due. */
  get full() {
    if (!this.#session) return false;
    const left = this.#session.expires_in_s - (performance.now() - this.#began) / 1000;
    return this.#tally.frames >= Math.min(this.#session.frames, this.#frames) || left < Math.min(5, this.#session.expires_in_s / 4);
  }

  async finish() {
    if (!this.#session) {
      const answer = this.soFar;
      return answer && { ...answer, final: true };
    }
    const session = this.#session;
    this.#session = null;
    if (this.#tally.frames === 0) {
      this.#server.giveUp(session).catch(() => {});
      return null;
    }
    return { ...(await this.#server.verdict(session)), final: true };
  }
}
