// Live: microphone -> websocket -> model -> headphones, with delay, load and drop-outs shown.

import { button, labelled, modelChoice, node, select } from "./dom.js";
import { sound } from "./player.js";
import { microphone, wav, worklets } from "./recorder.js";
import { t } from "./texts.js";

// What the queue of played samples begins with, in seconds: the network and the scheduler need it.
const CUSHION_SECONDS = 0.06;

export function live(about) {
  const kinds = [["denoise", "clean"], ...[...about.classes, ...about.kit].map((name) => [name, name])];
  const what = select(kinds, { onchange: () => show() });
  const models = { denoise: modelChoice(about, "denoise"), separate: modelChoice(about, "separate") };
  const rows = Object.fromEntries(Object.entries(models).map(([task, choice]) => [task, labelled("model", choice)]));
  const task = () => (what.value === "denoise" ? "denoise" : "separate");
  const show = () => {
    for (const [name, row] of Object.entries(rows)) row.hidden = name !== task();
  };
  const keep = node("input", { type: "checkbox" });
  const latency = node("span", { textContent: "–" });
  const dropouts = node("span", { textContent: "0" });
  const load = node("meter", { min: 0, max: 1, high: 0.7, value: 0, label: "load" });
  const status = node("p", { class: "quiet", role: "status" });
  const saved = node("div", { class: "row" });
  let stop = null;
  const pressed = button("start", async () => {
    status.className = "quiet";
    status.textContent = "";
    if (stop) return stop();
    try {
      const operation = { operation: task(), ...(task() === "separate" ? { sources: [what.value] } : {}) };
      if (models[task()].value) operation.model = models[task()].value;
      stop = await begin(operation, { latency, dropouts, load, ended });
      turn("stop");
    } catch (error) {
      ended([], error.message);
    }
  }, { class: "main" });
  const turn = (text) => {
    pressed.dataset.t = text;
    pressed.textContent = t(text);
  };
  const ended = (blocks, problem = "") => {
    stop = null;
    turn("start");
    status.textContent = problem;
    if (problem) status.className = "bad";
    if (keep.checked && blocks.length) {
      const file = wav(blocks, sound().sampleRate, "live.wav");
      saved.prepend(node("a", { class: "button", href: URL.createObjectURL(file), download: file.name },
        node("span", { t: "download" }), ` ${file.name}`));
    }
  };
  show();
  return node(
    "div", {},
    node("p", { class: "quiet", t: "liveAbout" }),
    node("div", { class: "row" }, labelled("sound", what), ...Object.values(rows), pressed, labelled("recordResult", keep)),
    node("div", { class: "row" }, labelled("latency", latency), labelled("load", load), labelled("dropouts", dropouts)),
    status, saved,
    about.in_browser ? node("p", {}, node("a", { href: "browser/", t: "inBrowser" })) : null,
  );
}

async function begin(operation, { latency, dropouts, load, ended }) {
  const stream = await microphone();
  const out = await worklets();
  const socket = await opened(operation, out.sampleRate);
  const capture = new AudioWorkletNode(out, "capture", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
  const cushion = Math.round(CUSHION_SECONDS * out.sampleRate);
  const feed = new AudioWorkletNode(out, "feed", { numberOfInputs: 0, outputChannelCount: [1], processorOptions: { cushion } });
  const source = out.createMediaStreamSource(stream);
  const blocks = [];
  let problem = "";
  latency.textContent = `${Math.round((1000 * (socket.latency + cushion)) / out.sampleRate + 1000 * (out.baseLatency + (out.outputLatency || 0)))} ms`;
  capture.port.onmessage = ({ data }) => socket.readyState === WebSocket.OPEN && socket.send(data.buffer);
  feed.port.onmessage = ({ data }) => (dropouts.textContent = data);
  socket.onmessage = ({ data }) => {
    if (typeof data === "string") {
      problem = JSON.parse(data).error;
      return;
    }
    const took = new DataView(data).getFloat32(0, true);
    const samples = new Float32Array(data.slice(4));
    if (!samples.length) return;
    load.value = Math.min(1, took / ((1000 * samples.length) / out.sampleRate));
    blocks.push(samples);
    feed.port.postMessage(samples);
  };
  const end = () => {
    source.disconnect();
    feed.disconnect();
    for (const track of stream.getTracks()) track.stop();
    ended(blocks, problem);
  };
  socket.onclose = ({ code }) => {
    if (code !== 1000 && !problem) problem = t("lost");
    end();
  };
  source.connect(capture);
  feed.connect(out.destination);
  return () => socket.close(1000);
}

// A socket whose first answer has come; it has the stream's `latency` in samples.
function opened(operation, sampleRate) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/live`);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => socket.send(JSON.stringify({ operation, sample_rate: sampleRate }));
    socket.onerror = () => reject(new Error(t("lost")));
    socket.onmessage = ({ data }) => {
      const first = JSON.parse(data);
      if (first.error) return reject(new Error(first.error));
      socket.latency = first.latency;
      resolve(socket);
    };
  });
}
