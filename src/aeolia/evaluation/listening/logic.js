// What a listening test decides, without a page: orders, ratings, what is missing, CSV.
//
// A test is the object that listening.py writes:
//   {id, title, method: "mushra" | "ab", seed, systems: [{name, role}],
//    items: [{name, reference: FILE | null, sounds: [FILE or null, one per system]}]}
// A trial is {item, sounds: [system, ...]} with systems by number, in the order of the screen.
// Ratings are {KEY OF TRIAL: {SYSTEM: number}}; in an A/B trial 1 is preferred, 0 not, 0.5 even.
"use strict";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

// Numbers in [0, 1) that depend on the text alone: FNV-1a starts the generator mulberry32.
function drawer(text) {
  let state = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    state = Math.imul(state ^ byte, 0x01000193);
  }
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

// Fisher and Yates: every order is equally likely.
function shuffled(list, draw) {
  const result = [...list];
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(draw() * (last + 1));
    [result[last], result[other]] = [result[other], result[last]];
  }
  return result;
}

// The trials in one listener's order: the same whenever seed and name are the same.
function makeTrials(test, rater) {
  const draw = drawer(`${test.seed}/${rater}`);
  const trials = [];
  test.items.forEach((item, number) => {
    const there = item.sounds.map((_, system) => system).filter((s) => item.sounds[s] !== null);
    if (test.method === "mushra") trials.push({ item: number, sounds: there });
    else {
      there.forEach((a, at) => {
        for (const b of there.slice(at + 1)) trials.push({ item: number, sounds: [a, b] });
      });
    }
  });
  return shuffled(trials, draw).map(({ item, sounds }) => (
    { item, sounds: shuffled(sounds, draw) }
  ));
}

function keyOf(trial) {
  return `${trial.item}:${[...trial.sounds].sort((a, b) => a - b).join("-")}`;
}

// Letters of the sounds that have no rating yet.
function unrated(trial, ratings) {
  const given = ratings[keyOf(trial)] || {};
  return trial.sounds.map((system, at) => (system in given ? "" : LETTERS[at])).filter(Boolean);
}

function countRated(trials, ratings) {
  return trials.filter((trial) => unrated(trial, ratings).length === 0).length;
}

// The ratings of one A/B choice: the letter preferred, or "" for no difference.
function preference(trial, letter) {
  const chosen = trial.sounds[LETTERS.indexOf(letter)];
  return Object.fromEntries(trial.sounds.map((system) => (
    [system, letter === "" ? 0.5 : Number(system === chosen)]
  )));
}

// Of five grades from bad to excellent, counted from 0.
function gradeOf(rating) {
  return Math.min(4, Math.floor(rating / 20));
}

const COLUMNS = [
  "test", "method", "rater", "trial", "item", "position", "system", "role", "rating",
];

// One line per rated sound, trials in the order they were heard in (RFC 4180).
function toCsv(test, rater, ratings) {
  const quoted = (value) => {
    const text = String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [COLUMNS];
  makeTrials(test, rater).forEach((trial, number) => {
    const given = ratings[keyOf(trial)] || {};
    trial.sounds.forEach((system, at) => {
      if (!(system in given)) return;
      const { name, role } = test.systems[system];
      lines.push([
        test.id, test.method, rater, number + 1, test.items[trial.item].name, LETTERS[at],
        name, role, given[system],
      ]);
    });
  });
  return lines.map((line) => line.map(quoted).join(",") + "\r\n").join("");
}

if (typeof module !== "undefined") {
  module.exports = {
    drawer, shuffled, makeTrials, keyOf, unrated, countRated, preference, gradeOf, toCsv,
  };
}
