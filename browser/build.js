// npm run build: all that a static host needs, in dist/ (or the folder named), with its size.
//
// Nothing is compiled or bundled: our modules as they stand here, ONNX Runtime Web from npm, and the
// released models of the Python package, each once more with its weights in 8 bits.

import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { shrunk } from "./small.js";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(here, "dist"));
const runtime = join(here, "node_modules", "onnxruntime-web");
const released = join(here, "..", "src", "aeolia", "released");
const MODELS = ["denoise", "denoise-16k"];
const RUNTIME = ["ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"];

const present = await readFile(join(runtime, "package.json")).catch(() => null);
if (!present) {
  console.error(`${runtime} is not there; run \`npm ci\` in ${here} first`);
  process.exit(2);
}

// Beside its place, and put there when complete.
const partial = `${out}.partial-${process.pid}`;
await mkdir(join(partial, "ort"), { recursive: true });
await mkdir(join(partial, "models"));
await cp(join(here, "src"), partial, { recursive: true });
await cp(join(here, "page"), partial, { recursive: true });
for (const name of RUNTIME) await cp(join(runtime, "dist", name), join(partial, "ort", name));
for (const name of MODELS) {
  const model = await readFile(join(released, `${name}.onnx`));
  await writeFile(join(partial, "models", `${name}.onnx`), model);
  await writeFile(join(partial, "models", `${name}-8bit.onnx`), shrunk(model));
}
const { version, license } = JSON.parse(present);
await writeFile(join(partial, "ort", "README.txt"), `ONNX Runtime Web ${version}, ${license} licence, https://github.com/microsoft/onnxruntime\n`);
await rm(out, { recursive: true, force: true });
await rename(partial, out);

let [total, packed] = [0, 0];
for (const entry of await readdir(out, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const data = await readFile(join(entry.parentPath ?? entry.path, entry.name));
  const small = gzipSync(data).length;
  if (data.length > 100_000) console.log(`${entry.name.padEnd(32)} ${mb(data.length)} MB, ${mb(small)} MB with gzip`);
  total += data.length;
  packed += small;
}
console.log(`${out}: ${mb(total)} MB, ${mb(packed)} MB with gzip`);

function mb(bytes) {
  return (bytes / 1e6).toFixed(2).padStart(6);
}
