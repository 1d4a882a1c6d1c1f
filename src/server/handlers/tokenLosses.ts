// Computes the losses of a dataset's tokens under a run, in a process of its own, for the lens to show.
import { ResponseError, LSPErrorCodes, type CancellationToken } from 'vscode-languageserver/node';
import { tokenLossesRequest, type TokenLossesAnswer, type TokenLossesParams } from '../../protocol/lossRequests.ts';
import { problem, ProblemError } from '../../protocol/problem.ts';
import type { ServerContext } from '../context.ts';
import { datasetLens, lineText, type OpenLens } from '../lens/datasetLens.ts';
import { runLosses } from '../lens/runLosses.ts';
import { tokenLosses } from '../lens/tokenLosses.ts';
import { answer, type Feature } from './feature.ts';

export const tokenLossesFeature: Feature = {
  capabilities: {},
  register(connection, context) {
    answer(connection, tokenLossesRequest, async (params, token) => {
      try {
        return await lossesAnswer(context, params, token);
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error;
        return { rows: 0, differing: 0, problem: error.problems[0]?.message ?? error.message };
      }
    });
  },
};

async function lossesAnswer(
  context: ServerContext,
  { uri, first, last, run }: TokenLossesParams,
  token: CancellationToken,
): Promise<TokenLossesAnswer> {
  const shown = tokenLosses(context);
  if (run === null) {
    shown.forget(uri);
    return { rows: 0, differing: 0 };
  }
  const open = context.documents.dataset(uri);
  if (!open || open.document.isArray || open.file === undefined)
    throw problem('lens/no-losses', 'Losses are shown in datasets of JSON Lines that are saved as a file.');
  if (!context.isTrusted()) throw problem('lens/no-losses', 'Nothing is run in a workspace that is not trusted.');
  const lens = await datasetLens(context).open(open);
  if (!lens) throw problem('lens/no-losses', 'No config of the workspace names this file, so the lens shows nothing.');
  const lines = laidOutLines(lens, first, Math.min(last, open.document.lineCount - 1));
  const texts = lines.map((line) => lineText(open, line));
  if (texts.length === 0) throw problem('lens/no-losses', 'None of the rows in view can be trained on.');
  const abort = new AbortController();
  const listener = token.onCancellationRequested(() => abort.abort());
  const { environment } = await context.settings.of(uri);
  const answered = await runLosses({ file: open.file, run, rows: texts, environment }, abort.signal).finally(() =>
    listener.dispose(),
  );
  if (!answered) throw new ResponseError(LSPErrorCodes.RequestCancelled, 'cancelled');
  shown.add(uri, texts, answered);
  const rows = lines.filter((line, i) => {
    const row = lens.line(line);
    return row && 'lens' in row && shown.of(uri, texts[i] ?? '', row.lens);
  }).length;
  return { rows, differing: texts.length - rows };
}

function laidOutLines(lens: OpenLens, first: number, last: number): number[] {
  const lines = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
  return lines.filter((line) => {
    const row = lens.line(line);
    return row !== undefined && 'lens' in row && row.lens.kept > 0;
  });
}
