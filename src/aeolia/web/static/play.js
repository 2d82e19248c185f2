// Play: a keyboard for the mouse, computer keys and MIDI; timbres in words or drawn; map; scores.

import { button, labelled, node } from "./dom.js";
import { instrumentChoice } from "./instruments.js";
import { timbreMap } from "./map.js";
import { getBytes } from "./net.js";
import { sound } from "./player.js";
import { scores } from "./scores.js";
import { t } from "./texts.js";

const BLACK = [1, 3, 6, 8, 10];
const COMPUTER_KEYS = "awsedftgyhujkolp";
const NAMES = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"];
const KEY_COUNT = 25;
const NOTE_SECONDS = 3;
const RELEASE_SECONDS = 0.12;

export function play(about) {
  const velocity = node("input", { type: "range", min: 1, max: 127, value: 90 });
  const octave = node("input", { type: "number", min: 0, max: 8, value: 4, onchange: () => lay() });
  const words = node("input", { list: "words", placeholder: about.words.slice(0, 3).join(" ") });
  const known = node("datalist", { id: "words" }, ...about.words.map((value) => node("option", { value })));
  const range = node("span", { class: "quiet" });
  const problem = node("p", { class: "bad", role: "alert" });
  let seed = "";
  const usual = button("usual", () => { seed = ""; });
  const draw = button("draw", () => { seed = String(Math.floor(Math.random() * 1e6)); strike(60, 90); });
  const cache = new Map();
  const sounding = new Map();

  // Without pitches, the keys from the left play one drum each, and again from the first after the last.
  const drumOf = (pitch) => {
    const { unpitched, instruments } = choice.model();
    return unpitched ? instruments[(pitch - 12 * (Number(octave.value) + 1) + 120) % instruments.length].name : "";
  };
  const fetched = (pitch, loud) => {
    const drum = drumOf(pitch);
    const query = new URLSearchParams(drum
      ? { model: choice.models.value, instrument: drum, velocity: loud, seconds: 1.5, seed }
      : { model: choice.models.value, instrument: choice.instruments.value, pitch, velocity: loud, seconds: NOTE_SECONDS, text: words.value, seed });
    const path = `/api/note?${query}`;
    if (!cache.has(path)) {
      if (cache.size > 300) cache.delete(cache.keys().next().value);
      cache.set(path, getBytes(path).then((bytes) => sound().decodeAudioData(bytes)));
      cache.get(path).catch(() => cache.delete(path));
    }
    return cache.get(path);
  };
  const strike = async (pitch, loud = Number(velocity.value)) => {
    release(pitch);
    if (!drumOf(pitch)) land.tune(pitch, loud);
    const note = { held: true };
    sounding.set(pitch, note);
    keys.get(pitch)?.classList.add("down");
    try {
      const buffer = await fetched(pitch, loud);
      problem.textContent = "";
      const out = sound();
      note.source = out.createBufferSource();
      note.source.buffer = buffer;
      note.gain = out.createGain();
      note.source.connect(note.gain).connect(out.destination);
      note.source.start();
      if (!note.held) end(note);
    } catch (error) {
      problem.textContent = error.message;
    }
  };
  const end = (note) => note.gain?.gain.setTargetAtTime(0, sound().currentTime, RELEASE_SECONDS);
  const release = (pitch) => {
    const note = sounding.get(pitch);
    if (!note) return;
    note.held = false;
    end(note);
    sounding.delete(pitch);
    keys.get(pitch)?.classList.remove("down");
  };

  const keys = new Map();
  const board = node("div", { class: "keys", role: "group", label: "play" });
  const lay = () => {
    keys.clear();
    board.replaceChildren();
    const lowest = 12 * (Number(octave.value) + 1);
    let white = 0;
    for (let n = 0; n < KEY_COUNT; n++) {
      const black = BLACK.includes(n % 12);
      const name = `${NAMES[n % 12]}${Number(octave.value) + Math.floor(n / 12)}`;
      const drum = drumOf(lowest + n).replaceAll("_", " ");
      const key = node("button", {
        type: "button", class: black ? "black" : "white", "aria-label": drum || name, title: drum || name,
        textContent: (COMPUTER_KEYS[n] ?? "").toUpperCase(),
      });
      key.style.left = `${black ? 2.6 * white - 0.8 : 2.6 * white}rem`;
      key.style.width = black ? "1.6rem" : "2.6rem";
      if (!black) white++;
      const pitch = lowest + n;
      key.addEventListener("pointerdown", () => strike(pitch));
      for (const name of ["pointerup", "pointerleave"]) key.addEventListener(name, () => release(pitch));
      key.addEventListener("keydown", (event) => event.key === " " && !event.repeat && strike(pitch));
      key.addEventListener("keyup", (event) => event.key === " " && release(pitch));
      keys.set(pitch, key);
      board.append(key);
    }
  };
  const pressed = (event, act) => {
    const place = COMPUTER_KEYS.indexOf(event.key.toLowerCase());
    const typing = ["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName) && event.target.type !== "range";
    if (place < 0 || event.key.length > 1 || typing || event.ctrlKey || event.metaKey || event.altKey || !board.offsetParent) return;
    act(12 * (Number(octave.value) + 1) + place);
  };
  addEventListener("keydown", (event) => event.repeat || pressed(event, strike));
  addEventListener("keyup", (event) => pressed(event, release));
  addEventListener("blur", () => [...sounding.keys()].forEach(release));
  const tell = () => {
    const { unpitched, instruments } = choice.model();
    const one = instruments.find(({ name }) => name === choice.instruments.value);
    range.textContent = unpitched ? "" : `${t("range")} ${noteName(one.lowest)}–${noteName(one.highest)}`;
    instrument.hidden = unpitched;
  };
  const land = timbreMap();
  const choice = instrumentChoice(about, () => changed());
  const instrument = labelled("instrument", choice.instruments);
  const changed = () => {
    tell();
    lay();
    if (!choice.model().unpitched) land.use(choice.models.value);
  };
  const midi = node("span", { class: "quiet", t: "midiNone" });
  navigator.requestMIDIAccess?.().then((access) => listen(access, midi, strike, release)).catch(() => {});
  changed();
  return node(
    "div", {},
    node("p", { class: "quiet", t: "playAbout" }),
    node("div", { class: "row" }, labelled("model", choice.models), instrument, range, labelled("octave", octave), labelled("velocity", velocity)),
    node("div", { class: "row" }, labelled("words", words), known, draw, usual, labelled("midi", midi)),
    board, problem, land.element, scores(about),
  );
}

const noteName = (midi) => `${NAMES[Math.round(midi) % 12]}${Math.floor(Math.round(midi) / 12) - 1}`;

function listen(access, shown, strike, release) {
  const renew = () => {
    for (const input of access.inputs.values())
      input.onmidimessage = ({ data: [status, pitch, loud] }) => {
        if ((status & 0xf0) === 0x90 && loud) strike(pitch, loud);
        else if ((status & 0xf0) === 0x90 || (status & 0xf0) === 0x80) release(pitch);
      };
    const names = [...access.inputs.values()].map((input) => input.name);
    if (names.length) {
      delete shown.dataset.t;
      shown.textContent = names.join(", ");
    }
  };
  access.onstatechange = renew;
  renew();
}
