// What the page asks the server for. Errors are `Error`s with the server's own words.

import { t } from "./texts.js";

async function answered(asking) {
  let answer;
  try {
    answer = await asking;
  } catch {
    throw new Error(t("lost"));
  }
  if (answer.ok) return answer;
  let words = `${answer.status} ${answer.statusText}`;
  try {
    words = (await answer.clone().json()).error ?? words;
  } catch {
    words = (await answer.text()) || words;
  }
  throw new Error(words);
}

export const get = async (path) => (await answered(fetch(path))).json();

export const getBytes = async (path) => (await answered(fetch(path))).arrayBuffer();

// What the server says to some values; null where it has nothing to say (204).
export const post = async (path, values) => {
  const answer = await answered(fetch(path, { method: "POST", body: JSON.stringify(values) }));
  return answer.status === 204 ? null : answer.json();
};

export const forget = (path) => fetch(path, { method: "DELETE" }).catch(() => {});

// Sends a file; `note` is called with the share that is there, `signal` aborts it.
export function send(file, note = () => {}, signal = null) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api/files?name=${encodeURIComponent(file.name ?? "sound.wav")}`);
    request.upload.onprogress = (event) => event.lengthComputable && note(event.loaded / event.total);
    request.onerror = () => reject(new Error(t("lost")));
    request.onabort = () => reject(new Error(t("cancelled")));
    request.onload = () => {
      let values = {};
      try {
        values = JSON.parse(request.responseText);
      } catch {
        values = { error: request.responseText || String(request.status) };
      }
      if (request.status < 300) resolve(values);
      else reject(new Error(values.error));
    };
    signal?.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Until a job has ended; `note` is called with what is known of it.
export async function finished(id, note = () => {}) {
  for (let wait = 100; ; wait = Math.min(wait * 1.3, 1000)) {
    const job = await get(`/api/jobs/${id}`);
    if (job.state === "done") return job;
    if (job.state === "failed") throw Object.assign(new Error(job.error), { salvageable: job.salvageable });
    if (job.state === "cancelled") throw new Error(t("cancelled"));
    note(job);
    await pause(wait);
  }
}

export const save = (path) => {
  const link = document.createElement("a");
  link.href = path;
  link.download = "";
  link.click();
};
