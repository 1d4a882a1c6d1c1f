// From the name of a device to the executor that runs there; heavy modules are loaded only when chosen.

import type { SessionPlan } from '../session.ts';
import type { Executor } from './executor.ts';

/** ONNX Runtime's names of the execution providers behind our device names. */
const providers: Readonly<Record<string, string>> = {
  cpu: 'cpu',
  webgpu: 'webgpu',
  cuda: 'cuda',
  directml: 'dml',
  coreml: 'coreml',
};

/** Throws a ProblemError where `tensorflow` is asked for and not installed. */
export async function chooseExecutor({ device, threads }: Pick<SessionPlan, 'device' | 'threads'>): Promise<Executor> {
  if (device === 'tensorflow') {
    const { loadTensorflow } = await import('./tensorflow/tensorflow.ts');
    const { tensorflowExecutor } = await import('./tensorflow/executor.ts');
    return tensorflowExecutor(await loadTensorflow());
  }
  const provider = providers[device];
  if (provider === undefined) throw new Error(`no executor runs on the device ${device}`);
  const { onnxExecutor } = await import('./onnx/executor.ts');
  return onnxExecutor({ provider, threads });
}
