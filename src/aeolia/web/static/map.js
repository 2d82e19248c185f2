// The map of timbres: every instrument has a place, and where the pointer is sounds while it moves.

import { button, labelled, node } from "./dom.js";
import { get } from "./net.js";
import { t } from "./texts.js";

const DOT = 5;
// Labels nearer than this to one that is there are left out, in CSS pixels.
const [APART_X, APART_Y] = [84, 15];

// The element, and `tune(pitch, velocity)`: the note that the map sounds.
export function timbreMap() {
  const canvas = node("canvas", { "aria-hidden": "true" });
  const area = node("div", { class: "map" }, canvas);
  const problem = node("p", { class: "bad", role: "alert" });
  const nearest = node("span", { class: "quiet", role: "status" });
  const slide = (text) => node("input", { type: "range", min: -1, max: 1, step: 0.01, value: 0, label: text, oninput: () => moved() });
  const [across, up] = [slide("across"), slide("up")];
  const hold = button("soundMap", () => (state.held ? lift() : strike()), { "aria-pressed": "false" });
  const state = { x: 0, y: 0, pitch: 60, velocity: 90, held: false, strike: 0 };
  let places = [];
  let voice = null;

  const strike = async () => {
    state.held = true;
    state.strike++;
    show();
    try {
      voice ??= open(state, (error) => {
        voice = null;
        lift();
        problem.textContent = error.message;
      });
      (await voice)?.wake();
      problem.textContent = "";
    } catch (error) {
      voice = null;
      lift();
      problem.textContent = error.message;
    }
  };
  const lift = () => {
    state.held = false;
    show();
  };
  const show = () => {
    hold.dataset.t = state.held ? "stop" : "soundMap";
    hold.textContent = t(hold.dataset.t);
    hold.setAttribute("aria-pressed", String(state.held));
    draw();
  };
  const moved = () => {
    state.x = Number(across.value);
    state.y = Number(up.value);
    const found = [...places].sort((a, b) => away(a) - away(b)).slice(0, 2).map(({ name }) => name);
    nearest.textContent = found.length ? `${t("near")}: ${found.join(", ")}` : "";
    draw();
  };
  const away = ({ x, y }) => Math.hypot(x - state.x, y - state.y);
  const pointed = (event) => {
    const box = area.getBoundingClientRect();
    const share = (value) => Math.min(1, Math.max(-1, value));
    across.value = share((2 * (event.clientX - box.left)) / box.width - 1);
    up.value = share(1 - (2 * (event.clientY - box.top)) / box.height);
    moved();
  };
  area.addEventListener("pointerdown", (event) => {
    area.setPointerCapture(event.pointerId);
    pointed(event);
    strike();
  });
  area.addEventListener("pointermove", (event) => event.buttons && pointed(event));
  for (const name of ["pointerup", "pointercancel"]) area.addEventListener(name, lift);
  addEventListener("blur", lift);

  const draw = () => {
    const ratio = devicePixelRatio || 1;
    canvas.width = Math.max(1, canvas.clientWidth * ratio);
    canvas.height = Math.max(1, canvas.clientHeight * ratio);
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    const style = getComputedStyle(area);
    const at = ({ x, y }) => [((x + 1) / 2) * canvas.clientWidth, ((1 - y) / 2) * canvas.clientHeight];
    pen.font = `12px ${style.fontFamily}`;
    const labels = [];
    const [px, py] = at(state);
    for (const place of [...places].sort((a, b) => away(a) - away(b))) {
      const [x, y] = at(place);
      pen.fillStyle = style.accentColor;
      pen.beginPath();
      pen.arc(x, y, DOT, 0, 2 * Math.PI);
      pen.fill();
      if (labels.some(([lx, ly]) => Math.abs(lx - x) < APART_X && Math.abs(ly - y) < APART_Y)) continue;
      labels.push([x, y]);
      pen.fillStyle = style.color;
      pen.textAlign = x > canvas.clientWidth - APART_X ? "right" : "left";
      pen.fillText(place.name.replaceAll("_", " "), x + (pen.textAlign === "left" ? DOT + 3 : -DOT - 3), y + 4);
    }
    pen.strokeStyle = pen.fillStyle = style.color;
    pen.lineWidth = 2;
    pen.beginPath();
    pen.arc(px, py, 2 * DOT, 0, 2 * Math.PI);
    if (state.held) pen.fill();
    else pen.stroke();
  };
  new ResizeObserver(async () => {
    if (!area.clientWidth) return;
    if (!places.length)
      await get("/api/map").then((found) => (places = found.places)).catch((error) => (problem.textContent = error.message));
    moved();
  }).observe(area);
  new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);

  const element = node(
    "section", {},
    node("h2", { t: "map" }),
    node("p", { class: "quiet", t: "mapAbout" }),
    area,
    node("div", { class: "row" }, hold, labelled("across", across), labelled("up", up), nearest),
    problem,
  );
  const tune = (pitch, velocity) => Object.assign(state, { pitch, velocity, strike: state.strike + 1 });
  return { element, tune };
}

// A socket and a worklet that asks it for a block of sound whenever its queue runs short.
async function open(state, failed) {
  const { sample_rate: sampleRate } = await get("/api/map");
  const out = new AudioContext({ sampleRate });
  await out.audioWorklet.addModule("worklets.js");
  const feed = new AudioWorkletNode(out, "pull", { numberOfInputs: 0, outputChannelCount: [1] });
  feed.connect(out.destination);
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/map/play`);
  socket.binaryType = "arraybuffer";
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error(t("lost")));
  });
  let asked = false;
  const ask = () => {
    if (asked || socket.readyState !== WebSocket.OPEN) return;
    asked = true;
    socket.send(JSON.stringify(state));
  };
  feed.port.onmessage = ask;
  socket.onmessage = ({ data }) => {
    asked = false;
    if (typeof data === "string") return failed(new Error(JSON.parse(data).error));
    // Nothing sounds: the worklet asks no more until the next strike, which may have come already.
    feed.port.postMessage(data.byteLength ? new Float32Array(data) : null);
    if (!data.byteLength && state.held) ask();
  };
  socket.onclose = () => {
    out.close();
    failed(new Error(t("lost")));
  };
  return {
    wake() {
      out.resume();
      ask();
    },
  };
}
