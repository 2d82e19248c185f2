// On the audio thread: hops to the worker, and its answers played, always by the same delay later.
//
// What comes too late is silence, counted as a drop-out; the delay never grows. The parameter `dry` is
// the share of the input, equally delayed, in what is played: 1 is the sound as it was.

const METERS_PER_SECOND = 10;
// So much beyond the delay may wait for the worker; a slower machine leaves out the rest, and never falls behind.
const MOST_WAITING_SECONDS = 0.5;

class Denoiser extends AudioWorkletProcessor {
  static get parameterDescriptors() {
    return [{ name: "dry", defaultValue: 0, minValue: 0, maxValue: 1, automationRate: "a-rate" }];
  }

  constructor({ processorOptions: { hop, delay, latency, channels } }) {
    super();
    Object.assign(this, { hop, delay, latency, channels });
    this.now = 0; // samples so far
    this.ready = -delay; // output before this sample has come
    this.waiting = 0; // hops that the worker has
    this.mostWaiting = Math.ceil((latency + MOST_WAITING_SECONDS * sampleRate) / hop);
    this.worker = null;
    this.unsent = []; // until there is a worker
    const ring = () => Array.from({ length: channels }, () => new Float32Array(this.size));
    this.size = 2 ** Math.ceil(Math.log2(latency + 2 * hop + 1024));
    this.input = ring();
    this.output = ring();
    this.spare = [];
    this.next = this.fresh();
    this.filled = 0;
    this.late = false;
    this.closed = false;
    this.settling = [];
    this.dropouts = 0;
    this.dropped = 0;
    this.clearMeters();
    this.port.onmessage = ({ data }) => {
      if (data.close) this.closed = true;
      if (data.port) this.connect(data.port);
      if (data.settle) this.settling.push(data.settle);
      this.tellSettled();
    };
  }

  connect(port) {
    this.worker = port;
    for (const hop of this.unsent.splice(0)) this.post(hop);
    port.onmessage = ({ data: { first, samples, load } }) => {
      this.waiting--;
      this.load = Math.max(this.load, load);
      this.busy += load;
      this.hops++;
      const start = first - this.delay;
      const skipped = this.ready;
      for (let c = 0; c < this.channels; c++) {
        // Hops that were never sent are silence.
        for (let n = Math.max(skipped, start - this.size); n < start; n++) this.output[c][n & (this.size - 1)] = 0;
        for (let n = 0; n < this.hop; n++) this.output[c][(start + n) & (this.size - 1)] = samples[c][n];
      }
      this.ready = start + this.hop;
      this.spare.push(samples);
      this.tellSettled();
    };
  }

  tellSettled() {
    if (!this.waiting) for (const settled of this.settling.splice(0)) this.port.postMessage({ settled });
  }

  fresh() {
    return this.spare.pop() ?? Array.from({ length: this.channels }, () => new Float32Array(this.hop));
  }

  process([input], [output], { dry }) {
    if (this.closed) return false;
    const length = output[0].length;
    this.take(input, length);
    this.play(output, dry, length);
    this.now += length;
    if (this.now >= this.metersAt) this.tellMeters();
    return true;
  }

  take(input, length) {
    for (let n = 0; n < length; n++) {
      for (let c = 0; c < this.channels; c++) {
        const sample = input[c] ? input[c][n] : 0; // nothing is connected
        this.input[c][(this.now + n) & (this.size - 1)] = sample;
        this.next[c][this.filled] = sample;
        this.inputPeak = Math.max(this.inputPeak, Math.abs(sample));
        this.inputPower += sample * sample;
      }
      if (++this.filled === this.hop) this.send(this.now + n + 1 - this.hop);
    }
  }

  send(first) {
    this.filled = 0;
    if (this.waiting >= this.mostWaiting) return;
    this.waiting++;
    const hop = { first, samples: this.next };
    if (this.worker) this.post(hop);
    else this.unsent.push(hop);
    this.next = this.fresh();
  }

  post(hop) {
    this.worker.postMessage(hop, hop.samples.map(({ buffer }) => buffer));
  }

  play(output, dry, length) {
    const start = this.now - this.latency;
    const come = Math.min(length, Math.max(0, this.ready - start));
    if (start >= 0 && come < length) {
      if (!this.late) this.dropouts++;
      this.dropped += length - come;
    }
    this.late = start >= 0 && come < length;
    for (let c = 0; c < this.channels; c++) {
      for (let n = 0; n < length; n++) {
        if (start + n < 0) continue;
        const at = (start + n) & (this.size - 1);
        const share = dry[n] ?? dry[0];
        const wet = n < come ? this.output[c][at] : 0;
        const sample = share * this.input[c][at] + (1 - share) * wet;
        output[c][n] = sample;
        this.outputPeak = Math.max(this.outputPeak, Math.abs(sample));
        this.outputPower += sample * sample;
      }
    }
  }

  tellMeters() {
    const count = this.channels * (this.now - this.metersFrom);
    const meters = {
      input: { peak: this.inputPeak, rms: Math.sqrt(this.inputPower / count) },
      output: { peak: this.outputPeak, rms: Math.sqrt(this.outputPower / count) },
      load: this.hops ? this.busy / this.hops : 0,
      peakLoad: this.load,
      dropouts: this.dropouts,
      droppedSeconds: this.dropped / sampleRate,
    };
    this.port.postMessage({ meters });
    this.clearMeters();
  }

  clearMeters() {
    this.inputPeak = this.inputPower = this.outputPeak = this.outputPower = 0;
    this.load = this.busy = this.hops = 0;
    this.metersFrom = this.now;
    this.metersAt = this.now + sampleRate / METERS_PER_SECOND;
  }
}

registerProcessor("aeolia-denoiser", Denoiser);
