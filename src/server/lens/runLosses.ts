// Asks `finetune loss` what the tokens of rows cost the model of a run, as the rows stand in the editor. Downloads nothing.
import path from 'node:path';
import type { Environment } from '../../config/environment.ts';
import { childEnvironment, runCli } from '../../platform/ownProgram.ts';
import { problem } from '../../protocol/problem.ts';
import { lazyValidator } from '../../protocol/validate.ts';
import { firstSentence } from '../runEstimate.ts';

/** A row's tokens under the config of a run, and what each costs; the first token costs nothing. */
export interface AnsweredRow {
  readonly tokens: readonly { readonly id: number; readonly loss?: number }[];
  /** Why a run would not train on it. */
  readonly problem?: string;
}

export interface AnsweredLosses {
  /** Id of the run. */
  readonly run: string;
  /** `result`, or the step of the checkpoint that answered. */
  readonly weights: 'result' | number;
  readonly rows: readonly AnsweredRow[];
}

/** A loss that is no number arrives by its name, such as `NaN`. */
interface WireRow extends Omit<AnsweredRow, 'tokens'> {
  readonly tokens: readonly { readonly id: number; readonly loss?: number | string }[];
}

const validator = lazyValidator<Omit<AnsweredLosses, 'rows'> & { readonly rows: readonly WireRow[] }>({
  type: 'object',
  required: ['run', 'weights', 'rows'],
  properties: {
    run: { type: 'string' },
    weights: { anyOf: [{ const: 'result' }, { type: 'integer' }] },
    rows: {
      type: 'array',
      items: {
        type: 'object',
        required: ['tokens'],
        properties: {
          problem: { type: 'string' },
          tokens: {
            type: 'array',
            items: {
              type: 'object',
              required: ['id'],
              properties: { id: { type: 'integer' }, loss: { type: ['number', 'string'] } },
            },
          },
        },
      },
    },
  },
});

export interface LossQuestion {
  /** Absolute path of the data file, which may hold other rows by now. */
  readonly file: string;
  /** Folder of the run. */
  readonly run: string;
  /** Rows as JSON, a line each. */
  readonly rows: readonly string[];
  readonly environment: Environment;
}

/** Rejects with a ProblemError when there are no losses; undefined once the signal was aborted. */
export async function runLosses(
  { file, run, rows, environment }: LossQuestion,
  signal: AbortSignal,
): Promise<AnsweredLosses | undefined> {
  const { code, stdout, stderr } = await runCli(['loss', run, file, '--stdin', '--json'], {
    cwd: path.dirname(file),
    env: childEnvironment({ ...process.env, ...environment }, { HF_HUB_OFFLINE: '1' }),
    stdin: rows.join('\n'),
    signal,
  });
  if (signal.aborted) return undefined;
  if (code !== 0) throw problem('lens/no-losses', firstSentence(stderr));
  const answer: unknown = JSON.parse(stdout);
  if (!validator()(answer) || answer.rows.length !== rows.length)
    throw problem('lens/no-losses', 'The losses could not be read.');
  const numbered = answer.rows.map(({ tokens, ...rest }) => ({
    ...rest,
    tokens: tokens.map(({ id, loss }) => ({ id, ...(loss === undefined ? {} : { loss: Number(loss) }) })),
  }));
  return { ...answer, rows: numbered };
}
