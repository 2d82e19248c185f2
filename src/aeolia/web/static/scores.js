// Scores: a MIDI file, the instrument of each channel, and its sound.

import { button, dropArea, node, plain, select, time } from "./dom.js";
import { forget, send } from "./net.js";
import { t } from "./texts.js";
import { Work, downloads, numbers, transport } from "./work.js";

const DRUMS = "drums";
const DRUM_CHANNEL = 10;

export function scores(about) {
  const list = node("div");
  const take = async (file) => {
    const status = node("p", { class: "quiet", role: "status", t: "sending" });
    const body = node("div");
    let sent = null;
    const remove = () => {
      if (sent) forget(`/api/files/${sent.id}`);
      card.remove();
    };
    const card = node("section", { class: "card" }, node("h3", { textContent: plain(file.name) }), status, body);
    list.prepend(card);
    try {
      sent = await send(file);
      if (!sent.parts) throw new Error(`${plain(file.name)}: ${t("noScore")}`);
      delete status.dataset.t;
      status.textContent = [time(sent.seconds), ...sent.remarks].join(" · ");
      body.append(...chosen(about, file, sent, remove));
    } catch (error) {
      delete status.dataset.t;
      status.className = "bad";
      status.textContent = error.message;
      body.append(button("remove", remove));
    }
  };
  return node(
    "section", {},
    node("h2", { t: "scores" }),
    dropArea(take, { accept: ".mid,.midi,.rmi", text: "score" }), node("p", { class: "quiet", t: "scoreAbout" }), list,
  );
}

// The table of channels, and the button that plays the score with the instruments chosen there.
function chosen(about, file, sent, remove) {
  const names = about.instruments.map((one) => one.name);
  const choices = sent.parts.map((part) => {
    const drums = part.channel === DRUM_CHANNEL ? [[DRUMS, "drums"], ["-", "leaveOut"]] : [];
    // A channel whose programs change has several players, which is no instrument to name.
    const usual = names.includes(part.player) || drums.length ? [] : [["", part.player]];
    const choice = select([...usual, ...drums, ...names], { "aria-label": `${t("instrument")}, ${t("channel")} ${part.channel}` });
    choice.value = drums.length ? DRUMS : usual.length ? "" : part.player;
    return { part, choice, usual: choice.value };
  });
  const rows = choices.map(({ part, choice }) => node(
    "tr", {},
    node("th", { class: "n", scope: "row", textContent: part.channel }),
    node("td", { textContent: part.programs.join(", ") || t("drums") }),
    node("td", { class: "n", textContent: part.notes }),
    node("td", {}, choice),
  ));
  const head = ["channel", "program", "notes", "instrument"];
  const results = node("div");
  const request = () => {
    const players = choices
      .filter(({ choice, usual }) => choice.value !== usual && names.includes(choice.value))
      .map(({ part, choice }) => [part.channel, choice.value]);
    const operation = { operation: "play_score", players };
    if (choices.some(({ choice }) => choice.value === "-")) operation.drums = null;
    return { operation, format: ".wav" };
  };
  const go = () => {
    const { players } = request().operation;
    const title = [file.name, ...players.map(([channel, name]) => `${channel}: ${name}`)].join(" · ");
    results.prepend(new Work(title, file, request, played, sent).element);
  };
  return [
    node("div", { class: "scroll" }, node("table", {},
      node("tr", {}, ...head.map((text, n) => node("th", { t: text, scope: "col", class: n % 2 ? "" : "n" }))), ...rows)),
    node("div", { class: "row" }, button("render", go, { class: "main" }), button("remove", remove)),
    results,
  ];
}

function played(job, player) {
  if (!player) return [downloads(job)];
  player.mix([1]);
  return [...transport(job, player, [0]), numbers(job), downloads(job)];
}
