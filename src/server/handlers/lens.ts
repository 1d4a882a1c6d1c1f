// The token lens: tints of the lines in view, and hovers over tokens.
import { setImmediate } from 'node:timers/promises';
import { ResponseError, LSPErrorCodes, type CancellationToken } from 'vscode-languageserver/node';
import type { RowLens } from '../../lens/rowLens.ts';
import {
  lensRequest,
  type LensAnswer,
  type LensConfig,
  type LensParams,
  type LensRow,
} from '../../protocol/lensRequests.ts';
import { ProblemError } from '../../protocol/problem.ts';
import type { ServerContext } from '../context.ts';
import type { GoverningConfig } from '../governingConfig.ts';
import { datasetLens, lineText, type LineLens, type OpenLens } from '../lens/datasetLens.ts';
import { meanLoss, tokenLosses, type ShownLosses } from '../lens/tokenLosses.ts';
import { answer, type Feature } from './feature.ts';

export const lensFeature: Feature = {
  capabilities: {},
  register(connection, context) {
    answer(connection, lensRequest, (params, token) => lensAnswer(context, params, token));
  },
};

async function lensAnswer(context: ServerContext, params: LensParams, token: CancellationToken): Promise<LensAnswer> {
  const open = context.documents.dataset(params.uri);
  const nothing = { configs: [], used: null, summary: '', rows: [] };
  if (!open || open.document.isArray) return nothing;
  const service = datasetLens(context);
  const configs = (await service.configs(open)).map(shown);
  let lens: OpenLens | undefined;
  try {
    lens = await service.open(open, params.config);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const used = configs.find(({ uri }) => uri === params.config) ?? configs[0] ?? null;
    return { ...nothing, configs, used, problem: error.problems[0]?.message ?? error.message };
  }
  if (!lens) return { ...nothing, configs };
  const rows: LensRow[] = [];
  for (let line = params.first; line <= Math.min(params.last, open.document.lineCount - 1); line += 1) {
    // Between two rows everything else has its turn: keystrokes first.
    await setImmediate();
    if (token.isCancellationRequested) throw new ResponseError(LSPErrorCodes.RequestCancelled, 'cancelled');
    if (context.documents.dataset(params.uri) !== open)
      throw new ResponseError(LSPErrorCodes.ContentModified, 'edited');
    const row = lens.line(line);
    if (!row) continue;
    const losses = 'lens' in row ? tokenLosses(context).of(params.uri, lineText(open, line), row.lens) : undefined;
    rows.push(wireRow(line, row, losses));
  }
  return { configs, used: shown(lens.governing), summary: lens.encoding.summary, rows };
}

function shown({ uri, shownAs }: GoverningConfig): LensConfig {
  return { uri, name: shownAs };
}

function wireRow(line: number, row: LineLens, losses: ShownLosses | undefined): LensRow {
  if ('problem' in row) {
    const { problem } = row;
    return { line, tokens: 0, trained: 0, cut: 0, cutTrained: 0, fate: 'kept', pieces: [], problem };
  }
  const { kept, trained, cut, cutTrained, fate } = row.lens;
  const loss = losses && meanLoss(row.lens, losses);
  return {
    ...{ line, tokens: kept, trained, cut, cutTrained, fate },
    ...(loss === undefined ? {} : { loss: wireNumber(loss) }),
    pieces: wirePieces(row.lens, losses),
  };
}

const states = { masked: 0, trained: 1, cut: 2 } as const;
const firstSurprise = 6;
/** Nats. */
const surpriseLimits = [Math.log(2), Math.log(10), Math.log(100)];

function wirePieces({ pieces }: RowLens, losses: ShownLosses | undefined): number[] {
  return pieces.flatMap(({ start, end, state, first, last }) => {
    const surprise = state === 'trained' && losses ? surpriseOf(losses.losses.slice(first, last + 1)) : 0;
    const kind = surprise === 0 ? 2 * states[state] + (first % 2) : firstSurprise + surprise - 1;
    return [start, end - start, kind];
  });
}

/** 0: the model gives the dearest of these tokens a chance of one half or more; 1 to 3: below 1/2, 1/10 and 1/100. */
function surpriseOf(losses: readonly (number | undefined)[]): number {
  const dearest = Math.max(0, ...losses.map((loss) => (loss === undefined ? 0 : Number.isNaN(loss) ? Infinity : loss)));
  return surpriseLimits.filter((limit) => dearest > limit).length;
}

/** JSON has no infinity: a loss that is no number counts as the largest. */
function wireNumber(loss: number): number {
  return Number.isFinite(loss) ? loss : Number.MAX_VALUE;
}
