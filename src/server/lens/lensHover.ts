// What a hover says in a dataset: the token under the mouse, and what the template adds around it; at the line's end the row.
import type { RowLens, LensToken } from '../../lens/rowLens.ts';
import { formatLoss, formatShare } from '../../metrics/numberText.ts';
import { meanLoss, type ShownLosses } from './tokenLosses.ts';

export interface LensHover {
  readonly markdown: string;
  /** Characters [start, end) of the line. */
  readonly start: number;
  readonly end: number;
}

/** Characters of the rendered text that the hover at the end of a line shows. */
const shownText = 1500;

/** Undefined where the row says nothing to the model. `shown`: losses of its tokens, after a run. */
export function lensHover(text: string, lens: RowLens, character: number, shown?: ShownLosses): LensHover | undefined {
  const piece = lens.pieces.find(({ start, end }) => start <= character && character < end);
  if (piece) {
    const lines = lens.tokens.slice(piece.first, piece.last + 1).map((token, i) => {
      const position = piece.first + i;
      return `${tokenLine(token, position)}${lossWords(shown?.losses[position])}`;
    });
    const source = shown ? [`Losses of the run ${shown.from}.`] : [];
    const around = [
      fromTemplate('Before it, from the template', lens, piece.first, -1, shown),
      fromTemplate('After it, from the template', lens, piece.last, 1, shown),
    ].filter((line) => line !== '');
    return { markdown: [...lines, ...around, ...source].join('\n\n'), start: piece.start, end: piece.end };
  }
  if (character < text.length - 1) return undefined;
  return { markdown: rowText(lens, shown), start: Math.max(0, text.length - 1), end: text.length };
}

function tokenLine({ id, text, state, isTarget, role }: LensToken, position: number): string {
  const fate =
    state === 'cut'
      ? `**cut off**${isTarget ? ', would be trained' : ''}`
      : state === 'trained'
        ? '**trained**'
        : 'masked';
  return `token ${code(text)} · id ${id} · position ${position} · ${role} · ${fate}`;
}

/** Tokens of the template next to one, up to the next that has characters in the file. */
function fromTemplate(
  title: string,
  { tokens }: RowLens,
  from: number,
  step: 1 | -1,
  losses: ShownLosses | undefined,
): string {
  const found: (LensToken & { readonly position: number })[] = [];
  for (let at = from + step; tokens[at]?.role === 'template'; at += step) found.push({ ...tokens[at]!, position: at });
  if (found.length === 0) return '';
  const inOrder = step === 1 ? found : found.reverse();
  const shown = inOrder.length > 12 ? (step === 1 ? inOrder.slice(0, 12) : inOrder.slice(-12)) : inOrder;
  const words = shown.map(
    ({ text, state, position }) =>
      `${code(text)}${state === 'trained' ? ` **trained**${lossWords(losses?.losses[position])}` : state === 'cut' ? ' cut off' : ''}`,
  );
  const rest = inOrder.length - shown.length;
  return `${title}: ${words.join(' ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

/** What a token costs, and the chance that the model gives it. */
function lossWords(loss: number | undefined): string {
  return loss === undefined ? '' : ` · loss **${formatLoss(loss)}** (${formatShare(100 * Math.exp(-loss))} %)`;
}

function rowText(lens: RowLens, losses: ShownLosses | undefined): string {
  const own = lens.tokens.filter(({ role }) => role === 'template').length;
  const counts = `${lens.tokens.length} tokens: ${lens.trained} trained, ${lens.kept - lens.trained} masked, ${lens.cut} cut off. ${own} of them come from the template.`;
  const fate =
    lens.fate === 'kept'
      ? []
      : [
          lens.fate === 'dropped'
            ? 'The row is left out, because it is longer than `data.max_length`.'
            : 'The run will not start with this row: it is longer than `data.max_length`.',
        ];
  const shown = lens.text.length > shownText ? `${lens.text.slice(0, shownText)}…` : lens.text;
  const fence = '`'.repeat(Math.max(3, ...Array.from(shown.matchAll(/`+/g), ([run]) => run.length + 1)));
  const mean = losses && meanLoss(lens, losses);
  const cost = mean === undefined ? [] : [`Loss **${formatLoss(mean)}** by the run ${losses?.from}.`];
  return [counts, ...fate, ...cost, 'What the model reads:', `${fence}text\n${shown}\n${fence}`].join('\n\n');
}

/** A token as code, with what cannot be seen written as in JSON. */
function code(text: string): string {
  const visible = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll('\\\\', '\\');
  const fence = '`'.repeat(1 + Math.max(0, ...Array.from(visible.matchAll(/`+/g), ([run]) => run.length)));
  return `${fence} ${visible.replace(/^ +| +$/g, (spaces) => '␣'.repeat(spaces.length))} ${fence}`;
}
