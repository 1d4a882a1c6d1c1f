// Names inside a run folder, in one place. What each file is for: docs/run-folder.md.

import path from 'node:path';

export interface RunPaths {
  readonly folder: string;
  readonly manifest: string;
  readonly events: string;
  readonly samples: string;
  readonly log: string;
  readonly heartbeat: string;
  readonly control: string;
  readonly locks: string;
  readonly checkpoints: string;
  readonly adapter: string;
  readonly model: string;
}

/** Absolute paths of what a run folder holds. */
export function runPaths(folder: string): RunPaths {
  const root = path.resolve(folder);
  return {
    folder: root,
    manifest: path.join(root, 'run.json'),
    events: path.join(root, 'events.jsonl'),
    samples: path.join(root, 'samples.jsonl'),
    log: path.join(root, 'trainer.log'),
    heartbeat: path.join(root, 'heartbeat.json'),
    control: path.join(root, 'control'),
    locks: path.join(root, 'locks'),
    checkpoints: path.join(root, 'checkpoints'),
    adapter: path.join(root, 'adapter'),
    model: path.join(root, 'model'),
  };
}

/** Where the runs of a workspace lie: `<directory>/.finetune/runs`. */
export function runsFolderOf(directory: string): string {
  return path.join(path.resolve(directory), '.finetune', 'runs');
}

/** The copy of the config that the run was started from, in the same notation. */
export function configCopy(folder: string, configFile: string): string {
  return path.join(folder, `config${path.extname(configFile) || '.yaml'}`);
}

/** A path inside the run folder as events name it: relative, with forward slashes. */
export function relativeName(folder: string, file: string): string {
  return path.relative(folder, file).split(path.sep).join('/');
}
