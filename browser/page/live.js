// The microphone through the denoiser to the headphones.

import { createDenoiser, MODELS } from "./aeolia.js";

// What a browser would do to a voice by itself; the denoiser is to hear the room as it is.
const AS_IT_IS = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

const SAID = {
  NotAllowedError: "The microphone is not allowed; allow it beside the address, and press Start again.",
  NotFoundError: "There is no microphone; connect one, and press Start again.",
  OverconstrainedError: "That microphone is gone; choose another one.",
  NotReadableError: "The microphone cannot be opened; another program may have it.",
};

/**
 * Start; gives {denoiser, latency(), close()}. `ended` is called with a sentence when it ends by itself.
 */
export async function startLive({ model, device, attenuationLimitDb, ended }) {
  if (!navigator.mediaDevices) {
    throw new Error("Microphones are for pages from https:// or localhost; open this one from there.");
  }
  const context = new AudioContext({ sampleRate: MODELS[model], latencyHint: "interactive" });
  let stream = null;
  let denoiser = null;
  const close = () => {
    for (const track of stream?.getTracks() ?? []) track.stop();
    denoiser?.close();
    context.close();
  };
  try {
    const audio = { ...AS_IT_IS, ...(device ? { deviceId: { exact: device } } : {}) };
    stream = await navigator.mediaDevices.getUserMedia({ audio }).catch((error) => {
      throw new Error(SAID[error.name] ?? `The microphone cannot be had (${error.message}).`);
    });
    denoiser = await createDenoiser(context, { model, attenuationLimitDb });
    const source = context.createMediaStreamSource(stream);
    source.connect(denoiser).connect(context.destination);
    await context.resume();
    denoiser.addEventListener("failed", ({ detail }) => ended(detail));
    for (const track of stream.getTracks()) track.onended = () => ended("The microphone went away; connect it, or choose another one.");
    return { denoiser, latency: () => denoiser.latency + context.baseLatency + (context.outputLatency || 0), close };
  } catch (error) {
    close();
    throw error;
  }
}
