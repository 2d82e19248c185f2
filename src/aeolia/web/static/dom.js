// Elements in one line: node("button", {type: "button", t: "go", onclick: f}, child, ...).
// Texts of others (names of files, errors) are always text nodes, never HTML.

import { t } from "./texts.js";

export function node(tag, options = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(options)) {
    if (key === "t") {
      element.dataset.t = value;
      element.textContent = t(value);
    } else if (key === "label") {
      element.dataset.label = value;
      element.setAttribute("aria-label", t(value));
      element.title = t(value);
    } else if (key === "class") element.className = value;
    else if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key in element && key !== "list") element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export const button = (text, onclick, options = {}) =>
  node("button", { type: "button", t: text, onclick, ...options });

export const labelled = (text, field) => node("label", {}, node("span", { t: text }), field);

// A select of [value, text of the table], models ({value, name}) or plain names.
export function select(choices, options = {}) {
  const all = choices.map((choice) => {
    if (Array.isArray(choice)) return node("option", { value: choice[0], t: choice[1] });
    const { value, name } = choice.name ? choice : { value: choice, name: choice };
    return node("option", { value, textContent: name });
  });
  return node("select", options, ...all);
}

// Which model: those of a task, and those of the user's own that are opened later.
export function modelChoice(about, task, options = {}) {
  const fitting = () => about.models.filter((model) => model.task === task);
  const choice = select([["", "byItself"], ...fitting()], options);
  document.addEventListener("opened", ({ detail: { task: own, value, name } }) => {
    if (own === task) choice.append(node("option", { value, textContent: name }));
  });
  return choice;
}

// A name of somebody's, without what would turn its letters around or is no letter.
export const plain = (name) =>
  name.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, "\ufffd");

export const time = (seconds) => {
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n) => String(n).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
};

// An area that takes files by drop, dialog or microphone, and calls `take` with each.
export function dropArea(take, { many = true, accept = "audio/*,video/*", text = "drop", record = null } = {}) {
  const input = node("input", {
    type: "file", multiple: many, accept, class: "hidden", label: many ? "choose" : "chooseOne",
    onchange: () => {
      for (const file of input.files) take(file);
      input.value = "";
    },
  });
  const area = node(
    "div", { class: "drop" },
    node("p", { t: text }),
    node("div", { class: "row" }, button(many ? "choose" : "chooseOne", () => input.click()), record),
    input,
  );
  area.addEventListener("dragover", (event) => {
    event.preventDefault();
    area.classList.add("over");
  });
  area.addEventListener("dragleave", () => area.classList.remove("over"));
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    area.classList.remove("over");
    const files = [...event.dataTransfer.files];
    for (const file of many ? files : files.slice(0, 1)) take(file);
  });
  return area;
}
