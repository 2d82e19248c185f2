// Hops of several denoisers in this browser, in turns: ours on ONNX Runtime Web, and
// FastEnhancer's WebAssembly as fastenhancer-web calls it.

import { openModel } from "./aeolia/model.js";
import { Stream } from "./aeolia/stream.js";

// Noise that rises and falls, and is silent a tenth of the time.
function* sound(hop, rate) {
  let state = 1;
  for (let n = 0; ; ) {
    const block = new Float32Array(hop);
    for (let k = 0; k < hop; k++, n++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      const seconds = n / rate;
      const level = seconds % 10 < 9 ? 0.05 * (1 + Math.sin(8 * Math.PI * seconds)) : 0;
      block[k] = level * (state / 2 ** 31 - 1);
    }
    yield block;
  }
}

async function ours(address) {
  const model = await openModel(address);
  const stream = new Stream(model, 1);
  return { hop: model.hop, rate: model.sampleRate, step: (block) => stream.advance([block]) };
}

async function theirs({ wasm, names, weights, size }) {
  const module = await WebAssembly.compile(await (await fetch(wasm)).arrayBuffer());
  const imports = {};
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    imports[from] ??= {};
    if (kind === "function") imports[from][name] = () => 0;
  }
  const { exports } = await WebAssembly.instantiate(module, imports);
  const map = JSON.parse((await (await fetch(names)).text()).replace(/^\ufeff/, ""));
  const call = (name, ...values) => exports[map[`_${name}`]](...values);
  const memory = Object.values(exports).find((one) => one instanceof WebAssembly.Memory);
  const data = new Uint8Array(await (await fetch(weights)).arrayBuffer());
  const at = call("malloc", data.length);
  new Uint8Array(memory.buffer).set(data, at);
  const state = call("fe_init", size, at, data.length);
  if (!state) throw new Error(`${weights} is refused`);
  call("fe_set_hpf", state, 0);
  call("fe_set_agc", state, 0);
  const hop = call("fe_get_hop_size", state);
  const view = (pointer) => new Float32Array(memory.buffer, pointer, hop);
  const step = async (block) => {
    view(call("fe_get_input_ptr", state)).set(block);
    call("fe_process_inplace", state);
    return view(call("fe_get_output_ptr", state)).slice();
  };
  return { hop, rate: 48000, step };
}

let opened = {};

// {name: address of a model, or files of theirs} -> {name: {hop, rate}}
globalThis.begin = async (systems) => {
  for (const [name, one] of Object.entries(systems)) {
    const system = typeof one === "string" ? await ours(one) : await theirs(one);
    opened[name] = { ...system, blocks: sound(system.hop, system.rate) };
  }
  return Object.fromEntries(Object.entries(opened).map(([name, { hop, rate }]) => [name, { hop, rate }]));
};

// So many hops of one of them, on this thread; the loudest sample.
globalThis.turn = async (name, hops) => {
  const { blocks, step } = opened[name];
  let loudest = 0;
  for (let n = 0; n < hops; n++) {
    const output = await step(blocks.next().value);
    for (const sample of output) loudest = Math.max(loudest, Math.abs(sample));
  }
  return loudest;
};
globalThis.ready = true;
