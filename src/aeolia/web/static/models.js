// Models: what is inside, and each one's card; a model of the user's own by its path.

import { labelled, node } from "./dom.js";
import { get } from "./net.js";

export function models(about) {
  const card = node("pre", { class: "text", tabIndex: 0, label: "card" });
  const show = (model) => (card.textContent = model.card || model.name);
  const row = (model) => node(
    "tr", {},
    node("td", {}, node("button", { type: "button", textContent: model.name, onclick: () => show(model) })),
    node("td", { textContent: model.task }),
    node("td", { class: "n", textContent: `${model.sample_rate / 1000} kHz` }),
    node("td", { class: "n", textContent: model.latency_ms === null ? "–" : `${Math.round(model.latency_ms)} ms` }),
    node("td", { class: "n", textContent: `${(model.bytes / 1e6).toFixed(1)} MB` }),
  );
  const head = ["model", "task", "rate", "latency", "size"];
  const table = node("table", {},
    node("tr", {}, ...head.map((text, n) => node("th", { t: text, scope: "col", class: n > 1 ? "n" : "" }))),
    ...about.models.map(row));
  show(about.models[0]);
  return node(
    "div", {},
    node("p", { class: "quiet", t: "modelsAbout" }),
    node("div", { class: "scroll" }, table),
    about.own_models ? ownModel(about, (model) => {
      table.append(row(model));
      show(model);
    }) : null,
    node("section", { class: "card" }, card),
  );
}

// A field for a path of this machine; a model that opens is then in the choices of its task.
function ownModel(about, take) {
  const path = node("input", { size: 40, placeholder: "/home/ann/mine.onnx", autocomplete: "off", spellcheck: false });
  const problem = node("p", { class: "bad", role: "alert" });
  const open = async (event) => {
    event.preventDefault();
    problem.textContent = "";
    try {
      const model = await get(`/api/model?path=${encodeURIComponent(path.value.trim())}`);
      if (about.models.some(({ value }) => value === model.value)) return;
      about.models.push(model);
      document.dispatchEvent(new CustomEvent("opened", { detail: model }));
      take(model);
    } catch (error) {
      problem.textContent = error.message;
    }
  };
  return node("form", { onsubmit: open },
    node("div", { class: "row" }, labelled("ownModel", path), node("button", { t: "open" })), problem);
}
