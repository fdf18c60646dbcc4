// The camera, and pictures of it.

const WORDS = {
  NotAllowedError: "The camera may not be used: allow it for this page in the browser's settings.",
  NotFoundError: "No camera was found. Connect one, or choose a photo.",
  OverconstrainedError: "The chosen camera is gone. Choose another one.",
  NotReadableError: "The camera cannot be read; another program may be using it.",
  insecure: "Browsers give the camera only to pages opened by https:// or from this device (localhost).",
};

/** What to tell the user when the camera does not start. */
export function cameraProblem(error) {
  return WORDS[error.name] ?? WORDS[error.message] ?? `The camera did not start: ${error.message}`;
}

export class Camera {
  #video;
  #stream = null;
  #canvas = document.createElement("canvas");

  constructor(video) {
    this.#video = video;
  }

  get on() {
    return this.#stream !== null;
  }

  /** Starts the camera; `lost` is called if it is taken away later. */
  async start(deviceId, lost) {
    if (!navigator.mediaDevices?.getUserMedia) throw new Error("insecure");
    const wanted = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: "user" };
    const size = { width: { ideal: 1280 }, height: { ideal: 720 } };
    const stream = await navigator.mediaDevices.getUserMedia({ video: { ...size, ...wanted }, audio: false });
    this.stop();
    this.#stream = stream;
    const [track] = stream.getVideoTracks();
    track.addEventListener("ended", lost);
    this.#video.srcObject = stream;
    await this.#video.play();
    return track.getSettings();
  }

  stop() {
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
    this.#video.srcObject = null;
  }

  /** All cameras; they have names once the camera may be used. */
  async devices() {
    const devices = await navigator.mediaDevices.enumerateDevices();
    return devices.filter((device) => device.kind === "videoinput");
  }

  get size() {
    return { width: this.#video.videoWidth, height: this.#video.videoHeight };
  }

  /** The current frame's pixels (ImageData). */
  pixels() {
    return this.#grab().getImageData(0, 0, this.#canvas.width, this.#canvas.height);
  }

  /** The current frame as a JPEG file of high quality: coarse compression would hide an attack's traces. */
  async file() {
    this.#grab();
    const blob = await new Promise((done) => this.#canvas.toBlob(done, "image/jpeg", 0.95));
    if (!blob) throw new Error("The browser could not make a picture of the camera's frame.");
    return blob;
  }

  #grab() {
    const { width, height } = this.size;
    this.#canvas.width = width;
    this.#canvas.height = height;
    const context = this.#canvas.getContext("2d", { alpha: false, willReadFrequently: true });
    context.drawImage(this.#video, 0, 0);
    return context;
  }
}
