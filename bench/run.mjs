// Starts our trainer on a config as a user would, and reads from its events what the run took.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Runs a command to its end and returns its standard output; its standard error is shown only when it fails. */
export async function execute(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) child[name].on('data', (piece) => (output[name] += piece));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}\n${output.stderr.slice(-2000)}`);
  return output.stdout;
}

/**
 * Trains in a new temporary folder. `files` are laid there first: name → text; one of them is the config. `env`: environment
 * variables beside this process's own.
 * @returns events of the run, when it was begun, and what follows from them: useful tokens/s from the second step on, memory, losses.
 */
export async function trainOnce(config, files, env = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'finetune-bench-'));
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const begun = Date.now();
    const options = { cwd: folder, env: { ...process.env, ...env } };
    await execute(process.execPath, [resolve('dist/cli.js'), 'start', config, '--json'], options);
    const wallSeconds = (Date.now() - begun) / 1000;
    const [id] = await readdir(join(folder, '.finetune', 'runs'));
    const text = await readFile(join(folder, '.finetune', 'runs', id, 'events.jsonl'), 'utf8');
    const events = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const steps = events.filter((event) => event.type === 'step');
    const later = steps.slice(1);
    const sum = (field) => later.reduce((total, step) => total + step[field], 0);
    const finished = events.find((event) => event.type === 'finished');
    return {
      events,
      begun,
      wallSeconds,
      tokensPerSecond: sum('tokens') / sum('seconds'),
      peakMemory: finished.took.peak_memory_bytes,
      losses: steps.map((step) => step.loss),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Rows of cells as an aligned table; the first column to the left, the others to the right. */
export function table(rows) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  return rows
    .map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '))
    .join('\n');
}
