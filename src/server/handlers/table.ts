// Everything that the server does, in one list.
import { diagnosticsFeature } from './diagnostics.ts';
import { effectiveConfigFeature } from './effectiveConfig.ts';
import type { Feature } from './feature.ts';

export const features: readonly Feature[] = [diagnosticsFeature, effectiveConfigFeature];
