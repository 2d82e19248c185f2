// A file that was dropped: decoded, denoised, and written again.

import { denoise, MODELS } from "./aeolia.js";

// Both versions are held in memory, as 32-bit numbers.
const MOST_BYTES = 2 ** 30;
const BYTES_PER_SAMPLE = 3;

/** {before, after, seconds}: the AudioBuffers at the model's rate, and the time that it took. */
export async function openRecording(file, model, progress) {
  if (file.size > MOST_BYTES) {
    throw new Error(`${file.name} has ${(file.size / 1e9).toFixed(1)} GB; a page takes 1 GB: use \`aeolia denoise\` for it.`);
  }
  const decoder = new OfflineAudioContext(1, 1, MODELS[model]); // which resamples
  const before = await decoder.decodeAudioData(await file.arrayBuffer()).catch(() => {
    throw new Error(`${file.name} is no sound that this browser can read; try WAV, FLAC or MP3.`);
  });
  const began = performance.now();
  const after = await denoise(before, { model, progress });
  return { before, after, seconds: (performance.now() - began) / 1000 };
}

/** A WAV file, 24 bits, of both mixed at a limit in decibels (null for none). */
export function wav(before, after, limit) {
  const dry = limit === null ? 0 : 10 ** (-limit / 20);
  const channels = after.numberOfChannels;
  const size = after.length * channels * BYTES_PER_SAMPLE;
  const view = new DataView(new ArrayBuffer(44 + size));
  const text = (at, letters) => [...letters].forEach((letter, n) => view.setUint8(at + n, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + size, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, channels, true);
  view.setUint32(24, after.sampleRate, true);
  view.setUint32(28, after.sampleRate * channels * BYTES_PER_SAMPLE, true);
  view.setUint16(32, channels * BYTES_PER_SAMPLE, true);
  view.setUint16(34, 8 * BYTES_PER_SAMPLE, true);
  text(36, "data");
  view.setUint32(40, size, true);
  for (let c = 0; c < channels; c++) {
    const [was, is] = [before.getChannelData(c), after.getChannelData(c)];
    for (let n = 0; n < is.length; n++) {
      const sample = dry * was[n] + (1 - dry) * is[n];
      const value = Math.max(-0x800000, Math.min(0x7fffff, Math.round(sample * 0x800000)));
      const at = 44 + (n * channels + c) * BYTES_PER_SAMPLE;
      view.setUint16(at, value & 0xffff, true);
      view.setInt8(at + 2, value >> 16);
    }
  }
  return new Blob([view], { type: "audio/wav" });
}
