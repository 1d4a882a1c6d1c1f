// Tests inside the extension host: a list of named functions run one after another, and what came of them in a file.
import { writeFileSync } from 'node:fs';
import path from 'node:path';

export interface HostResult {
  readonly name: string;
  /** Absent when the test passed. */
  readonly failure?: string;
}

export interface HostReport {
  readonly results: readonly HostResult[];
  /** True when no test is left to run. */
  readonly done: boolean;
}

export interface HostTest {
  readonly name: string;
  readonly run: () => Promise<void> | void;
}

/** The report lies beside the bundle of tests. */
export const reportName = 'host-report.json';
/** In milliseconds. */
const limit = 150_000;

/** Runs all and writes the report after each, so that one that hangs the editor is known by name. */
export async function runTests(tests: readonly HostTest[]): Promise<void> {
  const results: HostResult[] = [];
  for (const { name, run } of tests) {
    const failure = await failureOf(run);
    results.push(failure === undefined ? { name } : { name, failure });
    const report: HostReport = { results, done: results.length === tests.length };
    writeFileSync(path.join(__dirname, reportName), JSON.stringify(report));
  }
}

async function failureOf(run: HostTest['run']): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${limit / 1000} s`)), limit);
  });
  try {
    await Promise.race([run(), late]);
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  } finally {
    clearTimeout(timer);
  }
}

/** Tries again until the check does not throw; the last failure otherwise. */
export async function until<T>(check: () => T | Promise<T>, milliseconds = 100_000): Promise<T> {
  const end = Date.now() + milliseconds;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
