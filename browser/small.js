// An ONNX model with its learned weights in 8 bits, a quarter of the size; it calculates as before.
//
// A weight is stored as whole numbers in rows of 64 with a scale for each row, and nodes at the head of
// the graph make 32-bit numbers of them; ONNX Runtime folds those when it opens the file, so that a step
// takes no longer. The numbers of fields are those of onnx.proto3
// (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3).

const ROW = 64;
const LEAST = 1024; // smaller tensors are not worth it
const MODEL = { graph: 7 };
const GRAPH = { node: 1, initializer: 5 };
const NODE = { input: 1, output: 2, name: 3, operator: 4, attribute: 5 };
const ATTRIBUTE = { name: 1, integer: 3, kind: 20 };
const TENSOR = { size: 1, type: 2, name: 8, data: 9 };
const TYPES = { float: 1, int8: 3, int64: 7 };
const ATTRIBUTE_OF_INTEGER = 2;
const VARINT = 0;
const BYTES = 2;

/** The bytes of the small model for those of a model. */
export function shrunk(model) {
  return joined([...fields(model)].map((field) => (field.number === MODEL.graph ? bytes(MODEL.graph, graph(field.value)) : field.raw)));
}

function graph(data) {
  const [nodes, rest] = [[], []];
  for (const field of fields(data)) {
    const small = field.number === GRAPH.initializer && eightBits(field.value);
    if (small) {
      nodes.push(...small.nodes.map((node) => bytes(GRAPH.node, node)));
      rest.push(...small.tensors.map((tensor) => bytes(GRAPH.initializer, tensor)));
    } else rest.push(field.raw);
  }
  return joined([...nodes, ...rest]); // in the order in which they are calculated
}

// The tensors and nodes that stand for a learned weight; null for what stays as it is.
function eightBits(tensor) {
  const { name, type, sizes, data } = read(tensor);
  const count = sizes.reduce((product, size) => product * size, 1);
  // The exporter names what is no weight of a layer (transforms, bands) after its place: "/dft/...".
  if (type !== TYPES.float || name.startsWith("/") || count < LEAST || count % ROW || data.length !== 4 * count) return null;
  const weights = new Float32Array(new Uint8Array(data).buffer);
  const rows = count / ROW;
  const scales = new Float32Array(rows);
  const whole = new Int8Array(count);
  for (let row = 0; row < rows; row++) {
    const part = weights.subarray(row * ROW, (row + 1) * ROW);
    scales[row] = part.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0) / 127 || 1;
    part.forEach((weight, n) => (whole[row * ROW + n] = Math.round(weight / scales[row])));
  }
  const named = (what) => `${name}_${what}`;
  return {
    tensors: [
      written(named("whole"), TYPES.int8, [rows, ROW], whole),
      written(named("scales"), TYPES.float, [rows, 1], scales),
      written(named("sizes"), TYPES.int64, [sizes.length], new BigInt64Array(sizes.map(BigInt))),
    ],
    nodes: [
      node("Cast", [named("whole")], named("float"), [["to", TYPES.float]]),
      node("Mul", [named("float"), named("scales")], named("rows")),
      node("Reshape", [named("rows"), named("sizes")], name),
    ],
  };
}

function read(tensor) {
  const found = { name: "", type: 0, sizes: [], data: new Uint8Array() };
  for (const { number, kind, value } of fields(tensor)) {
    if (number === TENSOR.name) found.name = new TextDecoder().decode(value);
    if (number === TENSOR.type) found.type = value;
    if (number === TENSOR.data) found.data = value;
    if (number === TENSOR.size) found.sizes.push(...(kind === VARINT ? [value] : packed(value)));
  }
  return found;
}

function written(name, type, sizes, values) {
  const data = new Uint8Array(values.buffer);
  return joined([...sizes.map((size) => integer(TENSOR.size, size)), integer(TENSOR.type, type), text(TENSOR.name, name), bytes(TENSOR.data, data)]);
}

function node(operator, inputs, output, attributes = []) {
  return joined([
    ...inputs.map((input) => text(NODE.input, input)),
    text(NODE.output, output),
    text(NODE.name, output),
    text(NODE.operator, operator),
    ...attributes.map(([name, value]) =>
      bytes(NODE.attribute, joined([text(ATTRIBUTE.name, name), integer(ATTRIBUTE.integer, value), integer(ATTRIBUTE.kind, ATTRIBUTE_OF_INTEGER)]))),
  ]);
}

// --- protobuf

function* fields(data) {
  const at = { n: 0 };
  while (at.n < data.length) {
    const start = at.n;
    const tag = varint(data, at);
    const [number, kind] = [Math.floor(tag / 8), tag & 7];
    let value = null;
    if (kind === VARINT) value = varint(data, at);
    else if (kind === BYTES) {
      const length = varint(data, at);
      value = data.subarray(at.n, (at.n += length));
    } else if (kind === 1 || kind === 5) at.n += kind === 1 ? 8 : 4;
    else throw new Error("this is no ONNX model");
    yield { number, kind, value, raw: data.subarray(start, at.n) };
  }
}

function varint(data, at) {
  let value = 0;
  for (let scale = 1; at.n < data.length; scale *= 128) {
    const byte = data[at.n++];
    value += (byte & 127) * scale;
    if (byte < 128) break;
  }
  return value;
}

function packed(data) {
  const [at, values] = [{ n: 0 }, []];
  while (at.n < data.length) values.push(varint(data, at));
  return values;
}

function number(value) {
  const found = [];
  for (; value >= 128; value = Math.floor(value / 128)) found.push((value % 128) + 128);
  return Uint8Array.of(...found, value);
}

function integer(field, value) {
  return joined([number(field * 8 + VARINT), number(value)]);
}

function bytes(field, data) {
  return joined([number(field * 8 + BYTES), number(data.length), data]);
}

function text(field, value) {
  return bytes(field, new TextEncoder().encode(value));
}

function joined(parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return whole;
}
