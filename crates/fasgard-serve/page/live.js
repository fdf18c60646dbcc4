// The camera's frames, one after the other, in sessions.

/** No more frames a second than anyone can follow. */
const PACE = 100;

/** Codes after which the session is gone and the next frame begins another. */
const GONE = new Set(["session-expired", "session-used", "session-unknown", "session-full", "nonce-wrong"]);

export class Live {
  #camera;
  #open;
  #shown;
  #abort = null;
  #session = null;

  /**
   * `open()` begins a session. `shown` is told what happens: `frame(answer, seconds, soFar)`,
   * `verdict(answer)`, `waiting(refusal, seconds)`, `failed(error)`.
   */
  constructor(camera, open, shown) {
    this.#camera = camera;
    this.#open = open;
    this.#shown = shown;
  }

  start() {
    this.#abort ??= new AbortController();
    this.#run(this.#abort.signal);
  }

  /** Stops, gives up the frame that is on its way, and asks for the verdict of those before. */
  async stop() {
    if (!this.#abort) return;
    this.#abort.abort();
    this.#abort = null;
    await this.#finish();
  }

  /** Ends the session; the next frame begins another. */
  async restart() {
    await this.#finish();
  }

  async #run(signal) {
    while (!signal.aborted) {
      const begin = performance.now();
      // A page that nobody sees sends nothing.
      if (document.hidden || this.#camera.size.width === 0) {
        await sleep(200, signal);
        continue;
      }
      await this.#frame(signal);
      await sleep(Math.max(PACE - (performance.now() - begin), 4), signal);
    }
  }

  async #frame(signal) {
    const begin = performance.now();
    this.#session ??= this.#open();
    const session = this.#session;
    try {
      const answer = await session.push(this.#camera, signal);
      if (signal.aborted) return;
      this.#shown.frame(answer, (performance.now() - begin) / 1000, session.soFar);
      if (session.full) await this.#finish();
    } catch (error) {
      if (signal.aborted || error.name === "AbortError") return;
      await this.#problem(error, signal);
    }
  }

  async #problem(error, signal) {
    if (error.code === "frame-repeated") return;
    if (GONE.has(error.code)) {
      this.#session = null;
      return;
    }
    if ([429, 503].includes(error.status) || error.code === "offline") {
      const wait = Math.min(Math.max(error.retryAfter, 1), 60);
      this.#shown.waiting(error, wait);
      await sleep(wait * 1000, signal);
      return;
    }
    this.#session = null;
    this.#shown.failed(error);
  }

  async #finish() {
    const session = this.#session;
    this.#session = null;
    if (!session) return;
    try {
      const answer = await session.finish();
      if (answer) this.#shown.verdict(answer);
    } catch {
      // The frames' own answers were shown; a verdict that cannot be had is no reason to stop.
    }
  }
}

function sleep(milliseconds, signal) {
  return new Promise((done) => {
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      done();
    }, { once: true });
  });
}
