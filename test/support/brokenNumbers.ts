// Makes the numbers of a checkpoint what they are after training has diverged: written as they are, and not finite.

import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describeFiles, manifestName, type CheckpointManifest } from '../../src/trainer/checkpoint/manifest.ts';

/** The last number of a safetensors file in a checkpoint becomes `number`; the manifest agrees with it. */
export async function breakNumber(checkpoint: string, file: string, number: number): Promise<void> {
  const place = path.join(checkpoint, file);
  const bytes = await readFile(place);
  bytes.writeFloatLE(number, bytes.length - 4);
  await writeFile(place, bytes);
  const manifest = path.join(checkpoint, manifestName);
  const { step, files } = JSON.parse(await readFile(manifest, 'utf8')) as CheckpointManifest;
  await writeFile(manifest, JSON.stringify(await describeFiles(checkpoint, step, Object.keys(files))));
}
