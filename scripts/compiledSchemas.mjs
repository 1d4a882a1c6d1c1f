// Checks of run folders, compiled by ajv when the extension is built: to load ajv and to compile them took the editor 40 ms
// before it could show the first run. Everywhere else `lazyValidator` compiles the same schemas when they are first used.

import { readFile } from 'node:fs/promises';
import { Ajv } from 'ajv';
import standaloneCode from 'ajv/dist/standalone/index.js';

/** An esbuild plugin: where sources import one of these schemas, the bundle has its `ValidateFunction`. */
export const compiledSchemas = {
  name: 'compiled-schemas',
  setup({ onLoad }) {
    onLoad({ filter: /schemas[\\/]run[^\\/]*\.json$/ }, async ({ path }) => {
      // The options of lazyValidator (src/protocol/validate.ts).
      const ajv = new Ajv({ discriminator: true, allowUnionTypes: true, code: { source: true, esm: true } });
      const withoutProse = (key, value) => (key === 'description' && typeof value === 'string' ? undefined : value);
      const validate = ajv.compile(JSON.parse(await readFile(path, 'utf8'), withoutProse));
      return { contents: standaloneCode.default(ajv, validate), loader: 'js' };
    });
  },
};
