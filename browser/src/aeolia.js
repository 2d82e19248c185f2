// Aeolia's denoisers in a web page: `createDenoiser` for live sound, `denoise` for recordings.
//
// Nothing leaves the browser. The network runs in a worker of its own, see docs/browser.md.

/** The models that come along, by the sample rate that each works at, in Hz; the first that fits is taken. */
export const MODELS = Object.freeze({ "denoise-8bit": 48000, "denoise-16k-8bit": 16000, "denoise": 48000, "denoise-16k": 16000 });

// Time for the way to the worker and back, in seconds: a hop, and what systems deliver at once.
const CUSHION_SECONDS = 0.02;
const RAMP_SECONDS = 0.01;

/**
 * An AudioNode that takes noise out of what is connected to it.
 *
 * options.model: a name in MODELS, or the address of an .onnx file that `aeolia export` wrote; the one
 * that fits the context's sample rate when left out. options.channels: 1 unless given.
 * options.attenuationLimitDb: noise is lowered by at most so much; no limit when left out.
 * options.cushionSeconds: time that the network may take before a drop-out is heard, part of `latency`.
 */
export async function createDenoiser(context, options = {}) {
  if (!context.audioWorklet) {
    throw new Error("this page has no AudioWorklet; serve it from https:// or from localhost");
  }
  const { channels = 1, attenuationLimitDb = null, cushionSeconds = CUSHION_SECONDS } = options;
  if (!Number.isInteger(channels) || channels < 1) {
    throw new Error(`channels is ${channels}; 1 or more is needed`);
  }
  if (!(cushionSeconds >= 0 && cushionSeconds <= 10)) {
    throw new Error(`cushionSeconds is ${cushionSeconds}; 0 to 10 is needed`);
  }
  dryShare(attenuationLimitDb);
  const name = options.model ?? modelFor(context.sampleRate);
  const [engine] = await Promise.all([
    engineFor("live", name, context.sampleRate),
    context.audioWorklet.addModule(new URL("./worklet.js", import.meta.url)),
  ]);
  return new Denoiser(context, engine, { channels, attenuationLimitDb, cushionSeconds });
}

/**
 * A whole recording, an AudioBuffer, denoised: a new one, of the same length and in line with it.
 *
 * options.model: as for `createDenoiser`, by the recording's rate. options.attenuationLimitDb: likewise.
 * options.progress: called with 0 to 1.
 */
export async function denoise(recording, options = {}) {
  const dry = dryShare(options.attenuationLimitDb ?? null);
  const name = options.model ?? modelFor(recording.sampleRate);
  const input = Array.from({ length: recording.numberOfChannels }, (_, c) => recording.getChannelData(c));
  checkFinite(input);
  const engine = await engineFor("recordings", name, recording.sampleRate);
  const output = await engine.process(input, options.progress);
  const result = new AudioBuffer({ length: recording.length, numberOfChannels: input.length, sampleRate: recording.sampleRate });
  output.forEach((samples, c) => {
    if (dry) for (let n = 0; n < samples.length; n++) samples[n] = dry * input[c][n] + (1 - dry) * samples[n];
    result.copyToChannel(samples, c);
  });
  return result;
}

// An AudioWorkletNode may be made where there is no audio thread, but not its class be extended.
const Node = globalThis.AudioWorkletNode ?? class {};

/** What `createDenoiser` gives. Events: "meters" about ten times a second, and "failed". */
class Denoiser extends Node {
  constructor(context, engine, { channels, attenuationLimitDb, cushionSeconds }) {
    const { hop, delay } = engine.about;
    const latency = delay + hop + Math.round(cushionSeconds * context.sampleRate);
    super(context, "aeolia-denoiser", {
      outputChannelCount: [channels],
      channelCount: channels,
      channelCountMode: "explicit",
      processorOptions: { hop, delay, latency, channels },
      parameterData: { dry: dryShare(attenuationLimitDb) },
    });
    this.limit = attenuationLimitDb;
    this.asked = 0; // how often `settled` was
    /** Samples of one step of the network. */
    this.hop = hop;
    /** Samples by which the output lags the input. */
    this.latencySamples = latency;
    /** The same in seconds; the sound devices add theirs. */
    this.latency = latency / context.sampleRate;
    const { port1, port2 } = new MessageChannel();
    engine.live(port1, channels);
    engine.addEventListener("failed", ({ detail }) => this.dispatchEvent(new CustomEvent("failed", { detail })));
    this.port.postMessage({ port: port2 }, [port2]);
    this.waiters = new Map();
    this.port.onmessage = ({ data: { meters, settled } }) => {
      if (meters) this.dispatchEvent(new CustomEvent("meters", { detail: meters }));
      this.waiters.get(settled)?.();
      this.waiters.delete(settled);
    };
  }

  /**
   * Resolves when the worker has answered all that came so far. An OfflineAudioContext runs ahead of the
   * worker; one that is suspended every `hop` samples and waits for this has no drop-outs.
   */
  settled() {
    return new Promise((resolve) => {
      const settle = ++this.asked;
      this.waiters.set(settle, resolve);
      this.port.postMessage({ settle });
    });
  }

  /** Noise is lowered by at most so many decibels: null for no limit, 0 for the sound as it was. */
  get attenuationLimitDb() {
    return this.limit;
  }

  set attenuationLimitDb(db) {
    const share = dryShare(db);
    this.limit = db;
    this.parameters.get("dry").setTargetAtTime(share, this.context.currentTime, RAMP_SECONDS);
  }

  /** End it: the node is silent from then on. */
  close() {
    this.disconnect();
    this.port.postMessage({ close: true });
  }
}

// Workers stay, so that the second start is at once; a long recording does not hold up live sound.
const engines = new Map();

async function engineFor(purpose, model, sampleRate) {
  const known = Object.hasOwn(MODELS, model);
  if (known && MODELS[model] !== sampleRate) throw new Error(wrongRate(model, MODELS[model], sampleRate));
  const url = known ? new URL(`./models/${model}.onnx`, import.meta.url) : new URL(model, document.baseURI);
  const key = `${purpose} ${url.href}`;
  if (!engines.has(key)) {
    const forget = () => engines.delete(key);
    const opening = Engine.open(url.href);
    engines.set(key, opening);
    opening.then((engine) => engine.addEventListener("failed", forget), forget);
  }
  const engine = await engines.get(key);
  if (engine.about.sampleRate !== sampleRate) throw new Error(wrongRate(model, engine.about.sampleRate, sampleRate));
  return engine;
}

// A worker with a model, and what it is asked.
class Engine extends EventTarget {
  static async open(url) {
    const engine = new Engine();
    try {
      engine.about = await engine.ask({ open: url });
    } catch (error) {
      engine.worker.terminate();
      throw error;
    }
    return engine;
  }

  constructor() {
    super();
    this.asked = new Map();
    this.last = 0;
    this.worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    this.worker.onmessage = ({ data }) => this.answered(data);
    this.worker.onerror = (event) => {
      event.preventDefault();
      const error = new Error(`the worker cannot begin (${event.message ?? "a file is missing"}); put all files of the build beside aeolia.js`);
      for (const { reject } of this.asked.values()) reject(error);
      this.fail(error.message);
    };
  }

  fail(message) {
    this.worker.terminate();
    this.dispatchEvent(new CustomEvent("failed", { detail: message }));
  }

  answered({ id, result, error, progress, failed }) {
    if (failed !== undefined) return this.fail(failed);
    const asked = this.asked.get(id);
    if (progress !== undefined) return asked.progress?.(progress);
    this.asked.delete(id);
    if (error !== undefined) asked.reject(new Error(error));
    else asked.resolve(result);
  }

  ask(message, transfer = [], progress = undefined) {
    const id = ++this.last;
    return new Promise((resolve, reject) => {
      this.asked.set(id, { resolve, reject, progress });
      this.worker.postMessage({ ...message, id }, transfer);
    });
  }

  process(recording, progress) {
    return this.ask({ recording }, [], progress);
  }

  live(port, channels) {
    return this.ask({ live: port, channels }, [port]);
  }
}

function modelFor(sampleRate) {
  const found = Object.keys(MODELS).find((name) => MODELS[name] === sampleRate);
  if (!found) throw new Error(wrongRate("", "48000 or 16000", sampleRate));
  return found;
}

function wrongRate(name, needed, came) {
  return `the sample rate is ${came} Hz and ${name || "a model"} works at ${needed} Hz; make it new AudioContext({ sampleRate: 48000 }), or 16000 for the lighter model: the browser resamples`;
}

// Share a of the input in the output, a = 10 ** (-limit / 20): noise keeps at least that.
function dryShare(db) {
  if (db === null) return 0;
  if (!(db >= 0)) throw new Error(`attenuationLimitDb is ${db}; 0 (leave all noise) or more is needed, or null for no limit`);
  return 10 ** (-db / 20);
}

function checkFinite(recording) {
  for (const samples of recording) {
    const found = samples.findIndex((sample) => !Number.isFinite(sample));
    if (found >= 0) throw new Error(`sample ${found} is ${samples[found]}; the recording must hold finite numbers`);
  }
}
