// Everything that the server does, in one list.
import { codeActionsFeature } from './codeActions.ts';
import { codeLensFeature } from './codeLens.ts';
import { completionFeature } from './completion.ts';
import { datasetDiagnosticsFeature } from './datasetDiagnostics.ts';
import { diagnosticsFeature } from './diagnostics.ts';
import { effectiveConfigFeature } from './effectiveConfig.ts';
import type { Feature } from './feature.ts';
import { hoverFeature } from './hover.ts';
import { inlayHintsFeature } from './inlayHints.ts';
import { lensFeature } from './lens.ts';
import { outlineFeature } from './outline.ts';
import { referencesFeature } from './references.ts';
import { tokenLossesFeature } from './tokenLosses.ts';

export const features: readonly Feature[] = [
  diagnosticsFeature,
  datasetDiagnosticsFeature,
  completionFeature,
  hoverFeature,
  codeActionsFeature,
  effectiveConfigFeature,
  lensFeature,
  tokenLossesFeature,
  outlineFeature,
  referencesFeature,
  codeLensFeature,
  inlayHintsFeature,
];
