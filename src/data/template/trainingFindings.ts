// What is lost or doubled when a row becomes tokens, told by the trainer and the editor in the same words.
import type { Tokenizer } from '../../models/types.ts';
import type { Problem } from '../../protocol/problem.ts';
import type { SingleRecord } from '../records.ts';

/** A row cut to length, in tokens. */
export interface CutRow {
  readonly tokens: number;
  readonly maxLength: number;
  /** Tokens that are learned, and how many of them lie after `maxLength`. */
  readonly learned: number;
  readonly learnedAfter: number;
}

/** A row that is longer than it may be; nothing is said of one that teaches nothing any more, since that is told. */
export function lengthFindings(row: CutRow, overflow: 'truncate' | 'drop' | 'error'): Problem[] {
  const { tokens, maxLength, learned, learnedAfter } = row;
  if (tokens <= maxLength) return [];
  if (overflow === 'truncate' && learned === learnedAfter) return [];
  if (overflow === 'truncate' && learnedAfter > 0)
    return [
      {
        code: 'training/answer-cut',
        severity: 'warning',
        message: `${learnedAfter} of ${learned} trained tokens lie after data.max_length (${maxLength}) and are lost.`,
      },
    ];
  const fate = { truncate: 'its end is cut off', drop: 'it is left out', error: 'the run will not start' }[overflow];
  const message = `The row has ${tokens} tokens and data.max_length is ${maxLength}: ${fate}.`;
  return [{ code: 'training/row-too-long', severity: 'warning', message }];
}

/** The row is given a BOS, and a text of it begins with one too. */
export function doubledBos(record: SingleRecord, firstToken: number | undefined, tokenizer: Tokenizer): Problem[] {
  const { bosTokenId } = tokenizer;
  if (bosTokenId === undefined || firstToken !== bosTokenId) return [];
  const bos = tokenizer.idToToken(bosTokenId);
  if (!bos || !textsOf(record).some((text) => text?.startsWith(bos))) return [];
  const message = `A text begins with ${bos}, which is written before every row anyway. Take it out.`;
  return [{ code: 'training/doubled-bos', severity: 'warning', message }];
}

function textsOf(record: SingleRecord): readonly (string | undefined)[] {
  switch (record.kind) {
    case 'chat':
      return record.messages.map(({ content }) => content);
    case 'instruction':
      return [record.system, record.instruction, record.input, record.output];
    case 'completion':
      return [record.system, record.prompt, record.completion];
    case 'text':
      return [record.text];
  }
}

/** A share of trained tokens below this is seldom meant. */
const lowShare = 0.02;

/** The finding about all rows together; undefined when enough of them is trained. */
export function lowTrainedShare(tokens: number, trainedTokens: number): Problem | undefined {
  if (tokens === 0 || trainedTokens >= lowShare * tokens) return undefined;
  const percent = ((100 * trainedTokens) / tokens).toFixed(1);
  const message = `Only ${percent} % of all tokens are trained; the rest is computed for nothing. Shorten the prompts, or train on more turns (data.train_on).`;
  return { code: 'training/low-trained-share', severity: 'information', message };
}
