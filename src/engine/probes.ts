// How to find out whether an executor works on this machine: programs to be run in a child process (platform/probe.ts),
// since a native library that does not fit can take the whole process down.

/**
 * `@tensorflow/tfjs-node-gpu` 4.22 calls `util.isNullOrUndefined`, which Node 23 took away
 * (https://github.com/tensorflow/tfjs/issues/8609). Give it the `node:util` default export before loading the package.
 * Self-contained, because its source text is also part of the probe.
 */
export function restoreRemovedUtil(util: { isNullOrUndefined?: unknown }): void {
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
}

/** What a probe may be asked about, besides the CPU, which always works. */
export const probedExecutors = ['webgpu', 'cuda', 'directml', 'coreml', 'tensorflow'] as const;
export type ProbedExecutor = (typeof probedExecutors)[number];

/** An ONNX model of one node, y[2] = x + x, ir 8, opset 17. */
const tinyModel = 'CAg6NQoOCgF4CgF4EgF5IgNBZGQSAWdaDwoBeBIKCggIARIECgIIAmIPCgF5EgoKCAgBEgQKAggCQgIQEQ==';

/** The source text of the ES module that tries an executor and prints `{"usable", "reason"}` as a line of JSON. */
export function probeProgram(executor: ProbedExecutor): string {
  return executor === 'tensorflow' ? tensorflowProbe() : onnxProbe(executor);
}

function onnxProbe(executor: Exclude<ProbedExecutor, 'tensorflow'>): string {
  const backend = executor === 'directml' ? 'dml' : executor;
  return `
import ort from 'onnxruntime-node';
const tell = (usable, reason) => console.log(JSON.stringify({ usable, reason }));
if (!ort.listSupportedBackends().some((backend) => backend.name === '${backend}')) {
  tell(false, 'ONNX Runtime has no ${executor} on ' + process.platform + '-' + process.arch);
} else {
  try {
    const model = Buffer.from('${tinyModel}', 'base64');
    const session = await ort.InferenceSession.create(model, { executionProviders: ['${backend}'], logSeverityLevel: 4 });
    const { y } = await session.run({ x: new ort.Tensor('float32', Float32Array.of(1, 2), [2]) });
    const right = y.data[0] === 2 && y.data[1] === 4;
    tell(right, right ? 'ONNX Runtime runs on ${executor}' : 'ONNX Runtime computes wrong numbers on ${executor}');
  } catch (error) {
    const text = String(error.message);
    const why = /No supported adapters|WebGPU adapter/.test(text) ? 'no graphics adapter found (Vulkan, Metal or Direct3D 12 driver needed)'
      : /Failed to load (shared )?library/.test(text) ? 'its libraries are not installed'
      : text;
    tell(false, why);
  }
}`;
}

function tensorflowProbe(): string {
  return `
import util from 'node:util';
(${restoreRemovedUtil.toString()})(util);
const tell = (usable, reason) => console.log(JSON.stringify({ usable, reason }));
try {
  const { default: tf } = await import('@tensorflow/tfjs-node-gpu');
  await tf.ready();
  const [two] = await tf.tensor1d([1]).add(1).data();
  tell(two === 2, two === 2
    ? 'TensorFlow ' + tf.version['tfjs-core'] + ', backend ' + tf.getBackend()
    : 'TensorFlow computes wrong numbers');
} catch (error) {
  const text = String(error.message);
  const why = error.code === 'ERR_MODULE_NOT_FOUND' ? '@tensorflow/tfjs-node-gpu is not installed (optional)'
    : /tfjs_binding|libtensorflow|native addon|ERR_DLOPEN/i.test(text + error.code) ? 'its native library is missing or does not load'
    : text;
  tell(false, why);
}`;
}
