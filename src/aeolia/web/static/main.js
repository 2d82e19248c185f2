// The page: tabs, language, theme. Each tab is a module that makes its panel of `/api/about`.

import { clean } from "./clean.js";
import { compare } from "./compare.js";
import { node } from "./dom.js";
import { live } from "./live.js";
import { models } from "./models.js";
import { get } from "./net.js";
import { play } from "./play.js";
import { reshape } from "./reshape.js";
import { separate } from "./separate.js";
import { apply, chooseLanguage, currentLanguage } from "./texts.js";

const TABS = { clean, separate, play, reshape, live, compare, models };

const remembered = (key) => {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
};
const remember = (key, value) => {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Without storage the page forgets, and works.
  }
};

function languages() {
  const choice = document.getElementById("language");
  chooseLanguage(remembered("language") ?? navigator.language.slice(0, 2));
  choice.value = currentLanguage();
  choice.addEventListener("change", () => {
    remember("language", choice.value);
    chooseLanguage(choice.value);
  });
}

function themes() {
  const root = document.documentElement;
  const set = (name) => (name ? (root.dataset.theme = name) : delete root.dataset.theme);
  set(remembered("theme"));
  document.getElementById("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    set(dark ? "light" : "dark");
    remember("theme", root.dataset.theme);
  });
}

function tabs(about) {
  const names = Object.keys(TABS);
  const bar = document.getElementById("tabs");
  const panels = document.getElementById("panels");
  const made = names.map((name) => {
    const tab = node("button", { type: "button", role: "tab", id: `tab-${name}`, t: name, "aria-controls": `panel-${name}`, onclick: () => open(name) });
    const panel = node("div", { role: "tabpanel", id: `panel-${name}`, "aria-labelledby": `tab-${name}` }, TABS[name](about));
    return { name, tab, panel };
  });
  const open = (name) => {
    for (const one of made) {
      const here = one.name === name;
      one.tab.setAttribute("aria-selected", String(here));
      one.tab.tabIndex = here ? 0 : -1;
      one.panel.hidden = !here;
    }
    history.replaceState(null, "", `#${name}`);
  };
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const here = made.findIndex((one) => one.tab === document.activeElement);
    const next = made[(here + step + made.length) % made.length];
    open(next.name);
    next.tab.focus();
  });
  bar.append(...made.map((one) => one.tab));
  panels.append(...made.map((one) => one.panel));
  open(names.includes(location.hash.slice(1)) ? location.hash.slice(1) : names[0]);
}

// B switches the newest comparison in sight, as a press on its button does.
addEventListener("keydown", (event) => {
  if (event.key !== "b" || ["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName)) return;
  [...document.querySelectorAll('[data-key="b"]')].find((one) => one.offsetParent)?.click();
});

languages();
themes();
try {
  tabs(await get("/api/about"));
} catch (error) {
  document.getElementById("panels").append(node("p", { class: "bad", role: "alert", textContent: error.message }));
}
apply(document);
