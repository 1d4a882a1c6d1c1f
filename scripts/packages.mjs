// The packages that the extension loads when they are first needed (scripts/bundles.mjs).
export { Ajv } from 'ajv';
export { watch } from 'chokidar';
