// The service: one photo, or the frames of a session. See /docs for the interface.

/** Why the server did not answer; `code` is a problem's code, `offline` or `http`. */
export class Refusal extends Error {
  constructor({ status = 0, code, title, detail = "", retryAfter = 0 }) {
    super(detail ? `${title}: ${detail}` : title);
    Object.assign(this, { status, code, title, detail, retryAfter });
  }
}

const OFFLINE = {
  code: "offline",
  title: "The server cannot be reached",
  detail: "check the connection, or whether it still runs",
};

export class Server {
  /** The key that the user gave; in memory only. */
  key = null;

  info(signal) {
    return this.#json("/v1/info", { signal });
  }

  predict(blob, signal) {
    return this.#json("/v1/predict", { ...image(blob), signal });
  }

  openSession() {
    return this.#json("/v1/sessions", { method: "POST" });
  }

  frame({ session, nonce }, blob, signal) {
    const { method, body, headers } = image(blob);
    headers["x-session-nonce"] = nonce;
    return this.#json(`/v1/sessions/${session}/frames`, { method, body, headers, signal });
  }

  verdict({ session, nonce }) {
    return this.#json(`/v1/sessions/${session}/verdict`, { method: "POST", headers: { "x-session-nonce": nonce } });
  }

  giveUp({ session, nonce }) {
    return this.#send(`/v1/sessions/${session}`, { method: "DELETE", headers: { "x-session-nonce": nonce } });
  }

  /** The exported model's bytes; `progress(part)` is told how much of it has come, 0 to 1. */
  async model({ model, bytes }, progress, signal) {
    const response = await this.#send(model, { signal });
    const reader = response.body.getReader();
    const parts = [];
    let length = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      length += value.length;
      if (bytes > 0) progress(Math.min(length / bytes, 1));
    }
    return new Blob(parts).arrayBuffer();
  }

  async #json(path, options) {
    const response = await this.#send(path, options);
    return response.json();
  }

  async #send(path, options) {
    const headers = { ...options.headers };
    if (this.key) headers.authorization = `Bearer ${this.key}`;
    let response;
    try {
      response = await fetch(path, { ...options, headers, cache: "no-store" });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Refusal(OFFLINE);
    }
    if (response.ok) return response;
    throw await refusal(response);
  }
}

/** The server looks at the content: browsers take a file's type from its name, which may be wrong. */
function image(blob) {
  return { method: "POST", body: blob, headers: { "content-type": "application/octet-stream" } };
}

async function refusal(response) {
  const problem = await response.json().catch(() => ({}));
  return new Refusal({
    status: response.status,
    code: problem.code ?? "http",
    title: problem.title ?? `The server answered ${response.status}`,
    detail: problem.detail ?? "",
    retryAfter: Number(response.headers.get("retry-after")) || 0,
  });
}
