// The map of timbres: every instrument has a place, and where the pointer is sounds while it moves.

import { button, labelled, node } from "./dom.js";
import { get } from "./net.js";
import { t } from "./texts.js";

// In CSS pixels: the radius of a dot, from its middle to its label, and a label's height.
const [DOT, AWAY, TALL] = [5, 8, 14];

// The element, `tune(pitch, velocity)`: the note that the map sounds, and `use(model)`: whose timbres.
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
  let model = "";

  const strike = async () => {
    state.held = true;
    state.strike++;
    show();
    try {
      voice ??= open(model, state, (error) => {
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
    pen.textBaseline = "middle";
    const [px, py] = at(state);
    const dots = places.map(at);
    pen.fillStyle = style.accentColor;
    for (const [x, y] of dots) {
      pen.beginPath();
      pen.arc(x, y, DOT, 0, 2 * Math.PI);
      pen.fill();
    }
    pen.fillStyle = style.color;
    // The nearest to the pointer first: what would lie over a dot or a label is left out.
    const taken = dots.map(([x, y]) => ({ left: x - DOT, right: x + DOT, top: y - DOT, bottom: y + DOT }));
    for (const place of [...places].sort((a, b) => away(a) - away(b))) {
      const text = place.name.replaceAll("_", " ");
      const free = boxes(at(place), pen.measureText(text).width).find((box) => inside(box, canvas) && !taken.some((one) => meet(one, box)));
      if (!free) continue;
      taken.push(free);
      pen.fillText(text, free.left, (free.top + free.bottom) / 2);
    }
    pen.strokeStyle = pen.fillStyle = style.color;
    pen.lineWidth = 2;
    pen.beginPath();
    pen.arc(px, py, 2 * DOT, 0, 2 * Math.PI);
    if (state.held) pen.fill();
    else pen.stroke();
  };
  const find = () =>
    get(about(model)).then((found) => (places = found.places)).catch((error) => (problem.textContent = error.message));
  const use = async (chosen) => {
    if (chosen === model) return;
    model = chosen;
    places = [];
    lift();
    const last = voice;
    voice = null;
    (await last?.catch(() => null))?.close();
    if (!area.clientWidth) return; // found when it is seen
    await find();
    moved();
  };
  new ResizeObserver(async () => {
    if (!area.clientWidth) return;
    if (!places.length) await find();
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
  return { element, tune, use };
}

// Where the label of a dot may lie: right, left, below, above.
const boxes = ([x, y], wide) =>
  [[x + AWAY, y], [x - AWAY - wide, y], [x - wide / 2, y + AWAY + TALL / 2], [x - wide / 2, y - AWAY - TALL / 2]]
    .map(([left, middle]) => ({ left, right: left + wide, top: middle - TALL / 2, bottom: middle + TALL / 2 }));
const query = (model) => (model ? `?${new URLSearchParams({ model })}` : "");
const about = (model) => `/api/map${query(model)}`;
const inside = (box, canvas) =>
  box.left >= 0 && box.top >= 0 && box.right <= canvas.clientWidth && box.bottom <= canvas.clientHeight;
const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

// A socket and a worklet that asks it for a block of sound whenever its queue runs short.
async function open(model, state, failed) {
  const { sample_rate: sampleRate } = await get(about(model));
  const out = new AudioContext({ sampleRate });
  await out.audioWorklet.addModule("worklets.js");
  const feed = new AudioWorkletNode(out, "pull", { numberOfInputs: 0, outputChannelCount: [1] });
  feed.connect(out.destination);
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/map/play${query(model)}`);
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
  socket.onclose = ({ code }) => {
    out.close();
    if (code !== 1000) failed(new Error(t("lost")));
  };
  return {
    wake() {
      out.resume();
      ask();
    },
    close: () => socket.close(1000),
  };
}
