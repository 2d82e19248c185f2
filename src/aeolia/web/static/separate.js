// Separate: sources, a song's stems, a drum kit's parts or one speaker; a mixer with solo, mute and volume in step.

import { button, dropArea, labelled, modelChoice, node, plain, select } from "./dom.js";
import { marking } from "./marking.js";
import { forget, post, save, send } from "./net.js";
import { recorder } from "./recorder.js";
import { t } from "./texts.js";
import { Work, downloads, numbers, transport } from "./work.js";

export function separate(about) {
  const kinds = ["stems", "sources", ...(about.kit.length ? ["kit"] : []), "speaker"];
  const what = select(kinds.map((kind) => [kind, kind]), { onchange: () => show() });
  const rest = node("input", { type: "checkbox", checked: true });
  const lists = { sources: ticked("sources", about.classes, ["speech"]), kit: ticked("kit", about.kit, about.kit) };
  const clip = node("span", { class: "quiet", role: "status" });
  let speaker = null;
  const enrol = async (file) => {
    clip.textContent = t("sending");
    try {
      speaker = (await send(file)).id;
      clip.textContent = plain(file.name);
    } catch (error) {
      speaker = null;
      clip.textContent = error.message;
    }
    without.hidden = !speaker;
  };
  const without = button("remove", () => {
    forget(`/api/files/${speaker}`);
    speaker = null;
    clip.textContent = "";
    without.hidden = true;
  }, { hidden: true });
  const person = node("fieldset", {}, node("legend", { t: "speakerClip" }),
    dropArea(enrol, { many: false, record: recorder(enrol) }), node("div", { class: "row" }, clip, without), node("p", { class: "quiet", t: "orMark" }));
  const model = modelChoice(about, "separate");
  const restRow = labelled("restToo", rest);
  const show = () => {
    for (const [kind, { element }] of Object.entries(lists)) element.hidden = what.value !== kind;
    person.hidden = what.value !== "speaker";
    restRow.hidden = what.value === "stems";
  };
  const operation = () => {
    const own = model.value ? { model: model.value } : {};
    if (what.value === "stems") return { operation: "separate", stems: true, ...own };
    if (what.value === "speaker") return { operation: "separate", speaker, rest: rest.checked, ...own };
    const chosen = lists[what.value].chosen();
    if (!chosen.length) throw new Error(t("sourceMissing"));
    return { operation: "separate", sources: chosen, rest: rest.checked, ...own };
  };
  const list = node("div");
  const take = (file) => {
    if (what.value !== "speaker" || speaker)
      return list.prepend(new Work(file.name, file, () => ({ operation: operation() }), mixer).element);
    const begin = async (sent, start, stop) => {
      const part = await post(`/api/files/${sent.id}/stretch?${new URLSearchParams({ start, stop })}`, {});
      return { operation: { ...operation(), speaker: part.id } };
    };
    list.prepend(marking(file, (sent, start, stop) =>
      new Work(file.name, file, () => begin(sent, start, stop), mixer, sent).element));
  };
  show();
  return node(
    "div", {},
    node("p", { class: "quiet", t: "separateAbout" }),
    node("div", { class: "row" }, labelled("what", what), labelled("model", model), restRow),
    ...Object.values(lists).map(({ element }) => element), person,
    dropArea(take, { record: recorder(take) }), list,
  );
}

// Names to tick, and those that are.
function ticked(title, names, usual) {
  const ticks = names.map((name) => node("input", { type: "checkbox", value: name, checked: usual.includes(name) }));
  const element = node("fieldset", {}, node("legend", { t: title }),
    node("div", { class: "row" }, ...ticks.map((tick) => node("label", {}, tick, node("span", { t: tick.value })))));
  return { element, chosen: () => ticks.filter((tick) => tick.checked).map((tick) => tick.value) };
}

function mixer(job, player) {
  const zip = button("downloadAll", () => save(`/api/zip?jobs=${job.id}`));
  const saved = downloads(job);
  saved.append(zip);
  if (!player) return [numbers(job), saved];
  const stems = player.tracks.map((track, index) => ({ track, index })).slice(1);
  const solos = new Set();
  const mutes = new Set();
  const volumes = stems.map(() => 1);
  const mix = () => player.mix([0, ...stems.map((_, n) =>
    (solos.size ? solos.has(n) : !mutes.has(n)) ? volumes[n] : 0)]);
  const pressable = (text, set, n) => button(text, (event) => {
    set.has(n) ? set.delete(n) : set.add(n);
    event.target.setAttribute("aria-pressed", String(set.has(n)));
    event.target.classList.toggle("main", set.has(n));
    mix();
  }, { "aria-pressed": "false" });
  const rows = stems.map(({ track }, n) => node(
    "tr", {},
    node("th", { t: track.label, scope: "row" }),
    node("td", {}, pressable("solo", solos, n)), node("td", {}, pressable("mute", mutes, n)),
    node("td", {}, node("input", {
      type: "range", min: 0, max: 1.5, step: 0.01, value: 1, "aria-label": `${t("volume")} ${track.label}`,
      oninput: (event) => { volumes[n] = Number(event.target.value); mix(); },
    })),
  ));
  const [controls, pictures] = transport(job, player, stems.map(({ index }) => index));
  saved.append(button("downloadMix", () => save(`/api/jobs/${job.id}/mix?levels=${player.levels.slice(1)}`)));
  mix();
  return [controls, node("div", { class: "scroll" }, node("table", { class: "mixer" }, ...rows)), pictures, numbers(job), saved];
}
