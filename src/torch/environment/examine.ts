// Asks a Python what it has for the torch engine: versions, devices, and in sentences what is missing.

import { askTool } from '../../platform/tool.ts';
import { packageFile } from '../../platform/packageFile.ts';
import { lazyValidator } from '../../protocol/validate.ts';

export interface TorchDevice {
  readonly name: 'cuda' | 'mps';
  readonly usable: boolean;
  readonly detail: string;
  readonly bfloat16?: boolean;
  /** Free bytes of its own memory. */
  readonly freeBytes?: number;
  /** How many of it there are. */
  readonly count?: number;
}

export interface TorchReport {
  readonly versions: Readonly<Record<string, string>>;
  readonly devices: readonly TorchDevice[];
  /** What keeps this Python from being used, one sentence each. */
  readonly problems: readonly string[];
}

interface Answer {
  readonly versions: TorchReport['versions'];
  readonly devices: readonly TorchDevice[];
  readonly error?: string;
}

const validator = lazyValidator<Answer>({
  type: 'object',
  required: ['versions', 'devices'],
  properties: {
    versions: { type: 'object', additionalProperties: { type: 'string' } },
    devices: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'usable', 'detail'],
        properties: {
          name: { enum: ['cuda', 'mps'] },
          usable: { type: 'boolean' },
          detail: { type: 'string' },
          bfloat16: { type: 'boolean' },
          freeBytes: { type: 'integer' },
          count: { type: 'integer' },
        },
      },
    },
    error: { type: 'string' },
  },
});

/** The oldest versions that the worker is written for; what is tested stands in src/torch/locks. */
export const oldestVersions: Readonly<Record<string, string>> = {
  python: '3.11',
  torch: '2.9',
  transformers: '5.0',
  peft: '0.18',
  safetensors: '0.4',
};

/** The first import compiles thousands of files. */
const patience = 300_000;

/** Imports the libraries in a process of its own. Never throws. */
export async function examineTorch(python: string): Promise<TorchReport> {
  const answer = await askTool(python, ['-s', packageFile('src/torch/worker/check.py')], { timeout: patience });
  const line = answer.stdout.trim().split('\n').at(-1) ?? '';
  const told = parse(line);
  if (!told) {
    const last = answer.stderr.trim().split('\n').at(-1);
    const reason = answer.ok ? 'it gave no answer' : answer.reason;
    return {
      versions: {},
      devices: [],
      problems: [`${python} cannot be asked: ${last ? `${reason} (${last})` : reason}.`],
    };
  }
  return { versions: told.versions, devices: told.devices, problems: problemsOf(told) };
}

/** What is missing or too old, and an import that fails though everything is there. */
export function problemsOf({ versions, error }: Pick<Answer, 'versions' | 'error'>): string[] {
  const problems = Object.entries(oldestVersions).flatMap(([name, oldest]) => {
    const found = versions[name];
    if (found === undefined) return [`${name} is not installed.`];
    return isOlder(found, oldest) ? [`${name} is ${found}; at least ${oldest} is needed.`] : [];
  });
  if (problems.length === 0 && error !== undefined) problems.push(`Its libraries cannot be loaded: ${error}.`);
  return problems;
}

/** Compares the first two numbers of versions such as `2.15.0+cpu`. */
export function isOlder(version: string, than: string): boolean {
  const numbers = (text: string): number[] => text.split(/[.+]/).slice(0, 2).map(Number);
  const [[major = 0, minor = 0], [otherMajor = 0, otherMinor = 0]] = [numbers(version), numbers(than)];
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}

function parse(line: string): Answer | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const validate = validator();
    return validate(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
