// What the quickstart consists of on disk: a config, the rows it learns from and the rows it is measured on.
import { readFile } from 'node:fs/promises';
import { packageFile } from '../../platform/packageFile.ts';
import { problem } from '../../protocol/problem.ts';

export interface QuickstartFiles {
  readonly config: string;
  readonly model: string;
  readonly train: string;
  readonly heldOut: string;
}

export const quickstartFiles: QuickstartFiles = {
  config: packageFile('examples/quickstart/quickstart.finetune.yaml'),
  model: packageFile('examples/quickstart/starter-model'),
  train: packageFile('examples/quickstart/orders.train.jsonl'),
  heldOut: packageFile('examples/quickstart/orders.held-out.jsonl'),
};

/** A question and the one answer that counts as right. */
export interface HeldOutRow {
  readonly instruction: string;
  readonly output: string;
}

/** Throws `cli/broken-example` where a line is not a row: the checkout has been changed. */
export async function readHeldOutRows(file: string = quickstartFiles.heldOut): Promise<HeldOutRow[]> {
  const lines = (await readFile(file, 'utf8')).split(/\r?\n/);
  return lines.flatMap((text, i) => {
    if (text === '') return [];
    const row = rowOf(text);
    if (row) return [row];
    const message = 'A row of the quickstart needs the texts instruction and output.';
    throw problem('cli/broken-example', message, { file, line: i + 1 });
  });
}

function rowOf(text: string): HeldOutRow | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const instruction: unknown = Reflect.get(value, 'instruction');
    const output: unknown = Reflect.get(value, 'output');
    return typeof instruction === 'string' && typeof output === 'string' ? { instruction, output } : undefined;
  } catch {
    return undefined;
  }
}
