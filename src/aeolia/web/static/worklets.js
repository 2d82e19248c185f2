// On the audio thread: `capture` posts blocks of the microphone, `feed` plays blocks as they come,
// `pull` plays blocks that it asks for.

const BLOCK = 1024;

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.block = new Float32Array(BLOCK);
    this.length = 0;
  }

  process([input]) {
    const samples = input[0];
    if (!samples) return true;
    for (const sample of samples) {
      this.block[this.length++] = sample;
      if (this.length === BLOCK) {
        this.port.postMessage(this.block.slice());
        this.length = 0;
      }
    }
    return true;
  }
}

// Plays once `cushion` samples are there; an empty queue is a drop-out, and it fills up again first.
class Feed extends AudioWorkletProcessor {
  constructor({ processorOptions }) {
    super();
    this.cushion = processorOptions.cushion;
    this.queue = [];
    this.offset = 0;
    this.waiting = 0;
    this.full = false;
    this.dropped = 0;
    this.port.onmessage = ({ data }) => {
      this.queue.push(data);
      this.waiting += data.length;
      if (this.waiting >= this.cushion) this.full = true;
    };
  }

  process(_, [output]) {
    const samples = output[0];
    if (!this.full) return true;
    for (let n = 0; n < samples.length; n++) {
      while (this.queue.length && this.offset >= this.queue[0].length) {
        this.queue.shift();
        this.offset = 0;
      }
      if (!this.queue.length) {
        this.full = false;
        this.port.postMessage(++this.dropped);
        break;
      }
      samples[n] = this.queue[0][this.offset++];
      this.waiting--;
    }
    return true;
  }
}

// Plays blocks and asks for more, by a message, as long as it is given some; null ends that.
const LOW = 3072;

class Pull extends AudioWorkletProcessor {
  constructor() {
    super();
    this.queue = [];
    this.offset = 0;
    this.waiting = 0;
    this.asked = true;
    this.port.onmessage = ({ data }) => {
      if (!data) return void (this.asked = true);
      this.queue.push(data);
      this.waiting += data.length;
      this.asked = false;
    };
  }

  process(_, [output]) {
    const samples = output[0];
    for (let n = 0; n < samples.length && this.queue.length; n++) {
      samples[n] = this.queue[0][this.offset++];
      this.waiting--;
      if (this.offset < this.queue[0].length) continue;
      this.queue.shift();
      this.offset = 0;
    }
    if (this.waiting < LOW && !this.asked) {
      this.asked = true;
      this.port.postMessage("more");
    }
    return true;
  }
}

registerProcessor("capture", Capture);
registerProcessor("feed", Feed);
registerProcessor("pull", Pull);
