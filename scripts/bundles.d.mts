// Types of bundles.mjs for the test that looks inside the bundles.
import type { BuildOptions } from 'esbuild';
export const external: readonly string[];
type Bundle = Omit<BuildOptions, 'entryPoints' | 'metafile'> & {
  readonly metafile: true;
  readonly entryPoints: Record<string, string>;
};
export const bundleOptions: Bundle;
export const extensionBundle: Bundle;
export const packagesBundle: Bundle;
export const webviewBundle: Bundle;
export const bundles: readonly Bundle[];
