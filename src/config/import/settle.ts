// What all keys together say: rivals settled, defaults written out, and one list of the report for every key.

import { exclusivePairs } from '../exclusive.ts';
import { assemble } from './assemble.ts';
import { methodOf, processesOf, writtenDefaults, type Method } from './defaults.ts';
import { readSettings, type Around, type Setting } from './readSettings.ts';
import type { ChangedKey, ImportReport, LeftKey, MappedKey } from './report.ts';
import { lineOf, type Source, type SourceKey, type Tool } from './source.ts';
import { tools } from './tools.ts';

export interface Settled {
  readonly report: ImportReport;
  /** What the config says, in our words; valid. */
  readonly tree: Readonly<Record<string, unknown>>;
}

/** Applies a tool's table to the keys of a source. Every key ends in exactly one list of the report. */
export function settle(source: Source, tool: Tool, around: Around = {}): Settled {
  const table = tools[tool];
  const read = readSettings(source, table, around);
  const left = new Map<SourceKey, LeftKey>(read.left.map((entry) => [entry.key, entry]));
  const leave: Leave = (key, todo) => void left.set(key, { key, todo, important: false });
  const settled = withoutRivals(read.settings, leave);
  const kept = withoutUnread(settled, methodOf(settled, table, source), leave);
  const multiplied = forEveryProcess(kept, source);
  const defaults = writtenDefaults(multiplied, table, source);
  const fields = new Map<string, unknown>(multiplied.map(({ path, carried }) => [path, carried.value]));
  for (const { path, value } of defaults) fields.set(path, value);

  const byKey = new Map(multiplied.map((setting) => [setting.key, setting]));
  const mapped: MappedKey[] = [];
  const changed: ChangedKey[] = [];
  for (const setting of read.settings) {
    if (left.has(setting.key)) continue;
    const { key, path, carried } = byKey.get(setting.key) ?? setting;
    const entry = { key, path, value: carried.value };
    if (carried.why === undefined) mapped.push(entry);
    else changed.push({ ...entry, why: carried.why, important: carried.important ?? false });
  }
  const report: ImportReport = {
    tool,
    title: table.title,
    mapped,
    changed,
    left: source.keys.flatMap((key) => left.get(key) ?? []),
    defaults,
    remarks: source.remarks,
  };
  return { report, tree: assemble(fields) };
}

type Leave = (key: SourceKey, todo: string) => void;

/** For each field one key has the say: that of the rule further up, then the later one; of two fields that exclude each other, one. */
function withoutRivals(settings: readonly Setting[], leave: Leave): Setting[] {
  const byPath = new Map<string, Setting>();
  for (const setting of settings) {
    const other = byPath.get(setting.path);
    if (!other || setting.precedence <= other.precedence) byPath.set(setting.path, setting);
  }
  // Everywhere the steps have the say: max_steps over epochs, warmup_steps over the ratio.
  for (const [other, steps] of exclusivePairs) if (byPath.has(steps)) giveUp(byPath, other, byPath.get(steps), leave);
  const whole = byPath.get('data.train');
  for (const path of byPath.keys()) if (whole && path.startsWith('data.train[')) giveUp(byPath, path, whole, leave);
  for (const path of byPath.keys()) {
    const file = /^data\.train\[\d+\]/.exec(path)?.[0];
    if (file === undefined || byPath.has(`${file}.path`)) continue;
    const setting = byPath.get(path);
    if (setting) leave(setting.key, 'About a file that was left out.');
    byPath.delete(path);
  }
  for (const setting of settings) {
    const winner = byPath.get(setting.path);
    if (!winner || winner === setting) continue;
    const same = JSON.stringify(winner.carried.value) === JSON.stringify(setting.carried.value);
    if (!same) leave(setting.key, `${winner.key.shown} on line ${lineOf(winner.key)} has the say here. Nothing to do.`);
  }
  return [...byPath.values()];
}

function giveUp(byPath: Map<string, Setting>, path: string, winner: Setting | undefined, leave: Leave): void {
  const setting = byPath.get(path);
  if (!setting || !winner) return;
  leave(setting.key, `${winner.key.shown} on line ${lineOf(winner.key)} has the say. Nothing to do.`);
  byPath.delete(path);
}

/** Fields of adapters in a run that trains every weight would be read by nothing, and so would those of 4 bits in another. */
function withoutUnread(settings: readonly Setting[], method: Method, leave: Leave): Setting[] {
  return settings.filter(({ key, path }) => {
    const isLora = method === 'full' && /^lora\.|^training\.lora_/.test(path);
    if (isLora) leave(key, 'Every weight is trained, so settings of adapters say nothing. Nothing to do.');
    const isQuantised = method !== 'qlora' && path.startsWith('quantization.');
    if (isQuantised) leave(key, 'No weights are kept in 4 bits (`method: qlora`), so it says nothing. Nothing to do.');
    return !isLora && !isQuantised;
  });
}

/** Several processes each take a batch at every step; one process here takes them one after another. */
function forEveryProcess(settings: readonly Setting[], source: Source): Setting[] {
  const processes = processesOf(source);
  if (processes === 1) return [...settings];
  return settings.map((setting) => {
    if (setting.path !== 'training.gradient_accumulation_steps') return setting;
    const value = Number(setting.carried.value) * processes;
    const why = `Times ${processes} processes, which each took a batch: a step keeps its rows.`;
    return { ...setting, carried: { value, why, important: true } };
  });
}
