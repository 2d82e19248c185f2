// Waveform and spectrogram of tracks, side by side: zoomed together, with one cursor.

import { button, node } from "./dom.js";
import { get } from "./net.js";
import { t } from "./texts.js";

const SHORTEST_SECONDS = 0.05;

// The element, and `draw` to call when the cursor has moved. `shown` are numbers of tracks, and
// `melodies` puts the pitch of each over its waveform.
export function views(job, player, shown, melodies = false) {
  const whole = player.seconds;
  const stretch = { start: 0, stop: whole };
  const plots = shown.map((track) => plot(job, player, track, stretch, melodies));

  const zoom = (factor, around = player.position) => {
    const length = Math.min(whole, Math.max(SHORTEST_SECONDS, (stretch.stop - stretch.start) * factor));
    const share = Math.min(1, Math.max(0, (around - stretch.start) / (stretch.stop - stretch.start)));
    const place = factor > 1 || (around >= stretch.start && around <= stretch.stop) ? share : 0.5;
    move(around - place * length, length);
  };
  const move = (start, length) => {
    stretch.start = Math.min(Math.max(0, start), whole - length);
    stretch.stop = stretch.start + length;
    for (const one of plots) one.renew();
  };
  for (const one of plots) {
    one.area.addEventListener("wheel", (event) => {
      event.preventDefault();
      const length = stretch.stop - stretch.start;
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY))
        move(stretch.start + (Math.sign(event.deltaX || event.deltaY) * length) / 8, length);
      else zoom(event.deltaY > 0 ? 1.4 : 1 / 1.4, one.secondsAt(event.clientX));
    }, { passive: false });
    one.area.addEventListener("click", (event) => (player.position = one.secondsAt(event.clientX)));
  }
  const element = node(
    "div", {},
    node("div", { class: "views" }, ...plots.map((one) => one.figure)),
    node("div", { class: "row" },
      button("zoomIn", () => zoom(0.5)), button("zoomOut", () => zoom(2)), button("whole", () => move(0, whole))),
  );
  return { element, draw: () => plots.forEach((one) => one.draw()), renew: () => plots.forEach((one) => one.renew()) };
}

// Pitches of a melody are drawn from here to here, an octave being as high everywhere.
const [LOWEST_HZ, HIGHEST_HZ] = [50, 2000];

function plot(job, player, track, stretch, withMelody) {
  const { label, peaks } = job.player.tracks[track];
  const canvas = node("canvas", { "aria-hidden": "true" });
  const image = node("img", { alt: `${t("spectrogram")}: ${t(label)}`, draggable: false });
  const cursor = node("div", { class: "cursor" });
  const area = node("div", { class: "plot" }, canvas, image, cursor);
  const figure = node("figure", { class: "view" }, node("figcaption", {}, node("span", { t: label })), area);
  let wave = peaks;
  let waiting = 0;
  let melody = null;
  if (withMelody)
    get(`/api/jobs/${job.id}/melody/${track}`).then((found) => {
      melody = found;
      paint();
    }).catch(() => {});

  const secondsAt = (x) => {
    const box = area.getBoundingClientRect();
    return stretch.start + ((x - box.left) / box.width) * (stretch.stop - stretch.start);
  };
  const draw = () => {
    const share = (player.position - stretch.start) / (stretch.stop - stretch.start);
    cursor.style.display = share >= 0 && share <= 1 ? "block" : "none";
    cursor.style.left = `${100 * share}%`;
  };
  const paint = () => {
    const ratio = devicePixelRatio || 1;
    canvas.width = Math.max(1, canvas.clientWidth * ratio);
    canvas.height = Math.max(1, canvas.clientHeight * ratio);
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#9fd3e6";
    for (let x = 0; x < canvas.width; x++) {
      const from = Math.floor((x * wave.length) / canvas.width);
      const to = Math.max(from + 1, Math.floor(((x + 1) * wave.length) / canvas.width));
      const height = Math.max(1, Math.min(1, Math.max(...wave.slice(from, to))) * canvas.height);
      pen.fillRect(x, (canvas.height - height) / 2, 1, height);
    }
    if (melody) paintMelody(pen);
  };
  const paintMelody = (pen) => {
    pen.fillStyle = "#ffd27a";
    const width = Math.max(2, (canvas.width * melody.step) / (stretch.stop - stretch.start));
    melody.hz.forEach((hz, n) => {
      const x = ((n * melody.step - stretch.start) / (stretch.stop - stretch.start)) * canvas.width;
      if (!hz || x < -width || x > canvas.width) return;
      const height = Math.log2(hz / LOWEST_HZ) / Math.log2(HIGHEST_HZ / LOWEST_HZ);
      pen.fillRect(x, canvas.height * (1 - height), width, 2 * (devicePixelRatio || 1));
    });
  };
  const load = async () => {
    const width = Math.min(2000, Math.max(64, Math.round(area.clientWidth * (devicePixelRatio || 1))));
    const where = `${track}?start=${stretch.start}&stop=${stretch.stop}&width=${width}`;
    image.src = `/api/jobs/${job.id}/picture/${where}&height=256`;
    const all = stretch.stop - stretch.start >= player.seconds - 1e-6;
    wave = all ? peaks : await get(`/api/jobs/${job.id}/waveform/${where}`);
    paint();
  };
  // Turning the wheel asks once it rests.
  const renew = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => load().catch(() => {}), 120);
    draw();
  };
  new ResizeObserver(renew).observe(area);
  return { figure, area, draw, renew, secondsAt };
}
