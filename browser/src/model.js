// One of Aeolia's denoisers on ONNX Runtime Web: its configuration, its zero state, its step.
//
// docs/onnx.md describes the file. The graph keeps nothing; two streams may share a model.

import * as ort from "./ort/ort.wasm.min.mjs";

ort.env.wasm.wasmPaths = new URL("./ort/", import.meta.url).href;
// Steps are too small to share between threads, and threads would need a host with special headers.
ort.env.wasm.numThreads = 1;
ort.env.logLevel = "error";

const FORMAT = "1";

/** The denoiser at an address. Errors say what to do. */
export async function openModel(url) {
  const response = await fetch(url).catch((error) => ({ ok: false, statusText: error.message }));
  if (!response.ok) {
    throw new Error(`the model ${url} cannot be had (${response.status || ""} ${response.statusText}); put the .onnx file there`);
  }
  const data = new Uint8Array(await response.arrayBuffer());
  const metadata = readMetadata(data);
  if (metadata.aeolia_format !== FORMAT) {
    throw new Error(`${url} is no model of Aeolia's format ${FORMAT}; write one with \`aeolia export\``);
  }
  const config = JSON.parse(metadata.aeolia_config);
  if (config.task !== "denoise") {
    throw new Error(`${url} is for the task '${config.task}'; a denoiser is needed`);
  }
  const session = await ort.InferenceSession.create(data, { executionProviders: ["wasm"], graphOptimizationLevel: "all" });
  return new Model(session, config);
}

class Model {
  constructor(session, config) {
    this.session = session;
    this.sampleRate = config.sample_rate;
    this.hop = config.hop_length;
    this.delay = config.win_length - config.hop_length;
    this.states = session.inputMetadata.filter(({ name }) => name.startsWith("state_"));
    this.outputs = ["output", ...this.states.map(({ name }) => `next_${name}`)];
  }

  /** Zeros for every state of one recording of so many channels. */
  zeroState(channels) {
    const sizes = { batch: 1, channels };
    return Object.fromEntries(this.states.map(({ name, shape }) => {
      const dims = shape.map((size) => sizes[size] ?? size);
      const length = dims.reduce((product, size) => product * size, 1);
      return [name, new ort.Tensor("float32", new Float32Array(length), dims)];
    }));
  }

  /** Audio [C * T], channel after channel, and a state: what the step gives, and the next state. */
  async step(audio, channels, state) {
    const tensor = new ort.Tensor("float32", audio, [1, channels, audio.length / channels]);
    const results = await this.session.run({ audio: tensor, ...state }, this.outputs);
    const following = Object.fromEntries(this.states.map(({ name }) => [name, results[`next_${name}`]]));
    return [results.output.data, following];
  }
}

// The metadata of an ONNX file, which ONNX Runtime Web does not tell: field 14 of ModelProto holds
// pairs of strings, fields 1 and 2 (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3).
function readMetadata(data) {
  const text = new TextDecoder();
  const found = {};
  for (const [number, pair] of fields(data)) {
    if (number !== 14) continue;
    const entry = Object.fromEntries([...fields(pair)].map(([key, value]) => [key, text.decode(value)]));
    found[entry[1]] = entry[2];
  }
  return found;
}

// [number, bytes] of each field with a length in a message of protobuf.
function* fields(data) {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; at < data.length; scale *= 128) {
      const byte = data[at++];
      value += (byte & 127) * scale;
      if (byte < 128) break;
    }
    return value;
  };
  while (at < data.length) {
    const tag = varint();
    const kind = tag & 7;
    if (kind === 0) varint();
    else if (kind === 1) at += 8;
    else if (kind === 5) at += 4;
    else if (kind === 2) {
      const length = varint();
      yield [Math.floor(tag / 8), data.subarray(at, at + length)];
      at += length;
    } else return; // no protobuf
  }
}
