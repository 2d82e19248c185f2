// How long the first sound takes, and what share of the time a hop takes, in this browser.

import { createDenoiser, denoise, MODELS } from "./aeolia.js";

const SECONDS = 10;
const MEASURED = ["denoise-8bit", "denoise-16k-8bit"];
const table = document.getElementById("table");
const status = document.getElementById("status");

// Tone bursts in noise: half of the time there is something to keep.
function sound(sampleRate) {
  const buffer = new AudioBuffer({ length: SECONDS * sampleRate, numberOfChannels: 1, sampleRate });
  const samples = buffer.getChannelData(0);
  for (let n = 0; n < samples.length; n++) {
    const seconds = n / sampleRate;
    samples[n] = 0.05 * (Math.random() - 0.5) + (seconds % 1 < 0.5 ? 0.2 * Math.sin(2 * Math.PI * 220 * seconds) : 0);
  }
  return buffer;
}

async function live(model) {
  const began = performance.now();
  const context = new AudioContext({ sampleRate: MODELS[model], latencyHint: "interactive" });
  const denoiser = await createDenoiser(context, { model });
  const source = new AudioBufferSourceNode(context, { buffer: sound(context.sampleRate), loop: true });
  source.connect(denoiser).connect(context.destination);
  const loads = [];
  let first = 0;
  let last = null;
  await new Promise((resolve) => {
    denoiser.addEventListener("meters", ({ detail }) => {
      if (!first && detail.output.peak > 0) first = performance.now() - began;
      if (first) loads.push(detail.load);
      last = detail;
      if (loads.length >= SECONDS * 10) resolve();
    });
    source.start();
  });
  denoiser.close();
  context.close();
  loads.sort((a, b) => a - b);
  const hop = (1000 * denoiser.hop) / MODELS[model];
  return { first, hop, median: loads[loads.length >> 1], high: loads[Math.floor(0.95 * loads.length)], latency: 1000 * denoiser.latency, dropped: last.droppedSeconds };
}

async function measure() {
  table.textContent = "";
  for (const model of MEASURED) {
    status.textContent = `${model} …`;
    const { first, hop, median, high, latency, dropped } = await live(model);
    const recording = sound(MODELS[model]);
    await denoise(recording, { model }); // opens it
    const began = performance.now();
    await denoise(recording, { model });
    const speed = (1000 * SECONDS) / (performance.now() - began);
    table.textContent +=
      `${model}\n  first sound after ${(first / 1000).toFixed(1)} s\n` +
      `  a hop of ${hop.toFixed(0)} ms takes ${(hop * median).toFixed(1)} ms (95 of 100: ${(hop * high).toFixed(1)} ms), load ${(100 * median).toFixed(0)} %\n` +
      `  delay ${latency.toFixed(0)} ms; ${dropped.toFixed(2)} of ${SECONDS} s dropped\n` +
      `  recordings ${speed.toFixed(0)} times as fast as they play\n`;
  }
  status.textContent = `done, in ${navigator.userAgent}`;
}

document.getElementById("start").onclick = async ({ target }) => {
  target.disabled = true;
  try {
    await measure();
  } catch (error) {
    status.textContent = error.message;
    status.className = "bad";
  }
  target.disabled = false;
};
