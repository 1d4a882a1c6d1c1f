// Reads and changes the sidecar of a dataset, so that a row that is excluded here is left out of training.
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ExclusionChange } from '../data/exclusions.ts';
import { errorCode } from '../data/read/fileBytes.ts';
import { defaultSettings, type LintSettings } from '../lint/settings.ts';

/** What a sidecar says. */
export interface SidecarState {
  readonly excluded: ReadonlySet<string>;
  readonly lint: LintSettings;
}

/** Comparing all rows for likeness takes longer than a preview may; `finetune check` does it. */
function withoutLikeness(settings: LintSettings): LintSettings {
  return { ...settings, severities: { ...settings.severities, 'quality/near-duplicate': 'off' } };
}

export const noSidecar: SidecarState = { excluded: new Set(), lint: withoutLikeness(defaultSettings) };

/** Throws a ProblemError for a sidecar that cannot be read. */
export async function readSidecar(dataset: string): Promise<SidecarState> {
  const file = `${dataset}.lint.yaml`;
  const text = await textOf(file);
  if (text === '') return noSidecar;
  // The YAML parser is large, and most datasets have no sidecar.
  const [{ parseSidecar }, { readExclusions }] = await Promise.all([
    import('../lint/sidecar.ts'),
    import('../data/exclusions.ts'),
  ]);
  const said = parseSidecar(text, path.basename(file));
  return { excluded: await readExclusions(dataset), lint: withoutLikeness({ ...defaultSettings, ...said }) };
}

/** Writes the changes; a sidecar that says nothing any more is removed. */
export async function writeExclusions(dataset: string, changes: readonly ExclusionChange[]): Promise<void> {
  const { changeExclusions, sidecarPath } = await import('../data/exclusions.ts');
  const file = sidecarPath(dataset);
  const changed = changeExclusions(await textOf(file), changes, file);
  if (changed === '') {
    await rm(file, { force: true });
    return;
  }
  const temporary = `${file}.${process.pid}.part`;
  await writeFile(temporary, changed);
  await rename(temporary, file);
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return '';
    throw error;
  }
}
