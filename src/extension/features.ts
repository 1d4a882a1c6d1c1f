// What the extension does besides listing runs: makes its parts in order and hands each what it needs. Anything heavy is
// loaded when it is used.

import { tellEndings } from './around/endings.ts';
import { generalCommands } from './commands/generalCommands.ts';
import { runCommands, type CommandHandler } from './commands/runCommands.ts';
import { viewCommands } from './commands/viewCommands.ts';
import { createPreviews } from './datasets/datasetPreview.ts';
import { datasetCommands } from './datasets/datasetCommands.ts';
import type { Disposables } from './disposables.ts';
import { tellFailure } from './failures.ts';
import type { CommandId } from './ids.ts';
import { provideLanguage } from './language/language.ts';
import { languageCommands } from './language/languageCommands.ts';
import { createComparisons } from './panels/compare.ts';
import { createDashboards } from './panels/dashboard.ts';
import type { Services } from './services.ts';
import { provideDiagnostics } from './start/diagnostics.ts';
import { provideTexts } from './texts.ts';
import { lensCommands, provideLens } from './tokenLens/lens.ts';
import type { WorkbenchParts } from './workbench.ts';

export interface Features {
  readonly handlers: Readonly<Record<CommandId, CommandHandler>>;
}

export function provideFeatures(
  { context, log, library, queue, explorer }: WorkbenchParts,
  parts: Disposables,
): Features {
  const diagnostics = parts.add(provideDiagnostics());
  const language = parts.add(provideLanguage((error) => tellFailure(error, log)));
  const lens = parts.add(provideLens(language, context.workspaceState, (error) => log.error(String(error))));
  const base = { context, log, library };
  const dashboards = parts.add(createDashboards(base, () => services));
  const comparisons = parts.add(createComparisons(base, () => services));
  const previews = parts.add(createPreviews(base));
  const services: Services = {
    ...base,
    queue,
    diagnostics,
    language,
    texts: parts.add(provideTexts()),
    openDashboard: (folder) => dashboards.open(folder),
    openCompare: (folders) => comparisons.open(folders),
  };
  parts.add(tellEndings(services));
  return {
    handlers: {
      ...generalCommands(services),
      ...runCommands(services),
      ...viewCommands(services, explorer),
      ...languageCommands(services),
      ...datasetCommands(previews, services),
      ...lensCommands(lens, library),
    },
  };
}
