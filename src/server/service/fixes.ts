// Quick fixes: for a problem of a config the changes that mend it, the best one first.
import type { ConfigFacts } from '../../config/facts.ts';
import { meantValue } from '../../config/meant.ts';
import { formatPath, parentPath, parsePath, valueAt } from '../../config/path.ts';
import { nearPaths } from '../../config/rules/files.ts';
import { defaults, defaultsForMethod } from '../../config/schema.generated.ts';
import { resolveNode, schemaAt, type SchemaNode } from '../../config/schema.ts';
import { nearest, suggestFields } from '../../config/suggest.ts';
import { showValue } from '../../config/words.ts';
import type { Problem } from '../../protocol/problem.ts';
import { pathAt, type ConfigText } from './configText.ts';
import { foreignValue } from './foreignValue.ts';
import { editsFor, type Change, type Edit } from './textChanges.ts';

export interface Fix {
  readonly title: string;
  readonly edits: readonly Edit[];
  /** The one that a person most likely wants; *fix all* makes it. */
  readonly isPreferred: boolean;
}

interface Wanted {
  readonly title: string;
  readonly changes: readonly Change[];
  readonly isPreferred?: boolean;
}

interface Broken {
  readonly text: ConfigText;
  readonly problem: Problem;
  /** Field that the problem is about. */
  readonly path: string;
  readonly facts: ConfigFacts;
}

/** Fixes of a problem; none when there is nothing that could be done without asking. */
export function fixesOf(problem: Problem, text: ConfigText, facts: ConfigFacts): Fix[] {
  const make = fixers[problem.code];
  if (!make || !problem.place) return [];
  const path = pathAt(text.positions, problem.place) ?? '';
  return make({ text, problem, path, facts }).flatMap(({ title, changes, isPreferred }) => {
    const edits = editsFor(text, changes);
    return edits && edits.length > 0 ? [{ title, edits, isPreferred: isPreferred === true }] : [];
  });
}

const remove = (path: string): Wanted => ({
  title: `Remove ${path}`,
  changes: [{ kind: 'remove', path }],
  isPreferred: true,
});
const set = (path: string, value: unknown, isPreferred = true): Wanted => ({
  title: `Change to ${showValue(value)}`,
  changes: [{ kind: 'set', path, value }],
  isPreferred,
});
const removeIt = ({ path }: Broken): Wanted[] => (path === '' ? [] : [remove(path)]);
const validateOnShare: Wanted = {
  title: 'Validate on 5 % of the training rows',
  changes: [{ kind: 'set', path: 'data.validation', value: 0.05 }],
  isPreferred: true,
};
const keepOne =
  (other: string) =>
  ({ path }: Broken): Wanted[] => [remove(path), { ...remove(other), isPreferred: false }];

/** What the embedded engine has for a field that asks for torch. */
function embeddedValue(path: string): string {
  return { method: 'lora', 'training.mixed_precision': 'no' }[path] ?? 'auto';
}

/** By code. A test holds that the documentation tells of exactly these. */
export const fixers: Readonly<Record<string, (broken: Broken) => Wanted[]>> = {
  'config/yaml-syntax': syntaxFixes,
  'config/duplicate-key': duplicateFixes,
  'config/unknown-key': unknownKeyFixes,
  'config/missing-field': missingFixes,
  'config/empty-value': removeIt,
  'config/wrong-value': wrongValueFixes,
  'config/out-of-range': rangeFixes,
  'config/file-not-found': fileFixes,
  'config/validation-is-train': () => [validateOnShare],
  'config/max-length-beyond-context': ({ path, facts }) => (facts.model ? [set(path, facts.model.contextLength)] : []),
  'config/columns-unused': removeIt,
  'config/chat-fields-unused': removeIt,
  'config/epochs-and-max-steps': keepOne('training.epochs'),
  'config/warmup-ratio-and-steps': keepOne('training.warmup_ratio'),
  'config/warmup-too-long': ({ path }) => [
    {
      title: `Take warmup_ratio: ${defaults.training.warmup_ratio} instead`,
      changes: [
        { kind: 'remove', path },
        { kind: 'set', path: 'training.warmup_ratio', value: defaults.training.warmup_ratio },
      ],
      isPreferred: true,
    },
  ],
  'config/min-lr-unused': removeIt,
  'config/decay-ratio-unused': removeIt,
  'config/adam-unused': removeIt,
  'config/learning-rate-unusual': ({ path, text }) => {
    const isFull = valueAt(text.document.value, 'method') === 'full';
    const rate = isFull ? defaultsForMethod['training.learning_rate'].full : defaults.training.learning_rate;
    return [set(path, rate, false)];
  },
  'config/lora-unused': ({ path }) => [
    remove(path),
    { title: 'Change method to lora', changes: [{ kind: 'set', path: 'method', value: 'lora' }] },
  ],
  'config/alpha-far-from-rank': ({ path, text, facts }) => {
    const rank = valueAt(text.document.value, 'lora.rank') ?? facts.adapter?.rank ?? defaults.lora.rank;
    return typeof rank === 'number' ? [set(path, 2 * rank, false), { ...remove(path), isPreferred: false }] : [];
  },
  'config/unknown-target-module': targetFixes,
  'config/adapter-differs': removeIt,
  'config/early-stopping-without-validation': () => [
    validateOnShare,
    { ...remove('early_stopping'), isPreferred: false },
  ],
  'config/best-by-without-validation': ({ path }) => [validateOnShare, { ...remove(path), isPreferred: false }],
  'config/every-beyond-end': ({ path }) => [{ ...remove(path), isPreferred: false }],
  'config/max-new-tokens-unused': removeIt,
  'config/quantization-unused': ({ path }) => [
    remove(path),
    { title: 'Change method to qlora', changes: [{ kind: 'set', path: 'method', value: 'qlora' }] },
  ],
  'config/torch-missing': ({ path }) => [set(path, embeddedValue(path), false)],
  'config/needs-torch': ({ path }) => [
    set(path, embeddedValue(path), false),
    { title: 'Change engine to torch', changes: [{ kind: 'set', path: 'engine', value: 'torch' }] },
  ],
  'config/device-unavailable': ({ path }) => [set(path, 'auto')],
};

function unknownKeyFixes({ path, text }: Broken): Wanted[] {
  const parts = parsePath(path) ?? [];
  const name = parts.at(-1);
  if (typeof name !== 'string') return [];
  const block = parentPath(path);
  const schemaBlock = block.replaceAll(/\[\d+\]/g, '[]');
  const value = valueAt(text.document.value, path);
  const meant = suggestFields(block, name).map((suggestion, index, all): Wanted => {
    const isHere =
      suggestion.path.slice(0, suggestion.path.lastIndexOf('.') + 1) === (schemaBlock === '' ? '' : `${schemaBlock}.`);
    const isPreferred = index === 0 && all.length === 1;
    const target = isHere
      ? formatPath([...parts.slice(0, -1), suggestion.path.split('.').at(-1) ?? ''])
      : suggestion.path;
    const short = isHere ? (suggestion.path.split('.').at(-1) ?? '') : suggestion.path;
    const ours = foreignValue(name, target, value);
    if (valueAt(text.document.value, target) !== undefined)
      return { ...remove(path), title: `Remove ${path}: ${target} is there` };
    if (isHere) {
      const changed: Change[] = ours === value ? [] : [{ kind: 'set', path, value: ours }];
      return { title: `Change to ${short}`, changes: [{ kind: 'rename', path, to: short }, ...changed], isPreferred };
    }
    const changes: Change[] = [
      { kind: 'remove', path },
      { kind: 'set', path: target, value: ours },
    ];
    return { title: `Move to ${short}`, changes, isPreferred };
  });
  return [...meant, { ...remove(path), isPreferred: false }];
}

function missingFixes({ path, problem }: Broken): Wanted[] {
  const missing = /^`([^`]+)`/.exec(problem.message)?.[1];
  if (missing === undefined) return [];
  const schema = schemaAt(parsePath(missing) ?? []) ?? {};
  const example = schema.examples?.[0];
  if (schema.properties) {
    const [required] = schema.required ?? [];
    const inner = required === undefined ? undefined : resolveNode(schema.properties[required] ?? {}).examples?.[0];
    if (required === undefined || inner === undefined) return [];
    return [
      {
        title: `Add ${missing}`,
        changes: [{ kind: 'set', path: `${missing}.${required}`, value: inner }],
        isPreferred: true,
      },
    ];
  }
  if (example === undefined || (path !== '' && !missing.startsWith(path))) return [];
  return [
    {
      title: `Add ${missing}: ${showValue(example)}`,
      changes: [{ kind: 'set', path: missing, value: example }],
      isPreferred: true,
    },
  ];
}

function wrongValueFixes({ path, text }: Broken): Wanted[] {
  const schema = schemaAt(parsePath(path) ?? []);
  if (!schema) return [];
  const value = valueAt(text.document.value, path);
  const meant = meantValue(path, schema, value);
  if (meant !== undefined) return [set(path, meant)];
  const words = [schema, ...(schema.anyOf ?? [])]
    .map(resolveNode)
    .flatMap((node) => node.enum ?? (node.type === 'boolean' ? [true, false] : []));
  return words.slice(0, 6).map((word) => set(path, word, words.length === 1));
}

function rangeFixes({ path, text }: Broken): Wanted[] {
  const schema = schemaAt(parsePath(path) ?? []);
  const value = valueAt(text.document.value, path);
  if (!schema || typeof value !== 'number') return [];
  const limits = [schema, ...(schema.anyOf ?? [])].map(resolveNode);
  const near = limits.map((node) => nearestAllowed(value, node)).find((found) => found !== undefined);
  return near === undefined ? [] : [set(path, near, false)];
}

/** The limit that a number has crossed; where the limit itself is not allowed, the default. */
function nearestAllowed(value: number, node: SchemaNode): number | undefined {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = node;
  if (minimum !== undefined && value < minimum) return minimum;
  if (maximum !== undefined && value > maximum) return maximum;
  const crossed =
    (exclusiveMinimum !== undefined && value <= exclusiveMinimum) ||
    (exclusiveMaximum !== undefined && value >= exclusiveMaximum);
  return crossed && typeof node.default === 'number' ? node.default : undefined;
}

function fileFixes({ path, text, facts }: Broken): Wanted[] {
  const file = valueAt(text.document.value, path);
  if (typeof file !== 'string') return [];
  const percent = /^(\d+(?:\.\d+)?) ?%$/.exec(file)?.[1];
  if (percent !== undefined) return [set(path, Number(percent) / 100)];
  const near = nearPaths(file, facts);
  return near.map((name) => set(path, name, near.length === 1));
}

function targetFixes({ path, text, facts }: Broken): Wanted[] {
  const target = valueAt(text.document.value, path);
  const all: Wanted = {
    title: 'Take all linear layers',
    changes: [{ kind: 'set', path: 'lora.target_modules', value: 'all-linear' }],
  };
  if (typeof target !== 'string' || !facts.model) return [all];
  const names = [...new Set(facts.model.linearModules.map((name) => name.slice(name.lastIndexOf('.') + 1)))];
  const near = nearest(target, names, (name) => name);
  return [...near.map((name) => set(path, name, near.length === 1)), all];
}

/** A tab becomes two spaces; a name alone gets its colon. */
function syntaxFixes({ text, problem }: Broken): Wanted[] {
  const line = (problem.place?.line ?? 1) - 1;
  const lines = text.text.split('\n');
  const written = lines[line] ?? '';
  const start = lines.slice(0, line).reduce((sum, { length }) => sum + length + 1, 0);
  const indent = /^[ \t]*/.exec(written)?.[0] ?? '';
  if (indent.includes('\t')) {
    const newText = indent.replaceAll('\t', '  ');
    return [
      {
        title: 'Replace tabs by spaces',
        changes: [{ kind: 'text', start, end: start + indent.length, newText }],
        isPreferred: true,
      },
    ];
  }
  const name = /^\s*[A-Za-z_]\w*\s*$/.exec(written)?.[0].trimEnd();
  if (name === undefined) return [];
  const end = start + name.length;
  return [{ title: 'Add a colon', changes: [{ kind: 'text', start: end, end, newText: ': ' }] }];
}

/** Takes out the field that is written the second time, with the lines indented below it. */
function duplicateFixes({ text, problem }: Broken): Wanted[] {
  const lines = text.text.split('\n');
  const first = (problem.place?.line ?? 1) - 1;
  const written = lines[first] ?? '';
  const indent = written.length - written.trimStart().length;
  if ((problem.place?.column ?? 1) - 1 !== indent) return [];
  let after = first + 1;
  while (after < lines.length && /^\s*\S/.test(lines[after] ?? '') && (lines[after] ?? '').search(/\S/) > indent)
    after += 1;
  const start = lines.slice(0, first).reduce((sum, { length }) => sum + length + 1, 0);
  const end = Math.min(
    text.text.length,
    lines.slice(0, after).reduce((sum, { length }) => sum + length + 1, 0),
  );
  return [{ title: 'Remove this one', changes: [{ kind: 'text', start, end, newText: '' }] }];
}
