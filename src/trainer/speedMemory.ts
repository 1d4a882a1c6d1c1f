// How fast this machine computed a plan the last time, so that the next run of it begins without measuring.

import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { cacheDirectory } from '../platform/cacheDirectory.ts';
import { lazyValidator } from '../protocol/validate.ts';
import { writeFileAtomic } from '../runs/atomicFile.ts';
import { machine, versions } from '../runs/facts.ts';
import type { TorchPlan } from '../torch/session/torchSession.ts';

export interface Speed {
  /** Seconds of one operation of a pass. */
  readonly secondsPerFlop: number;
  /** Seconds of one update of the optimiser. */
  readonly updateSeconds: number;
  /** Absent where no answers are drawn. */
  readonly drawing?: DrawingSpeed;
}

/** Seconds of drawing the answers of a step: it reads weights for each token, so that operations tell little about it. */
export interface DrawingSpeed {
  /** Up to the first token of the answers, which are drawn together. */
  readonly beginSeconds: number;
  /** Of each token behind it. */
  readonly tokenSeconds: number;
}

/** The speed of one plan on this machine. */
export interface SpeedMemory {
  /** Undefined where nothing is remembered. */
  recall(): Promise<Speed | undefined>;
  /** Never throws: what cannot be remembered is measured again. */
  keep(speed: Speed): Promise<void>;
}

/** Plans that are remembered. */
const remembered = 200;

interface Remembered extends Speed {
  readonly key: string;
}

const positive = { type: 'number', exclusiveMinimum: 0 };
const duration = { type: 'number', minimum: 0 };
const validator = lazyValidator<{ readonly version: 1; readonly speeds: readonly Remembered[] }>({
  type: 'object',
  required: ['version', 'speeds'],
  properties: {
    version: { const: 1 },
    speeds: {
      type: 'array',
      items: {
        type: 'object',
        required: ['key', 'secondsPerFlop', 'updateSeconds'],
        properties: {
          key: { type: 'string' },
          secondsPerFlop: positive,
          updateSeconds: duration,
          drawing: {
            type: 'object',
            required: ['beginSeconds', 'tokenSeconds'],
            properties: { beginSeconds: duration, tokenSeconds: duration },
          },
        },
      },
    },
  },
});

/** What a plan is computed by: how many processes, and how many answers a step draws together. */
export interface Together {
  readonly processes: number;
  readonly answers: number;
}

/** `libraries`: versions of what computes. `place`: the file, which all plans share. */
export function createSpeedMemory(
  plan: TorchPlan,
  together: Together,
  libraries: Readonly<Record<string, string>>,
  place: string = path.join(cacheDirectory(), 'speeds.json'),
): SpeedMemory {
  const key = keyOf(plan, together, libraries);
  const read = async (): Promise<readonly Remembered[]> => {
    try {
      const value: unknown = JSON.parse(await readFile(place, 'utf8'));
      return validator()(value) ? value.speeds : [];
    } catch {
      return [];
    }
  };
  return {
    async recall() {
      return (await read()).find((one) => one.key === key);
    },
    async keep({ secondsPerFlop, updateSeconds, drawing }) {
      try {
        const others = (await read()).filter((one) => one.key !== key);
        const own = { key, secondsPerFlop, updateSeconds, ...(drawing ? { drawing } : {}) };
        const speeds = [own, ...others].slice(0, remembered);
        await mkdir(path.dirname(place), { recursive: true });
        await writeFileAtomic(place, JSON.stringify({ version: 1, speeds }), { durable: false });
      } catch {
        // A cache that cannot be written to costs the next run a measurement.
      }
    },
  };
}

/** All that a pass over rows of a given size takes its time from. */
function keyOf(plan: TorchPlan, together: Together, libraries: Readonly<Record<string, string>>): string {
  const { weights, seed: _seed, first: _first, optimizer, ...rest } = plan;
  const { platform, arch, cpu, cores } = machine();
  const types = [...new Set(weights.map(({ dtype }) => dtype))].sort();
  const decisive = { ...rest, optimizer: optimizer.kind, types, ...together, libraries, own: versions() };
  return createHash('sha256')
    .update(JSON.stringify([decisive, { platform, arch, cpu, cores }]))
    .digest('hex');
}
