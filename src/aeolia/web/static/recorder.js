// The microphone into a WAV file, by a worklet: samples as they come, without an encoder.

import { button } from "./dom.js";
import { sound } from "./player.js";
import { t } from "./texts.js";

let loaded = null;

export async function worklets() {
  const out = sound();
  loaded ??= out.audioWorklet.addModule("worklets.js");
  await loaded;
  return out;
}

export async function microphone() {
  try {
    const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    return await navigator.mediaDevices.getUserMedia({ audio: plain });
  } catch {
    throw new Error(t("noMicrophone"));
  }
}

// A button that begins, and ends with a file for `take`.
export function recorder(take) {
  let running = null;
  const pressed = button("record", async () => {
    pressed.classList.remove("bad");
    try {
      if (!running) {
        running = await begin();
        pressed.dataset.t = "stop";
      } else {
        const file = running();
        running = null;
        pressed.dataset.t = "record";
        take(file);
      }
      pressed.textContent = t(pressed.dataset.t);
    } catch (error) {
      pressed.textContent = error.message;
      pressed.classList.add("bad");
    }
  });
  return pressed;
}

async function begin() {
  const stream = await microphone();
  const out = await worklets();
  const source = out.createMediaStreamSource(stream);
  const capture = new AudioWorkletNode(out, "capture", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
  const blocks = [];
  capture.port.onmessage = ({ data }) => blocks.push(data);
  source.connect(capture);
  return () => {
    source.disconnect();
    for (const track of stream.getTracks()) track.stop();
    return wav(blocks, out.sampleRate, `${t("recorded")}.wav`);
  };
}

// A WAV of 32-bit floats (format 3) of one channel.
export function wav(blocks, sampleRate, name) {
  const bytes = blocks.reduce((sum, block) => sum + 4 * block.length, 0);
  const header = new DataView(new ArrayBuffer(44));
  const text = (at, letters) => [...letters].forEach((letter, n) => header.setUint8(at + n, letter.charCodeAt(0)));
  text(0, "RIFF");
  header.setUint32(4, 36 + bytes, true);
  text(8, "WAVEfmt ");
  header.setUint32(16, 16, true);
  header.setUint16(20, 3, true);
  header.setUint16(22, 1, true);
  header.setUint32(24, sampleRate, true);
  header.setUint32(28, 4 * sampleRate, true);
  header.setUint16(32, 4, true);
  header.setUint16(34, 32, true);
  text(36, "data");
  header.setUint32(40, bytes, true);
  return new File([header, ...blocks], name, { type: "audio/wav" });
}
