// The denoiser's own thread: the page stays smooth, and the audio thread never waits for a network.
//
// Messages from the page, each answered with the same `id`: {open: url}, {recording, id}, {live: port, channels}.

import { openModel } from "./model.js";
import { Stream } from "./stream.js";

const WARM_UP_HOPS = 20;

let model = null;

async function open(url) {
  model = await openModel(url);
  // The first steps are slow, until the browser has compiled them well; they are not a listener's.
  const stream = new Stream(model, 1);
  for (let n = 0; n < WARM_UP_HOPS; n++) await stream.advance([new Float32Array(model.hop)]);
  return { sampleRate: model.sampleRate, hop: model.hop, delay: model.delay };
}

// Hops of the audio thread: {first, samples [C][hop]} come, and go back as they are after the model.
function live(port, channels) {
  const stream = new Stream(model, channels);
  const seconds = model.hop / model.sampleRate;
  let work = Promise.resolve();
  port.onmessage = ({ data }) => {
    work = work.then(async () => {
      const began = performance.now();
      for (const samples of data.samples) {
        // A microphone's driver may bring anything at start-up; the network would never forget it.
        for (let n = 0; n < samples.length; n++) if (!Number.isFinite(samples[n])) samples[n] = 0;
      }
      const output = await stream.advance(data.samples);
      data.samples.forEach((samples, c) => samples.set(output.subarray(c * model.hop, (c + 1) * model.hop)));
      const load = (performance.now() - began) / 1000 / seconds;
      port.postMessage({ first: data.first, samples: data.samples, load }, data.samples.map(({ buffer }) => buffer));
    }).catch((error) => {
      port.onmessage = null;
      self.postMessage({ failed: error.message });
    });
  };
}

const answers = {
  open: ({ open: url }) => open(url),
  recording: ({ recording, id }) => Stream.process(model, recording, (progress) => self.postMessage({ id, progress })),
  live: ({ live: port, channels }) => live(port, channels),
};

self.onmessage = async ({ data }) => {
  const name = Object.keys(answers).find((key) => key in data);
  try {
    const result = await answers[name](data);
    const buffers = Array.isArray(result) ? result.map(({ buffer }) => buffer) : [];
    self.postMessage({ id: data.id, result }, buffers);
  } catch (error) {
    self.postMessage({ id: data.id, error: error.message });
  }
};
