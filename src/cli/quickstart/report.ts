// What the quickstart says at its end: some answers before and after, where everything lies, what to try next.
import { shortPath } from '../render/problems.ts';
import type { Style } from '../render/style.ts';
import { wrap } from '../render/text.ts';

export interface Answered {
  readonly prompt: string;
  readonly expected: string;
  readonly before: string;
  readonly after: string;
}

export interface ReportContext {
  readonly columns: number;
  readonly style: Style;
  readonly directory: string;
}

/** Exactly the form that scripts may look for: `exact match before: 2.0 %`. */
export function exactMatchLine(when: 'before' | 'after', share: number): string {
  return `exact match ${when}: ${(100 * share).toFixed(1)} %`;
}

export function answersLines(samples: readonly Answered[], { columns, style }: ReportContext): string[] {
  return samples.flatMap(({ prompt, before, after }) => [
    '',
    ...labelled('order', prompt, columns, style.bold),
    ...labelled('before', before, columns, style.dim),
    ...labelled('after', after, columns, style.green),
  ]);
}

const labelWidth = 10;

function labelled(label: string, text: string, columns: number, paint: (text: string) => string): string[] {
  const lines = wrap(text === '' ? '(nothing)' : text, Math.min(columns, 100) - labelWidth - 2);
  return lines.map((line, i) => `  ${(i === 0 ? label : '').padEnd(labelWidth)}${paint(line)}`);
}

export interface Places {
  readonly runFolder: string;
  readonly trained: string;
  readonly model: string;
  readonly config: string;
  readonly train: string;
  readonly heldOut: string;
}

export function placesLines(places: Places, { style, directory }: ReportContext): string[] {
  const named: [what: string, path: string][] = [
    ['run', places.runFolder],
    ['trained', places.trained],
    ['model', places.model],
    ['config', places.config],
    ['data', places.train],
    ['held out', places.heldOut],
  ];
  return [
    style.bold('Where everything lies'),
    ...named.map(([what, path]) => `  ${what.padEnd(labelWidth)}${shortPath(path, directory)}`),
  ];
}

/** Commands that work as they stand; `finetune` is how this program is called here. */
export function nextLines(finetune: string, places: Places, example: string, context: ReportContext): string[] {
  const { style, directory } = context;
  const tries: [why: string, command: string][] = [
    ['Ask the fine-tuned model yourself', `generate --run latest "${example}"`],
    ['See the run again', 'watch latest'],
    ['Train once more, for longer', `start ${quoted(shortPath(places.config, directory))} --set training.epochs=8`],
    ['What this machine can train on', 'doctor'],
  ];
  return [
    style.bold('What to try next'),
    ...tries.flatMap(([why, command]) => [`  ${style.dim(`# ${why}`)}`, `  ${finetune} ${command}`]),
    '',
    ...wrap('To teach a real model your own task, copy examples/support-tickets and change its data.', context.columns),
  ];
}

export function quoted(path: string): string {
  return /[^\w@%+=:,./\\-]/.test(path) ? `"${path}"` : path;
}
