// A stretch of a recording in which one speaker is alone, marked on its waveform.

import { button, labelled, node, plain, time } from "./dom.js";
import { forget, get, send } from "./net.js";
import { t } from "./texts.js";

// A card; `result(sent, start, stop)` is an element that is put below it when the stretch is chosen.
export function marking(file, result) {
  const status = node("p", { class: "quiet", role: "status", t: "sending" });
  const body = node("div");
  let sent = null;
  const remove = () => {
    if (sent) forget(`/api/files/${sent.id}`);
    card.remove();
  };
  const card = node("section", { class: "card" }, node("h2", { textContent: plain(file.name) }), status, body);
  const begin = async () => {
    try {
      sent = await send(file);
      const wave = await get(`/api/files/${sent.id}/waveform?width=1000`);
      status.dataset.t = "mark";
      status.textContent = t("mark");
      body.append(...marked(file, wave, (start, stop) => body.append(result(sent, start, stop)), remove));
    } catch (error) {
      delete status.dataset.t;
      status.textContent = error.message;
      status.className = "bad";
      body.append(button("remove", remove));
    }
  };
  begin();
  return card;
}

function marked(file, { seconds, peaks }, go, remove) {
  const canvas = node("canvas", { "aria-hidden": "true" });
  const area = node("div", { class: "plot" }, canvas);
  const field = (value) => node("input", { type: "number", min: 0, max: seconds, step: 0.1, value, oninput: () => draw() });
  const [from, until] = [field("0"), field(String(Math.min(5, Math.floor(10 * seconds) / 10)))];
  const length = node("span", { class: "quiet" });
  const audio = node("audio", { src: URL.createObjectURL(file) });
  audio.addEventListener("timeupdate", () => audio.currentTime >= Number(until.value) && audio.pause());
  const hear = button("hear", () => {
    if (!audio.paused) return audio.pause();
    audio.currentTime = Number(from.value);
    audio.play().catch(() => (hear.disabled = true)); // a format that the browser does not play
  });
  const separate = button("go", () => go(Number(from.value), Number(until.value)), { class: "main" });
  const draw = () => {
    canvas.width = Math.max(1, canvas.clientWidth);
    canvas.height = Math.max(1, canvas.clientHeight);
    const pen = canvas.getContext("2d");
    const [start, stop] = [Number(from.value), Number(until.value)];
    for (let x = 0; x < canvas.width; x++) {
      const at = (x / canvas.width) * seconds;
      const height = Math.max(1, Math.min(1, peaks[Math.floor((x / canvas.width) * peaks.length)]) * canvas.height);
      pen.fillStyle = at >= start && at <= stop ? "#ffd27a" : "#5f8b9c";
      pen.fillRect(x, (canvas.height - height) / 2, 1, height);
    }
    length.textContent = stop > start ? time(stop - start) : "–";
    separate.disabled = !(stop > start);
  };
  let began = 0;
  const secondsAt = (event) => {
    const box = area.getBoundingClientRect();
    return Math.min(seconds, Math.max(0, ((event.clientX - box.left) / box.width) * seconds));
  };
  const mark = (event) => {
    const now = secondsAt(event);
    from.value = Math.min(began, now).toFixed(1);
    until.value = Math.max(began, now).toFixed(1);
    draw();
  };
  area.addEventListener("pointerdown", (event) => {
    area.setPointerCapture(event.pointerId);
    began = secondsAt(event);
    mark(event);
  });
  area.addEventListener("pointermove", (event) => event.buttons && mark(event));
  new ResizeObserver(draw).observe(area);
  return [
    area,
    node("div", { class: "row" }, labelled("from", from), labelled("until", until), length, hear, separate, button("remove", remove)),
    audio,
  ];
}
