// manifest.json of a checkpoint: the size and sha256 of every file, written last. Without it, or at odds with it: no checkpoint.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { describeSchemaError, lazyValidator } from '../../protocol/validate.ts';

export const checkpointFormat = 1;
export const manifestName = 'manifest.json';

export interface CheckpointManifest {
  readonly format: number;
  readonly step: number;
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

const validator = lazyValidator<CheckpointManifest>({
  type: 'object',
  additionalProperties: false,
  required: ['format', 'step', 'files'],
  properties: {
    format: { type: 'integer' },
    step: { type: 'integer', minimum: 0 },
    files: {
      type: 'object',
      minProperties: 1,
      additionalProperties: {
        type: 'object',
        additionalProperties: false,
        required: ['bytes', 'sha256'],
        properties: { bytes: { type: 'integer', minimum: 0 }, sha256: { type: 'string', pattern: '^[0-9a-f]{64}$' } },
      },
    },
  },
});

/** Measures the files of a folder. `names` have no folders in them. */
export async function describeFiles(
  folder: string,
  step: number,
  names: readonly string[],
): Promise<CheckpointManifest> {
  const files: Record<string, { bytes: number; sha256: string }> = {};
  for (const name of names) {
    const file = path.join(folder, name);
    files[name] = { bytes: (await stat(file)).size, sha256: await sha256Of(file) };
  }
  return { format: checkpointFormat, step, files };
}

/** What is wrong with a checkpoint folder, as a sentence; undefined when every byte is as it was written. */
export async function findFault(folder: string): Promise<string | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path.join(folder, manifestName), 'utf8'));
    const validate = validator();
    if (!validate(value)) return `its manifest ${describeSchemaError(validate.errors)}`;
    if (value.format !== checkpointFormat) {
      return `it has format ${value.format}, and this version reads format ${checkpointFormat}`;
    }
    for (const [name, expected] of Object.entries(value.files)) {
      if (name !== path.basename(name)) return `its manifest names a file outside of it (${name})`;
      const file = path.join(folder, name);
      const { size } = await stat(file);
      if (size !== expected.bytes) return `${name} has ${size} bytes instead of ${expected.bytes}`;
      if ((await sha256Of(file)) !== expected.sha256) return `${name} was changed after it was written`;
    }
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
    if (chunk instanceof Uint8Array) hash.update(chunk);
  }
  return hash.digest('hex');
}
