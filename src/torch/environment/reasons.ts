// Why the torch engine or a device of it cannot be used, or what it has: a sentence each, with the command that mends it.

import { formatBytes } from '../../metrics/numberText.ts';
import type { GpuReport } from '../../platform/gpus.ts';
import type { TorchDevice } from './examine.ts';
import type { TorchRecord } from './record.ts';

/** What mends an environment: a private one is made whole; beside one that a person chose another is made. */
export function mendingOf({ managed, python }: Pick<TorchRecord, 'managed' | 'python'>): string {
  return managed
    ? `Run \`finetune setup torch\` to mend it (${python}).`
    : `Run \`finetune setup torch\` for one of its own, or choose another: \`finetune setup torch --python <path>\` (now it is ${python}).`;
}

/** `gpus`: what the machine's own tools know. */
export function deviceText(device: TorchDevice, gpus: readonly Pick<GpuReport, 'vendor'>[]): string {
  return device.usable ? offered(device) : whyNot(device, gpus);
}

/** Less than this and not even a small model has room, in bytes. */
const hardlyAny = 1e9;

function offered({ name, detail, count = 1, freeBytes, bfloat16 }: TorchDevice): string {
  if (name !== 'cuda') return detail;
  const facts = [
    `${detail}${count > 1 ? ` and ${count - 1} more` : ''}`,
    ...(freeBytes === undefined ? [] : [`${formatBytes(freeBytes)} free`]),
    ...(bfloat16 === undefined ? [] : [bfloat16 ? 'bf16' : 'no bf16 (keep `training.mixed_precision: no`)']),
  ].join(', ');
  const isTaken = freeBytes !== undefined && freeBytes < hardlyAny;
  return isTaken ? `${facts}. ${takenMemory}` : facts;
}

const takenMemory = 'Other programs hold its memory: `nvidia-smi` (AMD: `rocm-smi --showpids`) lists them.';

function whyNot({ name, detail }: TorchDevice, gpus: readonly Pick<GpuReport, 'vendor'>[]): string {
  if (name !== 'cuda') return detail;
  const has = (vendor: GpuReport['vendor']): boolean => gpus.some((gpu) => gpu.vendor === vendor);
  // What PyTorch advises behind its first sentence are links that change.
  const sentence = detail.split(/(?<=\.) (?=Please|Alternatively)/)[0]!.replace(/(?<![.!?])$/, '.');
  if (/driver.*too old/i.test(detail))
    return `${sentence} Update the driver, or choose an environment with a PyTorch for its CUDA: \`finetune setup torch --python <path>\`.`;
  if (/out of memory/i.test(detail)) return `${sentence} ${takenMemory}`;
  if (/no nvidia driver/i.test(detail) && has('nvidia'))
    return `${sentence} The machine has a GPU: a container has to be started with it (\`docker run --gpus all\`).`;
  if (!/without CUDA/i.test(detail)) return sentence;
  if (has('nvidia') && process.platform === 'linux')
    return `${sentence} Run \`finetune setup torch\` for a PyTorch with CUDA.`;
  if (has('nvidia') || has('amd'))
    return `${sentence} Make an environment with a PyTorch for this GPU (https://pytorch.org/get-started) and choose it: \`finetune setup torch --python <path>\`.`;
  return sentence;
}
