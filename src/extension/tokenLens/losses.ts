// Losses of the tokens in view under a run: asked for with a progress message that can be cancelled, and told in a sentence.

import * as vscode from 'vscode';
import { tokenLossesRequest, type TokenLossesAnswer, type TokenLossesParams } from '../../protocol/lossRequests.ts';
import type { Language } from '../language/language.ts';

/** `title` names the run; nothing has to be computed without one. Undefined when the person cancelled. */
export async function lossesWithProgress(
  language: Language,
  params: TokenLossesParams,
  title: string | undefined,
): Promise<TokenLossesAnswer | undefined> {
  if (title === undefined) return language.ask(tokenLossesRequest, params);
  const progress = {
    location: vscode.ProgressLocation.Notification,
    title: vscode.l10n.t('Losses of {0}: the rows in view are computed', title),
    cancellable: true,
  };
  return vscode.window.withProgress(progress, async (_, token) => {
    try {
      return await language.ask(tokenLossesRequest, params, token);
    } catch (error) {
      if (token.isCancellationRequested) return undefined;
      throw error;
    }
  });
}

/** What the person should know of an answer; undefined when everything that was asked for is shown. */
export function lossesSentence({ differing, problem }: TokenLossesAnswer): string | undefined {
  if (problem !== undefined) return vscode.l10n.t('There are no losses to show: {0}', problem);
  if (differing === 0) return undefined;
  return vscode.l10n.t(
    '{0} rows are other tokens under the config of this run than under the one that the lens uses, so their losses cannot be shown. Choose the config of the run.',
    differing,
  );
}
