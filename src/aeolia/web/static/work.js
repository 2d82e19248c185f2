// One piece of work on the page: sending, waiting, progress with time left, cancelling, the result.

import { button, node, plain, time } from "./dom.js";
import { finished, forget, post, send } from "./net.js";
import { Player } from "./player.js";
import { t } from "./texts.js";
import { views } from "./views.js";

// A card that sends a file (or none), begins what `request(sent)` says and shows `result(job, player)`.
// A file that was sent already is given as `sent`, and stays when the card is removed.
export class Work {
  constructor(name, file, request, result, sent = null) {
    Object.assign(this, { name, file, request, result, sent, own: !sent });
    this.status = node("p", { class: "quiet", role: "status" });
    this.bar = node("progress", { max: 1, label: "running" });
    this.body = node("div");
    this.stopper = button("cancel", () => this.cancel());
    this.remover = button("remove", () => this.remove());
    this.element = node(
      "section", { class: "card" },
      node("h2", { textContent: plain(name) }), this.bar,
      node("div", { class: "row" }, this.status, this.stopper, this.remover), this.body,
    );
    this.ended = this.run();
  }

  // What may be done when it failed: all of it again, or with what is there of a file that is cut off.
  failed(error) {
    this.status.textContent = error.message;
    this.status.className = "bad";
    const again = (text, change) => button(text, () => {
      change();
      this.body.replaceChildren();
      this.status.className = "quiet";
      this.bar.hidden = this.stopper.hidden = false;
      this.ended = this.run();
    });
    const { request } = this;
    const salvage = async (sent) => {
      const asked = await request(sent);
      return { ...asked, operation: { ...asked.operation, options: { salvage: true } } };
    };
    this.body.replaceChildren(
      again("again", () => { if (this.own) this.sent = null; }),
      ...(error.salvageable ? [" ", again("salvage", () => { this.request = salvage; })] : []),
    );
  }

  async run() {
    this.aborter = new AbortController();
    this.remover.hidden = true;
    try {
      let id = null;
      if (this.sent) id = this.sent.id;
      else if (this.file) {
        this.status.textContent = t("sending");
        this.sent = await send(this.file, (share) => (this.bar.value = share), this.aborter.signal);
        id = this.sent.id;
      }
      this.job = await post("/api/jobs", { file: id, ...(await this.request(this.sent)) });
      this.began = performance.now();
      const job = await finished(this.job.id, (known) => this.note(known));
      this.show(job);
    } catch (error) {
      this.failed(error);
    }
    this.bar.hidden = this.stopper.hidden = true;
    this.remover.hidden = false;
  }

  note(job) {
    if (job.state === "waiting") {
      this.status.textContent = `${t("waiting")} (${job.ahead})`;
      this.began = performance.now();
      return;
    }
    const share = job.of ? job.done / job.of : 0;
    if (share) this.bar.value = share;
    else this.bar.removeAttribute("value");
    const seconds = (performance.now() - this.began) / 1000;
    const left = share > 0.02 ? `, ${time((seconds * (1 - share)) / share)} ${t("left")}` : "";
    this.status.textContent = `${t("running")} ${share ? Math.round(100 * share) + " %" : ""}${left}`;
  }

  show(job) {
    this.done = job;
    const seconds = job.report.wall_seconds;
    this.status.textContent = [`${time(job.report.seconds)} (${seconds.toFixed(1)} s)`, ...job.report.warnings].join(" · ");
    if (job.player.playable) this.player = new Player(job);
    else this.body.append(node("p", { t: "tooLong" }));
    this.body.append(...this.result(job, this.player));
    this.element.dispatchEvent(new Event("done"));
  }

  cancel() {
    this.aborter.abort();
    if (this.job) forget(`/api/jobs/${this.job.id}`);
  }

  remove() {
    this.player?.close();
    if (this.job) forget(`/api/jobs/${this.job.id}`);
    if (this.sent && this.own) forget(`/api/files/${this.sent.id}`);
    this.element.remove();
    this.element.dispatchEvent(new Event("done"));
  }
}

// Play, position and time of a player, and pictures that follow it.
export function transport(job, player, shown, melodies = false) {
  const pictures = views(job, player, shown, melodies);
  const play = button("playSound", () => player.toggle(), { class: "main" });
  const place = node("input", {
    type: "range", min: 0, max: player.seconds, step: "any", value: 0, label: "position",
    oninput: () => (player.position = Number(place.value)),
  });
  const clock = node("span", { class: "quiet" });
  const draw = () => {
    place.value = player.position;
    clock.textContent = `${time(player.position)} / ${time(player.seconds)}`;
    pictures.draw();
    if (player.playing) requestAnimationFrame(draw);
  };
  player.addEventListener("change", () => {
    play.dataset.t = player.playing ? "pause" : "playSound";
    play.textContent = t(play.dataset.t);
    draw();
  });
  draw();
  return [node("div", { class: "row" }, play, place, clock), pictures.element];
}

export function numbers(job) {
  const rows = [["loudness", "loudness_lufs", "LUFS"], ["floor", "floor_dbfs", "dBFS"], ["peak", "peak_dbfs", "dBFS"], ["clipped", "clipped_samples", ""]];
  const { tracks } = job.player;
  const cell = (value, unit) => node("td", { class: "n", textContent: value === null ? "–" : `${value} ${unit}` });
  return node("div", { class: "scroll" }, node(
    "table", {},
    node("tr", {}, node("td"), ...tracks.map((track) => node("th", { class: "n", t: track.label, scope: "col" }))),
    ...rows.map(([text, key, unit]) =>
      node("tr", {}, node("th", { t: text, scope: "row" }), ...tracks.map((track) => cell(track[key], unit)))),
  ));
}

export const downloads = (job) =>
  node("div", { class: "row" }, ...job.outputs.map((output, index) =>
    node("a", { class: "button", href: `/api/jobs/${job.id}/outputs/${index}`, download: output.name },
      node("span", { t: "download" }), ` ${output.name}`)));
