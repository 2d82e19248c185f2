// Clean: files or the microphone in; before and after, strength, numbers, downloads out.

import { button, dropArea, labelled, modelChoice, node, select } from "./dom.js";
import { finished, post, save } from "./net.js";
import { recorder } from "./recorder.js";
import { t } from "./texts.js";
import { Work, downloads, numbers, transport } from "./work.js";

export const FORMATS = [["", "likeInput"], ".wav", ".flac", ".mp3", ".ogg", ".opus"];

export function clean(about) {
  const card = node("pre", { class: "text", tabIndex: 0, label: "card" });
  const show = () => {
    const chosen = about.models.find(({ task, value }) => task === "denoise" && value === (model.value || value));
    card.textContent = chosen.card || chosen.name;
  };
  const model = modelChoice(about, "denoise", { onchange: show });
  const format = select(FORMATS);
  const list = node("div");
  const all = button("downloadAll", () => save(`/api/zip?jobs=${works.filter((w) => w.done).map((w) => w.done.id)}`));
  let works = [];
  const count = () => {
    works = works.filter((work) => work.element.isConnected);
    all.hidden = works.filter((work) => work.done).length < 2;
  };
  const take = (file) => {
    const operation = { operation: "denoise", model: model.value || null };
    const work = new Work(file.name, file, () => ({ operation, format: format.value || null }), (job, player) =>
      compared(job, player, { operation, format: format.value || null, file: work.sent.id }));
    works.push(work);
    work.element.addEventListener("done", count);
    list.prepend(work.element);
  };
  all.hidden = true;
  show();
  return node(
    "div", {},
    node("p", { class: "quiet", t: "cleanAbout" }),
    node("div", { class: "row" }, labelled("model", model), labelled("format", format)),
    node("details", {}, node("summary", { t: "cardOfModel" }), card),
    dropArea(take, { record: recorder(take) }), node("div", { class: "row" }, all), list,
  );
}

function compared(job, player, request) {
  if (!player) return [numbers(job), downloads(job)];
  let after = true;
  const strength = node("input", { type: "range", min: 0, max: 1, step: 0.01, value: 1, label: "strength", oninput: () => mix() });
  const both = button("after", () => { after = !after; mix(); }, { label: "both" });
  const again = button("downloadAt", () => atStrength(again, Number(strength.value), request));
  const mix = () => {
    const share = after ? Number(strength.value) : 0;
    both.dataset.t = after ? "after" : "before";
    both.textContent = t(both.dataset.t);
    both.setAttribute("aria-pressed", String(after));
    again.hidden = Number(strength.value) === 1;
    player.mix([1 - share, share]);
  };
  both.dataset.key = "b";
  const [controls, pictures] = transport(job, player, [0, 1]);
  controls.append(both, labelled("strength", strength), node("span", { class: "quiet", t: "strengthHelp" }));
  mix();
  const saved = downloads(job);
  saved.append(again);
  return [controls, pictures, numbers(job), saved];
}

// What the mix of the player is as a file: noise lowered by so much and no more.
async function atStrength(pressed, share, request) {
  pressed.disabled = true;
  const limit = -20 * Math.log10(1 - share);
  try {
    const operation = { ...request.operation, attenuation_limit_db: limit };
    const job = await finished((await post("/api/jobs", { ...request, operation })).id);
    save(`/api/jobs/${job.id}/outputs/0`);
  } catch (error) {
    pressed.after(node("span", { class: "bad", textContent: error.message }));
  }
  pressed.disabled = false;
}
