// Reshape: a melody to another instrument, pitch or timbre.

import { button, dropArea, labelled, node, plain, select } from "./dom.js";
import { instrumentChoice } from "./instruments.js";
import { send } from "./net.js";
import { recorder } from "./recorder.js";
import { t } from "./texts.js";
import { Work, downloads, numbers, transport } from "./work.js";

export function reshape(about) {
  const how = select([["transfer", "transfer"], ["shift", "shift"], ["morph", "morph"]], { onchange: () => show() });
  const to = instrumentChoice(about, () => {}, ({ unpitched }) => !unpitched);
  const semitones = node("input", { type: "number", min: -24, max: 24, step: 0.5, value: 0 });
  const snap = node("input", { type: "checkbox" });
  const formants = select([["keep", "keep"], ["move", "move"]]);
  const voice = node("input", { type: "checkbox" });
  const chosen = node("span", { class: "quiet" });
  let second = null;
  const end = async (file) => {
    chosen.textContent = t("sending");
    try {
      second = (await send(file)).id;
      chosen.textContent = plain(file.name);
    } catch (error) {
      chosen.textContent = error.message;
    }
  };
  const rows = {
    transfer: node("div", { class: "row" }, labelled("model", to.models), labelled("to", to.instruments), labelled("snap", snap)),
    shift: node("div", { class: "row" }, labelled("formants", formants), labelled("voice", voice)),
    morph: node("fieldset", {}, node("legend", { t: "second" }), dropArea(end, { many: false }), chosen),
  };
  const pitch = node("div", { class: "row" }, labelled("semitones", semitones));
  const show = () => {
    for (const [name, row] of Object.entries(rows)) row.hidden = name !== how.value;
    pitch.hidden = how.value === "morph";
  };
  const request = () => {
    const steps = Number(semitones.value);
    if (how.value === "transfer") return { operation: { operation: "transfer", model: to.models.value, to: to.instruments.value, transpose: steps, snap: snap.checked } };
    if (how.value === "shift") return { operation: { operation: "shift", semitones: steps, formants: formants.value, voice: voice.checked } };
    if (!second) throw new Error(t("secondMissing"));
    return { operation: { operation: "morph", to: second } };
  };
  const list = node("div");
  const take = (file) => list.prepend(new Work(file.name, file, request, compared).element);
  show();
  return node(
    "div", {},
    node("p", { class: "quiet", t: "reshapeAbout" }),
    node("div", { class: "row" }, labelled("how", how)), pitch, ...Object.values(rows),
    dropArea(take, { record: recorder(take) }), list,
  );
}

// One track at a time, chosen by a button each.
function compared(job, player) {
  if (!player) return [numbers(job), downloads(job)];
  const choose = (n) => {
    player.mix(player.tracks.map((_, track) => (track === n ? 1 : 0)));
    choices.forEach((choice, track) => choice.setAttribute("aria-pressed", String(track === n)));
    choices.forEach((choice, track) => choice.classList.toggle("main", track === n));
  };
  const choices = player.tracks.map((track, n) => button(track.label, () => choose(n)));
  const [controls, pictures] = transport(job, player, player.tracks.map((_, n) => n), true);
  controls.append(...choices);
  choose(player.tracks.length - 1);
  return [controls, pictures, numbers(job), downloads(job)];
}
