// Compare: several models or settings on the same files, as a listening test that is played here.

import { button, dropArea, labelled, node, plain, select } from "./dom.js";
import { finished, forget, get, post, save, send } from "./net.js";
import { recorder } from "./recorder.js";
import { currentLanguage, t } from "./texts.js";

// So many jobs wait at a time; the server takes as many as it has cores.
const AT_ONCE = 2;
const UNTOUCHED = "untouched";
const OWN = "own";

export function compare(about) {
  const files = uploads("drop", true);
  const references = uploads("references", false);
  const systems = node("div");
  const status = node("p", { class: "quiet", role: "status" });
  const bar = node("progress", { max: 1, value: 0, label: "running", hidden: true });
  const place = node("div");
  const rows = [];
  const add = (choice) => {
    const row = version(about, choice, () => {
      rows.splice(rows.indexOf(row), 1);
      row.element.remove();
    });
    rows.push(row);
    systems.append(row.element);
  };
  const denoisers = about.models.filter((model) => model.task === "denoise");
  for (const model of denoisers.slice(0, 2)) add(model.name);

  const make = async () => {
    go.disabled = true;
    bar.hidden = false;
    bar.value = 0;
    status.className = "quiet";
    try {
      const [clips, clean] = [await files.sent(), await references.sent()];
      if (!clips.length) throw new Error(t("compareFiles"));
      const names = rows.map((row) => row.name());
      const sounds = await results(clips, rows, (done, all) => {
        bar.value = done / all;
        status.textContent = `${t("running")} ${done} / ${all}`;
      });
      const described = clips.map((clip, n) => ({ name: clip.stem, sounds: sounds[n], reference: partner(clip, n, clean) }));
      const test = await post("/api/listening", { systems: names, clips: described });
      status.textContent = [`${t(test.method)}, ${t("trials")}: ${test.trials}`, ...test.notes].join(" · ");
      place.replaceChildren(...played(test));
    } catch (error) {
      status.textContent = error.message;
      status.className = "bad";
    }
    bar.hidden = true;
    go.disabled = false;
  };
  const go = button("makeTest", make, { class: "main" });
  return node(
    "div", {},
    node("p", { class: "quiet", t: "compareAbout" }),
    files.element,
    node("fieldset", {}, node("legend", { t: "versions" }), systems, button("addVersion", () => add(UNTOUCHED))),
    node("details", {}, node("summary", { t: "referencesAbout" }), references.element),
    node("div", { class: "row" }, go), bar, status, place,
  );
}

// Files that were dropped, sent at once; `sent()` waits for all.
function uploads(text, withRecorder) {
  const list = node("ul", { class: "plain" });
  let taken = [];
  const take = (file) => {
    const one = { stem: file.name.replace(/\.[^.]*$/, ""), sending: send(file) };
    const words = node("span", { class: "quiet", textContent: t("sending") });
    const item = node("li", {}, `${plain(file.name)} `, words, " ", button("remove", () => {
      taken = taken.filter((other) => other !== one);
      item.remove();
      one.sending.then(({ id }) => forget(`/api/files/${id}`)).catch(() => {});
    }));
    one.sending.then(() => (words.textContent = "")).catch((error) => {
      words.textContent = error.message;
      words.className = "bad";
      taken = taken.filter((other) => other !== one);
    });
    taken.push(one);
    list.append(item);
  };
  const element = node("div", {}, dropArea(take, { text, record: withRecorder ? recorder(take) : null }), list);
  return { element, sent: () => Promise.all(taken.map(async (one) => ({ ...one, id: (await one.sending).id }))) };
}

// One version of every file: nothing done, a model, or an operation in the words of the HTTP API.
function version(about, chosen, remove) {
  const denoisers = about.models.filter((model) => model.task === "denoise");
  const models = denoisers.map((model) => model.value);
  const kinds = [[UNTOUCHED, "untouched"], ...denoisers, ...[...about.classes, ...about.kit].map((name) => `separate: ${name}`), [OWN, "ownOperation"]];
  const kind = select(kinds, { onchange: () => show() });
  const limit = node("input", { type: "number", min: 0, step: 1, placeholder: "–" });
  const own = node("input", { size: 46, value: '{"operation": "denoise", "attenuation_limit_db": 12}' });
  const limitRow = labelled("atMost", limit);
  const ownRow = labelled("ownJson", own);
  const show = () => {
    limitRow.hidden = !models.includes(kind.value);
    ownRow.hidden = kind.value !== OWN;
  };
  // null: the file as it came.
  const operation = () => {
    if (kind.value === UNTOUCHED) return null;
    if (kind.value === OWN) {
      try {
        return JSON.parse(own.value);
      } catch {
        throw new Error(`${t("noJson")}: ${own.value}`);
      }
    }
    if (!models.includes(kind.value)) return { operation: "separate", sources: [kind.value.slice("separate: ".length)] };
    return { operation: "denoise", model: kind.value, attenuation_limit_db: limit.value === "" ? null : Number(limit.value) };
  };
  const name = () => {
    if (kind.value === UNTOUCHED) return UNTOUCHED;
    if (kind.value === OWN) return own.value;
    const shown = kind.selectedOptions[0].textContent;
    return models.includes(kind.value) && limit.value !== "" ? `${shown}, ${limit.value} dB` : shown;
  };
  kind.value = chosen;
  show();
  const element = node("div", { class: "row" }, labelled("version", kind), limitRow, ownRow, button("remove", remove));
  return { element, operation, name };
}

// For each clip, what each version made of it.
async function results(clips, rows, note) {
  const operations = rows.map((row) => row.operation());
  const work = [];
  const sounds = clips.map((clip) => operations.map((operation) => {
    if (!operation) return { file: clip.id };
    const sound = { job: "" };
    work.push(async () => {
      const begun = await post("/api/jobs", { file: clip.id, operation, format: ".wav", heard: false });
      sound.job = begun.id;
      await finished(begun.id);
    });
    return sound;
  }));
  const all = work.length;
  let done = 0;
  const take = async () => {
    for (let next = work.shift(); next; next = work.shift()) {
      await next();
      note(++done, all);
    }
  };
  note(0, all);
  await Promise.all(Array.from({ length: AT_ONCE }, take));
  return sounds;
}

// The reference of a clip: of the same name, or, where no names agree, at the same place of the list.
function partner(clip, n, references) {
  if (!references.length) return null;
  const found = references.find(({ stem }) => stem === clip.stem) ?? references[n];
  return found ? { file: found.id } : null;
}

// The test in a frame; its ratings come as messages and are kept by the server.
function played(test) {
  const path = `/api/listening/${test.id}`;
  const frame = node("iframe", { src: `${path}/?language=${currentLanguage()}`, title: t("listeningTest"), class: "test" });
  const tables = node("div", { role: "status" });
  const problem = node("p", { class: "bad", role: "alert" });
  let csv = "";
  let kept = Promise.resolve();
  const keep = async (csv) => {
    try {
      await post(`${path}/ratings`, { csv });
      results.disabled = false; // not before the server has what the results are of
      problem.textContent = "";
    } catch (error) {
      problem.textContent = error.message;
    }
  };
  const heard = ({ source, origin, data }) => {
    if (!frame.isConnected) return removeEventListener("message", heard);
    if (source !== frame.contentWindow || origin !== location.origin || !data.rated) return;
    csv = data.aeoliaRatings;
    ratings.disabled = false;
    kept = kept.then(() => keep(data.aeoliaRatings)); // in turn: the last one stays
  };
  addEventListener("message", heard);
  const results = button("results", async () => {
    problem.textContent = "";
    await kept; // the last ratings count, too
    try {
      const found = await get(`${path}/results`);
      tables.replaceChildren(...found.tables.map(table), ...found.words.map((words) => node("p", { textContent: words })));
    } catch (error) {
      problem.textContent = error.message;
    }
  }, { disabled: true });
  const ratings = button("saveRatings", () => {
    const link = node("a", { href: URL.createObjectURL(new Blob([csv], { type: "text/csv" })), download: "ratings.csv" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }, { disabled: true });
  return [
    frame,
    node("div", { class: "row" }, results, ratings, button("saveTest", () => save(`${path}/test.zip`))),
    problem, tables,
  ];
}

function table({ title, columns, rows, labels, note }) {
  const kind = (n) => ({ class: n < labels ? "" : "n" });
  return node(
    "section", { class: "card" },
    node("h2", { textContent: title }),
    node("div", { class: "scroll" }, node("table", {},
      node("tr", {}, ...columns.map((text, n) => node("th", { ...kind(n), scope: "col", textContent: text }))),
      ...rows.map((row) => node("tr", {}, ...row.map((text, n) => node("td", { ...kind(n), textContent: text })))))),
    node("p", { class: "quiet", textContent: note }),
  );
}
