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
import { datasetLens, type LineLens, type OpenLens } from '../lens/datasetLens.ts';
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
    if (row) rows.push(wireRow(line, row));
  }
  return { configs, used: shown(lens.governing), summary: lens.encoding.summary, rows };
}

function shown({ uri, shownAs }: GoverningConfig): LensConfig {
  return { uri, name: shownAs };
}

function wireRow(line: number, row: LineLens): LensRow {
  if ('problem' in row) {
    const { problem } = row;
    return { line, tokens: 0, trained: 0, cut: 0, cutTrained: 0, fate: 'kept', pieces: [], problem };
  }
  const { kept, trained, cut, cutTrained, fate } = row.lens;
  return { line, tokens: kept, trained, cut, cutTrained, fate, pieces: wirePieces(row.lens) };
}

const states = { masked: 0, trained: 1, cut: 2 } as const;

function wirePieces({ pieces }: RowLens): number[] {
  return pieces.flatMap(({ start, end, state, first }) => [start, end - start, 2 * states[state] + (first % 2)]);
}
