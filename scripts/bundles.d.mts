// Types of bundles.mjs for the test that looks inside the bundles.
import type { BuildOptions } from 'esbuild';
export const external: readonly string[];
export const bundleOptions: Omit<BuildOptions, 'entryPoints' | 'metafile'> & {
  readonly metafile: true;
  readonly entryPoints: Record<string, string>;
};
