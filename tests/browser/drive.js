// What the tests do with the module, inside the browser.

import { createDenoiser } from "../aeolia.js";

/** A recording through a node, hop by hop, as fast or slow as the machine is: what enters and leaves. */
export async function offline({ name, rate, channels, seconds, limit, model }) {
  const context = new OfflineAudioContext(2 * channels, seconds * rate, rate);
  const data = await (await fetch(new URL(`./${name}.wav`, import.meta.url))).arrayBuffer();
  const source = new AudioBufferSourceNode(context, { buffer: await context.decodeAudioData(data) });
  const denoiser = await createDenoiser(context, { model: model ?? undefined, channels, attenuationLimitDb: limit });
  const merger = new ChannelMergerNode(context, { numberOfInputs: 2 * channels });
  [source, denoiser].forEach((node, n) => {
    const splitter = new ChannelSplitterNode(context, { numberOfOutputs: channels });
    node.connect(splitter);
    for (let c = 0; c < channels; c++) splitter.connect(merger, c, n * channels + c);
  });
  source.connect(denoiser);
  merger.connect(context.destination);
  let meters = null;
  denoiser.addEventListener("meters", ({ detail }) => (meters = detail));
  for (let n = denoiser.hop; n < context.length; n += denoiser.hop) {
    context.suspend(n / rate).then(() => denoiser.settled()).then(() => context.resume());
  }
  source.start();
  const rendered = await context.startRendering();
  denoiser.close();
  return { packed: pack(rendered), latency: denoiser.latencySamples, meters };
}

/** The microphone through a node, in real time. */
export async function microphone() {
  const context = new AudioContext({ sampleRate: 48000 });
  await context.suspend(); // so that all nodes begin together
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } });
  const source = context.createMediaStreamSource(stream);
  // A cushion that no machine needs, however busy: what is compared are numbers, not times.
  const denoiser = await createDenoiser(context, { model: "denoise", cushionSeconds: 8 });
  await context.audioWorklet.addModule(new URL("./tap.js", import.meta.url));
  const tap = new AudioWorkletNode(context, "tap", { numberOfInputs: 2 });
  const blocks = [];
  const enough = new Promise((resolve) => {
    tap.port.onmessage = ({ data }) => blocks.push(data) * 128 > 2 * 48000 + denoiser.latencySamples && resolve();
  });
  denoiser.connect(tap, 0, 1);
  tap.connect(context.destination);
  source.connect(denoiser);
  source.connect(tap, 0, 0);
  await context.resume();
  await enough;
  const recorded = new AudioBuffer({ length: 128 * blocks.length, numberOfChannels: 2, sampleRate: 48000 });
  blocks.forEach((both, b) => both.forEach((block, c) => recorded.copyToChannel(block, c, 128 * b)));
  denoiser.close();
  context.close();
  return { packed: pack(recorded), latency: denoiser.latencySamples };
}

// An AudioBuffer's channels as text.
const pack = (buffer) => Array.from({ length: buffer.numberOfChannels }, (_, c) => {
  const bytes = new Uint8Array(buffer.getChannelData(c).buffer);
  let text = "";
  for (let n = 0; n < bytes.length; n += 8192) text += String.fromCharCode(...bytes.subarray(n, n + 8192));
  return btoa(text);
});
