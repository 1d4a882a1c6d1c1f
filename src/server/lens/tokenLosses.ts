// Losses of tokens that the lens shows: kept by the text of a row, so that an edited row has none.
import type { RowLens } from '../../lens/rowLens.ts';
import type { ServerContext } from '../context.ts';
import type { AnsweredLosses } from './runLosses.ts';

export interface ShownLosses {
  /** Such as `tickets-2026, step 40`. */
  readonly from: string;
  /** By position; the first token has none. */
  readonly losses: readonly (number | undefined)[];
}

export interface TokenLosses {
  /** Adds the losses of rows by their texts; those of another run or other weights go. */
  add(uri: string, texts: readonly string[], answered: AnsweredLosses): void;
  /** Undefined for a row that has none, or whose tokens are others under the config that the lens uses. */
  of(uri: string, text: string, lens: RowLens): ShownLosses | undefined;
  forget(uri: string): void;
}

interface Kept {
  readonly from: string;
  readonly rows: Map<string, AnsweredLosses['rows'][number]>;
}

const known = new WeakMap<ServerContext, TokenLosses>();

/** One for each server: tints and hovers show the same. */
export function tokenLosses(context: ServerContext): TokenLosses {
  const found = known.get(context) ?? create(context);
  known.set(context, found);
  return found;
}

function create(context: ServerContext): TokenLosses {
  const files = new Map<string, Kept>();
  context.documents.onClose((uri) => void files.delete(uri));
  return {
    add(uri, texts, { run, weights, rows }) {
      const from = weights === 'result' ? run : `${run}, step ${weights}`;
      const before = files.get(uri);
      const kept = before?.from === from ? before : { from, rows: new Map() };
      texts.forEach((text, i) => {
        if (rows[i]) kept.rows.set(text, rows[i]);
      });
      files.set(uri, kept);
    },
    of(uri, text, { tokens, kept: length }) {
      const kept = files.get(uri);
      const row = kept?.rows.get(text);
      if (!kept || !row || row.tokens.length !== length) return undefined;
      if (row.tokens.some(({ id }, i) => id !== tokens[i]?.id)) return undefined;
      return { from: kept.from, losses: row.tokens.map(({ loss }) => loss) };
    },
    forget: (uri) => void files.delete(uri),
  };
}

/** Mean over the trained tokens, as a run reports a row; undefined where none is trained. */
export function meanLoss({ tokens }: RowLens, { losses }: ShownLosses): number | undefined {
  const trained = losses.filter((loss, i): loss is number => loss !== undefined && tokens[i]?.state === 'trained');
  return trained.length === 0 ? undefined : trained.reduce((sum, loss) => sum + loss, 0) / trained.length;
}
