// Tries something risky (loading a native library, opening a device) in a process of its own with a time limit.
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { askTool } from './tool.ts';

export interface ProbeResult {
  readonly usable: boolean;
  /** One line: what was found, or why it is not usable. */
  readonly reason: string;
}

/** Where child processes resolve packages from: this file's folder lies inside the installed package. */
const here = dirname(fileURLToPath(import.meta.url));

/**
 * Runs a program (source text of an ES module) in a child process. The program loads what it wants to try and prints
 * one line of JSON, `{"usable": true, "reason": "…"}`, last. A crash, an exception, silence or a time-out make the thing
 * not usable, with the reason in one line; this function never throws.
 */
export async function probe(program: string, timeout = 20_000): Promise<ProbeResult> {
  const answer = await askTool(process.execPath, ['--input-type=module', '--eval', program], { timeout, cwd: here });
  const told = lastResult(answer.stdout);
  if (told) return told;
  if (answer.ok) return { usable: false, reason: 'the check ended without an answer' };
  if (/did not answer/.test(answer.reason)) {
    return { usable: false, reason: `the check did not end within ${(timeout / 1000).toFixed(0)} s` };
  }
  const reason = reasonFromError(answer.stderr) ?? answer.reason.replace(process.execPath, 'the check');
  return { usable: false, reason: oneLine(reason) };
}

/** The last line of stdout that is a result; libraries print their own lines before and after. */
export function lastResult(stdout: string): ProbeResult | undefined {
  for (const line of stdout.split('\n').reverse()) {
    if (!line.startsWith('{')) continue;
    try {
      const value: unknown = JSON.parse(line);
      if (typeof value === 'object' && value !== null && 'usable' in value && 'reason' in value) {
        return { usable: value.usable === true, reason: oneLine(String(value.reason)) };
      }
    } catch {
      continue; // a library's own line that only looks like JSON
    }
  }
  return undefined;
}

/** The sentence in Node's report of an uncaught error: `Error: …` or `Error [CODE]: …`. */
export function reasonFromError(stderr: string): string | undefined {
  const missing = /Cannot find (?:package|module) '([^']+)'/.exec(stderr)?.[1];
  if (missing) return `${missing} is not installed`;
  const line = stderr.split('\n').find((text) => /^(?:\w*Error|Uncaught)\b.*:/.test(text));
  return line ? oneLine(line.replace(/^(?:Uncaught )?\w*Error(?: \[\w+\])?: /, '')) : undefined;
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 200 ? `${line.slice(0, 199)}…` : line;
}
