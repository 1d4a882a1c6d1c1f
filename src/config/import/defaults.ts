// What the other tool takes for granted and this one does not: written out, so that the run means the same.

import { exclusivePairs } from '../exclusive.ts';
import { valueAt } from '../path.ts';
import { defaults as ours, defaultsForMethod } from '../schema.generated.ts';
import { isEmpty, type Setting } from './readSettings.ts';
import type { WrittenDefault } from './report.ts';
import { showValue } from '../words.ts';
import type { Source } from './source.ts';
import type { ToolTable } from './tools.ts';

/** Defaults that differ from ours where the source sets nothing, and places to fill where it names no model or data. */
export function writtenDefaults(settings: readonly Setting[], table: ToolTable, source: Source): WrittenDefault[] {
  const isSet = (path: string): boolean => settings.some((setting) => saysTheSame(setting.path, path));
  const method = methodOf(settings, table, source);
  const written: WrittenDefault[] = [];
  if (!isSet('model'))
    written.push({ path: 'model', value: './models/your-model', why: 'not in the source: write yours' });
  if (!isSet('data.train'))
    written.push({ path: 'data.train', value: 'data/train.jsonl', why: 'not in the source: write yours' });
  for (const { path, value, method: only, why } of table.defaults(source.dialect, hasKey(source))) {
    const own = ourDefault(path, method, settings);
    if (isSet(path) || (only !== undefined && !isMeant(only, method)) || own === value) continue;
    const ofOurs = own === undefined ? '' : `; ours is ${showValue(own)}`;
    written.push({ path, value, why: `default of ${table.title}${why === undefined ? '' : `: ${why}`}${ofOurs}` });
  }
  const processes = processesOf(source);
  if (processes > 1 && !isSet('training.gradient_accumulation_steps')) {
    const why = `for the ${processes} processes, which each took a batch at every step`;
    written.push({ path: 'training.gradient_accumulation_steps', value: processes, why });
  }
  return written;
}

export type Method = 'full' | 'lora' | 'qlora';

/** The method as a key says, or as it is there without one. */
export function methodOf(settings: readonly Setting[], table: ToolTable, source: Source): Method {
  const set = settings.find(({ path }) => path === 'method')?.carried.value;
  const otherwise = table.defaults(source.dialect, hasKey(source)).find(({ path }) => path === 'method')?.value;
  const method = set ?? otherwise;
  return method === 'full' || method === 'qlora' ? method : 'lora';
}

/** How many processes the source starts, where it says so. */
export function processesOf(source: Source): number {
  const given = source.keys.find(({ name }) => /^(?:num_processes|nproc_per_node)$/.test(name));
  const processes = Number(given?.value);
  return Number.isInteger(processes) && processes > 1 ? processes : 1;
}

function hasKey(source: Source): (name: string) => boolean {
  return (name) => source.keys.some((key) => key.name === name && key.overruled === undefined && !isEmpty(key.value));
}

function saysTheSame(setPath: string, path: string): boolean {
  if (setPath === path || setPath.startsWith(`${path}[`)) return true;
  return exclusivePairs.some(([a, b]) => (a === path && b === setPath) || (b === path && a === setPath));
}

/** Whether a default for one method counts for another: what is said of adapters is said of those beside 4 bits too. */
function isMeant(only: Method, method: Method): boolean {
  return only === method || (only === 'lora' && method === 'qlora');
}

function ourDefault(path: string, method: string, settings: readonly Setting[]): unknown {
  if (path === 'training.learning_rate' && method === 'full') return defaultsForMethod['training.learning_rate'].full;
  if (path !== 'lora.alpha') return valueAt(ours, path);
  const rank = settings.find((setting) => setting.path === 'lora.rank')?.carried.value;
  return 2 * Number(rank ?? ours.lora.rank);
}
