// Types of compiledSchemas.mjs for its test.
import type { Plugin } from 'esbuild';
export const compiledSchemas: Plugin;
