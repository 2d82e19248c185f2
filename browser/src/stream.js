// Hops and whole recordings through a model; the samples that Python's `aeolia.Stream` gives.

import { Conditioning } from "./conditioning.js";

// Frames of one step at most: faster than one by one, and bounded memory.
const FRAMES_PER_STEP = 64;
// As much of a recording is looked at before it enters.
const BEGINNING_SECONDS = 6;
// States that hold sound on its way; all others are what the network remembers.
const SOUND = /(input_tail|output_tail|spectrum_past)$/;

export class Stream {
  constructor(model, channels) {
    this.model = model;
    this.channels = channels;
    this.conditioning = new Conditioning(model, channels);
    this.state = model.zeroState(channels);
  }

  /** A whole number of hops, channels [C][T], to output [C * T] that lags by the model's delay. */
  async advance(channels) {
    const { hop } = this.model;
    const length = channels[0].length;
    const output = new Float32Array(this.channels * length);
    let pending = [];
    let first = 0; // where what is pending begins
    const run = async () => {
      if (!pending.length) return;
      const samples = await this.step(pending);
      const span = pending.length * hop;
      for (let c = 0; c < this.channels; c++) output.set(samples.subarray(c * span, (c + 1) * span), c * length + first);
      first += span;
      pending = [];
    };
    for (let start = 0; start < length; start += hop) {
      const [entering, begins] = this.conditioning.enter(channels.map((samples) => samples.subarray(start, start + hop)));
      if (begins) {
        await run();
        this.forget();
      }
      pending.push(entering);
      if (pending.length * this.channels >= FRAMES_PER_STEP) await run();
    }
    await run();
    return this.conditioning.leave(output);
  }

  // Hops [C * hop] each, side by side through one step.
  async step(hops) {
    const { hop } = this.model;
    const span = hops.length * hop;
    const audio = new Float32Array(this.channels * span);
    hops.forEach((samples, n) => {
      for (let c = 0; c < this.channels; c++) audio.set(samples.subarray(c * hop, (c + 1) * hop), c * span + n * hop);
    });
    const [output, state] = await this.model.step(audio, this.channels, this.state);
    this.state = state;
    return output;
  }

  // Where sound begins after silence the network's memory is zeros again; sound on its way is kept.
  forget() {
    const zeros = this.model.zeroState(this.channels);
    for (const name of Object.keys(zeros)) if (!SOUND.test(name)) this.state[name] = zeros[name];
  }

  /** A whole recording, channels [C][T]: the same length, in line with it. `progress` gets 0 to 1. */
  static async process(model, recording, progress = () => {}) {
    const { hop, delay, sampleRate } = model;
    const stream = new Stream(model, recording.length);
    const length = recording[0].length;
    const result = recording.map(() => new Float32Array(length));
    const pass = async (channels, start) => {
      const output = await stream.advance(channels);
      const span = channels[0].length;
      const from = Math.max(0, delay - start);
      const to = Math.min(span, length + delay - start);
      result.forEach((samples, c) => {
        if (to > from) samples.set(output.subarray(c * span + from, c * span + to), start + from - delay);
      });
      progress(Math.min(1, (start + span) / (length + delay)));
    };
    stream.conditioning.prepare(recording.map((samples) => samples.subarray(0, BEGINNING_SECONDS * sampleRate)));
    const whole = length - (length % hop);
    const block = FRAMES_PER_STEP * hop;
    for (let start = 0; start < whole; start += block) {
      await pass(recording.map((samples) => samples.subarray(start, Math.min(start + block, whole))), start);
    }
    // What is no whole hop, and silence until the last sample is out: zeros would end an offset with a bang.
    const span = Math.ceil((length - whole + delay) / hop) * hop;
    const last = recording.map((samples, c) => {
      const padded = new Float32Array(span).fill(stream.conditioning.offsets[c].applied);
      padded.set(samples.subarray(whole));
      return padded;
    });
    await pass(last, whole);
    return result;
  }
}
