// The page around logic.js: playing, rating, keeping, exporting.
"use strict";

const test = JSON.parse(document.getElementById("test").textContent);
// Encoded, so that a glance at the source does not tell which sound is which.
test.systems = JSON.parse(new TextDecoder().decode(
  Uint8Array.from(atob(test.systems), (letter) => letter.charCodeAt(0)),
));

const byId = (id) => document.getElementById(id);
const mushra = test.method === "mushra";
const grades = t("grades").split(",");
// A page around this one, such as that of `aeolia web`, may keep the ratings.
const kept = parent !== window && location.protocol.startsWith("http");
let trials = [];
let session = { rater: "", ratings: {}, at: 0 };
let players = new Map(); // "R" or a letter -> {audio, button}
let playing = "";
const heard = new Set(); // "LISTENER/KEY OF TRIAL/LETTER"

// ---- keeping: one entry per listener, and the last listener's name

const store = {
  name: (rater) => `aeolia-listening/${test.id}/${test.seed}/${rater}`,
  load(rater) {
    try {
      return JSON.parse(localStorage.getItem(this.name(rater)));
    } catch {
      return null;
    }
  },
  save() {
    try {
      localStorage.setItem(this.name(session.rater), JSON.stringify(session));
      localStorage.setItem(this.name(""), JSON.stringify(session.rater));
    } catch {
      say(t("keepsNothing"));
    }
  },
};

function say(text) {
  byId("status").textContent = text;
}

function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function show(id) {
  for (const section of ["start", "trial", "end"]) byId(section).hidden = section !== id;
  byId("export-bar").hidden = id === "start";
  byId("text-bar").hidden = id !== "end"; // it tells which version is which
}

// ---- start and end

function start() {
  const lines = mushra ? [t("mushra"), t("hidden")] : [t("ab")];
  byId("instructions").replaceChildren(...lines.map((line) => make("p", { textContent: line })));
  byId("keys").replaceChildren(
    ...keyHelp().flatMap(([key, what], at) => (
      [at ? " · " : "", make("kbd", { textContent: key }), ` ${what}`]
    )),
  );
  byId("grades").replaceChildren(
    ...(mushra ? grades : []).map((grade) => make("span", { textContent: grade })),
  );
  byId("question").textContent = mushra ? t("howClose") : t("whichOne");
  byId("advice").textContent = t(kept ? "beforeKept" : "before");
  byId("send").hidden = kept;
  byId("rater").value = store.load("") || "";
  say("");
  show("start");
  byId("rater").focus();
}

function keyHelp() {
  const sounds = mushra
    ? [["R", t("keyReference")], ["1 – 9", t("keyVersion")], ["← →", t("keyRating")]]
    : [["1 2", t("keyPlay")], ["A B E", t("keyPrefer")]];
  return [...sounds, ["S", t("keyStop")], ["N", t("keyNext")], ["P", t("keyBack")]];
}

function begin(rater) {
  session = store.load(rater) || { rater, ratings: {}, at: 0 };
  trials = makeTrials(test, rater);
  store.save();
  goTo(session.at);
}

function end() {
  stop();
  show("end");
  byId("thanks").focus();
  refresh();
}

// ---- one trial

function goTo(at) {
  stop();
  session.at = at;
  if (at >= trials.length) {
    store.save();
    end();
    return;
  }
  const trial = trials[at];
  const item = test.items[trial.item];
  byId("heading").textContent = t("clip", { at: at + 1, all: trials.length });
  players = new Map();
  const bar = byId("reference-bar");
  bar.hidden = !mushra;
  bar.replaceChildren();
  if (mushra) bar.append(player("R", t("reference"), item.reference));
  const rows = trial.sounds.map((system, place) => (
    soundRow(trial, system, LETTERS[place], item.sounds[system])
  ));
  byId("sounds").replaceChildren(...rows, ...(mushra ? [] : [choices(trial)]));
  byId("previous").disabled = at === 0;
  byId("next").textContent = t(at + 1 === trials.length ? "finish" : "next");
  show("trial");
  say("");
  store.save();
  refresh();
  byId("heading").focus();
}

function player(letter, label, file) {
  const audio = new Audio(file);
  audio.preload = "auto";
  audio.loop = byId("repeat").checked;
  const name = letter === "R" ? t("theReference") : t("version", { letter });
  const button = make("button", { type: "button", textContent: label });
  button.setAttribute("aria-label", t("play", { name }));
  button.setAttribute("aria-pressed", "false");
  button.dataset.letter = letter;
  button.addEventListener("click", () => play(letter));
  audio.addEventListener("playing", () => hearing(letter));
  audio.addEventListener("ended", stop);
  audio.addEventListener("error", () => say(t("noSound", { file })));
  players.set(letter, { audio, button });
  return button;
}

function soundRow(trial, system, letter, file) {
  const row = make("div", { className: "sound" }, player(letter, `▶ ${letter}`, file));
  if (!mushra) {
    row.className = "bar";
    return row;
  }
  const given = (session.ratings[keyOf(trial)] || {})[system];
  const slider = make("input", { type: "range", min: 0, max: 100, step: 1 });
  const value = make("output", { id: `value-${letter}` });
  slider.dataset.letter = letter;
  slider.setAttribute("aria-label", t("rating", { letter }));
  slider.disabled = given === undefined && !wasHeard(trial, letter);
  slider.value = given === undefined ? 50 : given;
  const paint = (rating) => {
    slider.classList.toggle("unset", rating === undefined);
    value.textContent = rating === undefined ? "–" : rating;
    slider.setAttribute(
      "aria-valuetext", rating === undefined ? t("notRated") : `${rating}, ${grades[gradeOf(rating)]}`,
    );
  };
  const rate = () => {
    const rating = Number(slider.value);
    setRatings(trial, { ...session.ratings[keyOf(trial)], [system]: rating });
    paint(rating);
  };
  paint(given);
  slider.addEventListener("input", rate);
  // To leave the slider in the middle is a rating too, once it was touched or confirmed.
  slider.addEventListener("pointerup", () => slider.disabled || rate());
  slider.addEventListener("keydown", (event) => event.key === "Enter" && rate());
  row.append(slider, value);
  return row;
}

function choices(trial) {
  const set = make("fieldset", {}, make("legend", { textContent: t("prefer") }));
  const given = session.ratings[keyOf(trial)] || {};
  for (const letter of ["A", "B", ""]) {
    const label = letter ? t("version", { letter }) : t("neither");
    const ratings = preference(trial, letter);
    const radio = make("input", { type: "radio", name: "preference", value: letter || "even" });
    radio.disabled = !Object.keys(given).length && !bothHeard(trial);
    radio.checked = trial.sounds.every((system) => given[system] === ratings[system]);
    radio.addEventListener("change", () => setRatings(trial, ratings));
    set.append(make("label", {}, radio, ` ${label}`));
  }
  return set;
}

function setRatings(trial, ratings) {
  session.ratings[keyOf(trial)] = ratings;
  store.save();
  say("");
  refresh();
}

function refresh() {
  const rated = countRated(trials, session.ratings);
  byId("done").max = trials.length;
  byId("done").value = rated;
  byId("text").value = toCsv(test, session.rater, session.ratings);
  tell(rated);
  if (!byId("end").hidden) {
    say(t(rated === trials.length ? "allRated" : "someRated", { rated, all: trials.length }));
  }
}

function tell(rated) {
  if (!kept) return;
  const csv = byId("text").value;
  parent.postMessage({ aeoliaRatings: csv, rated, trials: trials.length }, location.origin);
}

// ---- playing: one at a time, the next takes over where the last one was

function play(letter) {
  const next = players.get(letter);
  if (!next) return;
  if (playing === letter) {
    stop();
    return;
  }
  const last = players.get(playing);
  const time = last ? last.audio.currentTime : 0;
  stop();
  playing = letter;
  next.audio.currentTime = time < (next.audio.duration || Infinity) ? time : 0;
  next.button.setAttribute("aria-pressed", "true");
  next.audio.play().catch((error) => {
    if (error.name !== "AbortError") say(t("notPlayed", { letter, reason: error.message }));
  });
}

function stop() {
  const last = players.get(playing);
  playing = "";
  if (!last) return;
  last.audio.pause();
  last.button.setAttribute("aria-pressed", "false");
}

function wasHeard(trial, letter) {
  return heard.has(`${session.rater}/${keyOf(trial)}/${letter}`);
}

function bothHeard(trial) {
  return wasHeard(trial, "A") && wasHeard(trial, "B");
}

// A sound can be rated once it was heard; an A/B choice is open once both were.
function hearing(letter) {
  const trial = trials[session.at];
  heard.add(`${session.rater}/${keyOf(trial)}/${letter}`);
  for (const slider of document.querySelectorAll(`input[data-letter="${letter}"]`)) {
    slider.disabled = false;
  }
  if (bothHeard(trial)) {
    for (const radio of document.querySelectorAll("input[type=radio]")) radio.disabled = false;
  }
}

function next() {
  if (byId("trial").hidden) return;
  const missing = unrated(trials[session.at], session.ratings);
  if (missing.length) {
    say(mushra ? t("rateThese", { letters: missing.join(", ") }) : t("listenToBoth"));
    return;
  }
  goTo(session.at + 1);
}

function previous() {
  if (!byId("trial").hidden && session.at > 0) goTo(session.at - 1);
}

// ---- events

byId("begin").addEventListener("submit", (event) => {
  event.preventDefault();
  const rater = byId("rater").value.trim();
  if (rater) begin(rater);
  else say(t("nameFirst"));
});
byId("next").addEventListener("click", next);
byId("previous").addEventListener("click", previous);
byId("stop").addEventListener("click", stop);
byId("back").addEventListener("click", () => goTo(trials.length - 1));
byId("another").addEventListener("click", start);
byId("repeat").addEventListener("change", () => {
  for (const { audio } of players.values()) audio.loop = byId("repeat").checked;
});
byId("export").addEventListener("click", () => {
  const file = new Blob([toCsv(test, session.rater, session.ratings)], { type: "text/csv" });
  const safe = session.rater.replace(/[^\p{L}\p{N}_-]+/gu, "_");
  const link = make("a", { href: URL.createObjectURL(file), download: `ratings-${safe}.csv` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input[type=text], textarea");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || byId("trial").hidden) return;
  const key = event.key.toLowerCase();
  if (/^[1-9]$/.test(key) && Number(key) <= trials[session.at].sounds.length) {
    const letter = LETTERS[Number(key) - 1];
    play(letter);
    // So that the arrow keys rate what sounds; a slider unheard of is still disabled.
    const slider = document.querySelector(`input[data-letter="${letter}"]`);
    if (slider) slider.focus();
    players.get(letter).audio.addEventListener("playing", () => slider?.focus(), { once: true });
  } else if (key === "r") play("R");
  else if (key === "s") stop();
  else if (key === "n") next();
  else if (key === "p") previous();
  else if (!mushra && "abe".includes(key) && key.length === 1) {
    const value = key === "e" ? "even" : key.toUpperCase();
    const radio = document.querySelector(`input[value="${value}"]`);
    if (!radio.disabled) radio.click();
  } else return;
  event.preventDefault();
});

start();
