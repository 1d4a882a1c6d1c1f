// What `finetune setup torch` says before and after, as lines.
import type { TorchReport } from '../../torch/environment/examine.ts';
import type { InstallPlan } from '../../torch/environment/install.ts';
import { deviceText } from '../../torch/environment/reasons.ts';
import { formatBytes } from './numbers.ts';
import { wrap } from './text.ts';

/** What, how large, where and why: enough to say yes or no. */
export function consentLines(plan: InstallPlan, columns: number): string[] {
  const free = plan.freeBytes === undefined ? '' : ` (${formatBytes(plan.freeBytes)} are free)`;
  const size = `about ${formatBytes(plan.downloadBytes)} to download, ${formatBytes(plan.diskBytes)} on the disk${free}`;
  const entry = (label: string, text: string): string[] =>
    wrap(text, columns, ' '.repeat(8)).map((line, i) => (i === 0 ? label.padEnd(8) + line.trimStart() : line));
  return [
    'The torch engine needs a Python environment of its own:',
    ...entry(
      '  what',
      'PyTorch, transformers, PEFT and what they need, in the versions that were tested, checked by hashes',
    ),
    ...entry('  size', size),
    `  where ${plan.environment}`,
    ...entry(
      '  with',
      plan.tool === 'uv' ? 'uv, and a Python that it finds or fetches' : 'venv and pip of your Python',
    ),
    ...entry('  why', 'to compute training steps with PyTorch; the embedded engine needs none of it'),
    '',
  ];
}

export function installedLines(report: TorchReport, environment: string, columns: number): string[] {
  return [
    `The torch engine is set up in ${environment}`,
    ...reportLines(report, columns),
    'Write `engine: torch` in a config to use it;',
    'finetune rehearse compares it with the embedded engine.',
  ];
}

export function chosenLines(report: TorchReport, python: string, columns: number): string[] {
  return [`The torch engine uses ${python} from now on.`, ...reportLines(report, columns)];
}

/** Which GPUs the machine has besides is what `finetune doctor` looks at. */
function reportLines({ versions, devices }: TorchReport, columns: number): string[] {
  const installed = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const told = devices.map((device) => `${device.name}: ${device.usable ? 'yes' : 'no'}, ${deviceText(device, [])}`);
  return [installed.join(', '), ...told].flatMap((text) => wrap(text, columns, '  '));
}
