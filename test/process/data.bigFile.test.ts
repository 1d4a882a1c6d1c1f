import { spawn, spawnSync } from 'node:child_process';
import { createWriteStream, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';

// A dataset is never in memory: 200 MB of rows go through a heap of 48 MB, and one line of 100 MB does no harm.

const folder = mkdtempSync(path.join(tmpdir(), 'finetune-big-'));
const program = path.join(folder, 'prepare.mjs');
const heapMb = 48;

/** Reads, detects, converts, hashes and caches like a run does; one "token" a character of the output. */
const source = `
  import { prepareRows } from '${path.resolve(import.meta.dirname, '../../src/data/prepare/prepareRows.ts').replaceAll('\\', '/')}';
  import { ProblemError } from '${path.resolve(import.meta.dirname, '../../src/protocol/problem.ts').replaceAll('\\', '/')}';
  const [baseDirectory, train] = process.argv.slice(2);
  const tokens = new Int32Array(64).fill(7);
  const mask = new Uint8Array(64).fill(1);
  const encoder = { identity: {}, encode: () => ({ tokens, mask, lostTokens: 0, findings: [] }) };
  try {
    const data = await prepareRows({ baseDirectory, train, validation: 0.01, format: 'auto', columns: {}, cacheDirectory: baseDirectory + '/cache' }, encoder);
    const last = data.train.row(data.train.length - 1);
    console.log(JSON.stringify({ rows: data.report.train.totals.rows, tokens: data.report.train.totals.tokens, last: last.tokens.length, peakMb: process.resourceUsage().maxRSS / 1024 }));
    data.close();
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    console.log(JSON.stringify({ problems: error.problems, peakMb: process.resourceUsage().maxRSS / 1024 }));
  }
`;

beforeAll(async () => {
  await build({
    stdin: { contents: source, resolveDir: import.meta.dirname, loader: 'ts' },
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    // Ajv is CommonJS inside.
    banner: {
      js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
    },
  });
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function writeStream(name: string, pieces: Iterable<string>): Promise<string> {
  const file = path.join(folder, name);
  const stream = createWriteStream(file);
  for (const piece of pieces) if (!stream.write(piece)) await once(stream, 'drain');
  stream.end();
  await once(stream, 'finish');
  return file;
}

interface Outcome {
  readonly rows?: number;
  readonly tokens?: number;
  readonly last?: number;
  readonly peakMb: number;
  readonly problems?: readonly { code: string; message: string; place?: { file: string; line?: number } }[];
}

function prepare(name: string): Outcome {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [`--max-old-space-size=${heapMb}`, program, folder, name],
    { encoding: 'utf8' },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as Outcome;
}

/** Rows of about 2 kB, ten thousand to a piece; as lines, or as the elements of one array. */
function* rows(count: number, separator: string): Generator<string> {
  const filler = 'Ein Satz mit Umlauten äöü und 😀, '.repeat(45);
  for (let i = 0; i < count; i += 1000) {
    const piece = Array.from({ length: 1000 }, (_, k) =>
      JSON.stringify({ instruction: `question ${i + k}`, output: `${filler}${i + k}` }),
    );
    yield `${i === 0 ? '' : separator}${piece.join(separator)}`;
  }
}

test('200 MB of JSON Lines through a small heap', async () => {
  const file = await writeStream('big.jsonl', rows(100_000, '\n'));
  expect(statSync(file).size).toBeGreaterThan(180e6);
  const outcome = prepare('big.jsonl');
  expect(outcome).toMatchObject({ rows: 100_000, tokens: 6_400_000, last: 64 });
  expect(outcome.peakMb).toBeLessThan(260);
});

test('one JSON array of 60 MB on a single line', async () => {
  await writeStream(
    'big.json',
    (function* () {
      yield '[';
      yield* rows(30_000, ',');
      yield ']';
    })(),
  );
  const outcome = prepare('big.json');
  expect(outcome).toMatchObject({ rows: 30_000 });
  expect(outcome.peakMb).toBeLessThan(260);
});

test('a line of 100 MB is an error that names it; the process lives', async () => {
  await writeStream(
    'line.jsonl',
    (function* () {
      yield '{"instruction": "q", "output": "a"}\n{"instruction": "q", "output": "';
      for (let i = 0; i < 100; i += 1) yield 'x'.repeat(1 << 20);
      yield '"}\n{"instruction": "q", "output": "a"}\n';
    })(),
  );
  const { problems, peakMb } = prepare('line.jsonl');
  expect(problems).toMatchObject([{ code: 'data/row-too-large', place: { file: 'line.jsonl', line: 2 } }]);
  expect(problems![0]!.message).toContain('100.0 MiB');
  expect(peakMb).toBeLessThan(400);
});

test('killed while it writes the cache, then three at once: one intact entry', async () => {
  await writeStream('shared.jsonl', rows(20_000, '\n'));
  rmSync(path.join(folder, 'cache'), { recursive: true, force: true });
  const entries = () =>
    existsSync(path.join(folder, 'cache', 'data')) ? readdirSync(path.join(folder, 'cache', 'data')) : [];

  const killed = spawn(process.execPath, [program, folder, 'shared.jsonl'], { stdio: 'ignore' });
  const ended = once(killed, 'exit');
  while (!entries().some((name) => name.includes('.tmp-'))) {
    if (killed.exitCode !== null) throw new Error('the program ended before it could be killed');
    await new Promise((resolve) => setImmediate(resolve));
  }
  killed.kill('SIGKILL');
  await ended;
  expect(entries().filter((name) => !name.includes('.tmp-'))).toEqual([]);

  const outcomes = await Promise.all(
    [1, 2, 3].map(async () => {
      const child = spawn(process.execPath, [program, folder, 'shared.jsonl'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let stdout = '';
      child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
      await once(child, 'close');
      return JSON.parse(stdout) as Outcome;
    }),
  );
  expect(outcomes.map((outcome) => outcome.rows)).toEqual([20_000, 20_000, 20_000]);
  expect(entries().filter((name) => !name.includes('.tmp-'))).toHaveLength(1);
  expect(entries()).toHaveLength(2); // the killed one's left-over is younger than a day
});
