// Models: what is inside, and each one's card.

import { node } from "./dom.js";

export function models(about) {
  const card = node("pre", { class: "text", tabIndex: 0 });
  const show = (model) => (card.textContent = model.card);
  const rows = about.models.map((model) => node(
    "tr", {},
    node("td", {}, node("button", { type: "button", textContent: model.name, onclick: () => show(model) })),
    node("td", { textContent: model.task }),
    node("td", { class: "n", textContent: `${model.sample_rate / 1000} kHz` }),
    node("td", { class: "n", textContent: model.latency_ms === null ? "–" : `${Math.round(model.latency_ms)} ms` }),
    node("td", { class: "n", textContent: `${(model.bytes / 1e6).toFixed(1)} MB` }),
  ));
  const head = ["model", "task", "rate", "latency", "size"];
  show(about.models[0]);
  return node(
    "div", {},
    node("p", { class: "quiet", t: "modelsAbout" }),
    node("div", { class: "scroll" }, node("table", {},
      node("tr", {}, ...head.map((text, n) => node("th", { t: text, scope: "col", class: n > 1 ? "n" : "" }))), ...rows)),
    node("section", { class: "card" }, card),
  );
}
