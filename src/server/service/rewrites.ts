// Rewrites of a whole config that a person may ask for: another method, an evaluation block, fields in order. One is
// offered only where the config says nothing wrong after it that it did not say before.
import { schemaAt } from '../../config/schema.ts';
import { defaults } from '../../config/schema.generated.ts';
import { valueAt } from '../../config/path.ts';
import type { Problem } from '../../protocol/problem.ts';
import { pathAt, readConfigText, type ConfigText } from './configText.ts';
import { sortedFields } from './sortFields.ts';
import { applyEdits, differenceOf, editsFor, type Change, type Edit } from './textChanges.ts';

export interface Rewrite {
  readonly title: string;
  readonly edits: readonly Edit[];
}

/** Finds what is wrong with a text. */
export type Check = (text: ConfigText) => readonly Problem[];

/** Rewriting a longer text would keep a person waiting; a config has a few thousand characters. */
const longest = 100_000;

/** What fits a text. None for one that cannot be read or has errors: those are to be mended first. */
export function rewrites(text: ConfigText, check: Check): Rewrite[] {
  if (text.text.length > longest || text.document.value === undefined || hasErrors(check(text))) return [];
  const asOffered = (title: string, after: ConfigText | undefined): Rewrite[] =>
    after === undefined || after.text === text.text || !isAsGood(after, text, check)
      ? []
      : [{ title, edits: differenceOf(text.text, after.text) }];
  const now = valueAt(text.document.value, 'method') ?? defaults.method;
  const methods = (schemaAt(['method'])?.enum ?? []).filter((method) => method !== now);
  const inOrder = sortedFields(text.text);
  return [
    ...methods.flatMap((method) => asOffered(methodTitle(String(method)), withMethod(text, String(method), check))),
    ...(valueAt(text.document.value, 'evaluation') === undefined
      ? asOffered('Add an evaluation block', withEvaluation(text))
      : []),
    ...asOffered('Sort the fields as in the documentation', inOrder === undefined ? undefined : reread(text, inOrder)),
  ];
}

const titles: Readonly<Record<string, string>> = {
  full: 'Train every weight instead (method full)',
  lora: 'Train LoRA adapters instead (method lora)',
  prefix: 'Train a prefix instead (method prefix)',
  qlora: 'Train LoRA adapters on a quantised model instead (method qlora)',
};

function methodTitle(method: string): string {
  return titles[method] ?? `Change the method to ${method}`;
}

function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some(({ severity }) => severity === 'error');
}

function isAsGood(after: ConfigText, before: ConfigText, check: Check): boolean {
  const known = new Set(check(before).map(({ code }) => code));
  return check(after).every(({ code }) => known.has(code));
}

/**
 * The config with another method: fields that the new one never reads go, and the learning rate is scaled as the methods
 * differ, or left to the default where the scaled one would be unusual.
 */
function withMethod(text: ConfigText, method: string, check: Check): ConfigText | undefined {
  let after = changed(text, { kind: 'set', path: 'method', value: method });
  const known = new Set(check(text).map(({ code }) => code));
  for (let round = 0; after && round < 50; round += 1) {
    const current: ConfigText = after;
    const unused = check(current).find(({ code }) => code.endsWith('-unused') && !known.has(code));
    const path = unused?.place && pathAt(current.positions, unused.place);
    if (path === undefined) break;
    after = changed(current, { kind: 'remove', path });
  }
  const rate = valueAt(text.document.value, 'training.learning_rate');
  if (!after || typeof rate !== 'number') return after;
  const before = valueAt(text.document.value, 'method') ?? defaults.method;
  if ([before, method].includes('prefix') && before !== method) {
    return changed(after, { kind: 'remove', path: 'training.learning_rate' });
  }
  const wasFull = before === 'full';
  if (wasFull === (method === 'full')) return after;
  const ratio = valueAt(text.document.value, 'training.lora_lr_ratio');
  const scale = wasFull ? adapterRate : (typeof ratio === 'number' ? ratio : 1) / adapterRate;
  const value = Number((rate * scale).toPrecision(6));
  const scaled = changed(after, { kind: 'set', path: 'training.learning_rate', value });
  if (scaled && isAsGood(scaled, text, check)) return scaled;
  return changed(after, { kind: 'remove', path: 'training.learning_rate' });
}

/** LoRA's best learning rate is about ten times that of full fine-tuning ("LoRA Without Regret", Schulman et al. 2025). */
const adapterRate = 10;

function withEvaluation(text: ConfigText): ConfigText | undefined {
  const validates = valueAt(text.document.value, 'data.validation') !== 0;
  const changes: Change[] = [
    ...(validates ? [] : [{ kind: 'set', path: 'data.validation', value: defaults.data.validation } as const]),
    { kind: 'set', path: 'evaluation.every', value: defaults.evaluation.every },
    { kind: 'set', path: 'evaluation.at_start', value: defaults.evaluation.at_start },
  ];
  return changes.reduce<ConfigText | undefined>((now, change) => now && changed(now, change), text);
}

function changed(text: ConfigText, change: Change): ConfigText | undefined {
  const edits = editsFor(text, [change]);
  return edits && reread(text, applyEdits(text.text, edits));
}

function reread({ file }: ConfigText, text: string): ConfigText {
  return readConfigText(text, file);
}
