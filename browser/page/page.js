// The page over the module: a microphone or a file, before and after, at a strength.

import { MODELS } from "./aeolia.js";
import { startLive } from "./live.js";
import { show } from "./meters.js";
import { Player } from "./player.js";
import { openRecording, wav } from "./recording.js";

const $ = (id) => document.getElementById(id);
const NO_LIMIT = Number($("strength").max);

let live = null; // what `startLive` gave
let player = null;
let file = null; // the last one that was chosen

/** The limit that the controls stand for: 0 leaves the sound as it was, null takes all. */
function limit() {
  if ($("before").getAttribute("aria-pressed") === "true") return 0;
  const strength = Number($("strength").value);
  return strength === NO_LIMIT ? null : strength;
}

function apply() {
  const strength = Number($("strength").value);
  $("strength-text").textContent = strength === NO_LIMIT ? "no limit" : `noise at most ${strength} dB lower`;
  if (live) live.denoiser.attenuationLimitDb = limit();
  if (player) player.limit(limit());
}

function hear(after) {
  $("after").setAttribute("aria-pressed", after);
  $("before").setAttribute("aria-pressed", !after);
  apply();
}

function say(id, text, bad = false) {
  $(id).textContent = text;
  $(id).className = bad ? "bad" : "quiet";
}

$("strength").oninput = apply;
$("before").onclick = () => hear(false);
$("after").onclick = () => hear(true);
document.addEventListener("keydown", (event) => {
  if (event.key !== "b" || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select")) return;
  hear($("after").getAttribute("aria-pressed") !== "true");
});

// --- microphone

async function toggle() {
  if (live) return stop("");
  $("live").disabled = true;
  say("live-status", "The model is loading …");
  try {
    live = await startLive({ model: $("model").value, device: $("device").value, attenuationLimitDb: limit(), ended: (why) => stop(why, true) });
    live.denoiser.addEventListener("meters", ({ detail }) => meters(detail));
    $("latency").textContent = `${Math.round(1000 * live.latency())} ms, sound devices included`;
    $("live").textContent = "Stop";
    say("live-status", "");
    await listDevices();
  } catch (error) {
    say("live-status", error.message, true);
  } finally {
    $("live").disabled = false;
  }
}

function stop(why, bad = false) {
  live?.close();
  live = null;
  $("live").textContent = "Start";
  for (const id of ["in", "out"]) show(id, 0);
  say("live-status", why, bad);
}

function meters({ input, output, load, peakLoad, dropouts, droppedSeconds }) {
  if (!live) return; // the last ones come when it has ended
  $("in-text").textContent = show("in", input.rms);
  $("out-text").textContent = show("out", output.rms);
  $("load").value = load;
  $("load-text").textContent = `${Math.round(100 * load)} %, peak ${Math.round(100 * peakLoad)} %`;
  $("dropouts").textContent = dropouts ? `${dropouts}, ${droppedSeconds.toFixed(2)} s` : "none";
  $("latency").textContent = `${Math.round(1000 * live.latency())} ms, sound devices included`;
}

// Names are told once the microphone was allowed.
async function listDevices() {
  const devices = await navigator.mediaDevices.enumerateDevices();
  const chosen = $("device").value;
  const options = devices
    .filter(({ kind, deviceId }) => kind === "audioinput" && deviceId && deviceId !== "default")
    .map(({ deviceId, label }, n) => new Option(label || `microphone ${n + 1}`, deviceId, false, deviceId === chosen));
  $("device").replaceChildren($("device").options[0], ...options);
}

$("live").onclick = toggle;
$("device").onchange = async () => {
  if (!live) return;
  stop("");
  await toggle();
};

// --- recording

async function clean() {
  const chosen = file;
  const model = $("model").value;
  player?.close();
  player = null;
  $("player").hidden = true;
  $("progress").hidden = false;
  $("progress").value = 0;
  say("file-status", `${chosen.name} is being cleaned …`);
  try {
    const current = () => file === chosen && $("model").value === model;
    const made = await openRecording(chosen, model, (share) => current() && ($("progress").value = share));
    if (!current()) return; // another was chosen meanwhile
    player = new Player(made.before, made.after, { play: $("play"), position: $("position"), time: $("time"), level: "level" });
    $("name").textContent = chosen.name;
    $("player").hidden = false;
    link(made, chosen.name);
    say("file-status", `${made.after.duration.toFixed(1)} s at ${MODELS[model]} Hz, cleaned in ${made.seconds.toFixed(1)} s`);
    apply();
  } catch (error) {
    if (file === chosen) say("file-status", error.message, true);
  } finally {
    if (file === chosen) $("progress").hidden = true;
  }
}

// What is saved is at the strength that is set when the link is pressed.
function link({ before, after }, name) {
  const save = $("save");
  save.hidden = false;
  save.href = "#";
  save.download = `${name.replace(/\.[^.]*$/, "")}.denoised.wav`;
  save.onclick = () => {
    URL.revokeObjectURL(save.href);
    save.href = URL.createObjectURL(wav(before, after, limit()));
  };
}

function take(files) {
  if (!files.length) return;
  file = files[0];
  clean();
}

$("file").onchange = () => {
  take($("file").files);
  $("file").value = ""; // so that the same file can be chosen again
};
for (const name of ["dragenter", "dragover"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    $("drop").classList.add("over");
  });
}
for (const name of ["dragleave", "drop"]) document.addEventListener(name, () => $("drop").classList.remove("over"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  take(event.dataTransfer.files);
});

$("model").onchange = async () => {
  if (file) clean();
  if (!live) return;
  stop("");
  await toggle();
};
apply();
