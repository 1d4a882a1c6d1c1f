// Speed and memory of dataset linting: writes a file of one GB (or `--megabytes N`), checks it in a process of its own, removes it.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { megabytes: { type: 'string', default: '1000' } } });
const megabytes = Number(values.megabytes);
const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'lint-bench-'));

try {
  const file = join(folder, 'chat.jsonl');
  const bytes = writeChats(file, megabytes * 1e6);
  console.log('| what | MB/s | peak memory |\n| --- | ---: | ---: |');
  for (const [name, ...options] of [['without near duplicates', '--no-near-duplicates'], ['all rules']]) {
    const { seconds, peak } = measure([cli, 'check', file, '--json', ...options]);
    console.log(`| ${name} | ${(bytes / 1e6 / seconds).toFixed(0)} | ${(peak / 1e6).toFixed(0)} MB |`);
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** Wall time, and the most memory that the process held. */
function measure(args) {
  const report = `process.on('exit', () => process.stderr.write(' peak ' + process.resourceUsage().maxRSS));`;
  const started = performance.now();
  const preload = `--import=data:text/javascript,${encodeURIComponent(report)}`;
  const { stderr, status } = spawnSync(process.execPath, [preload, ...args], { encoding: 'utf8', maxBuffer: 1e9 });
  if (status !== 0 && status !== 1) throw new Error(`the check ended with ${status}: ${stderr}`);
  const kilobytes = Math.max(...Array.from(stderr.matchAll(/ peak (\d+)/g), ([, value]) => Number(value)));
  return { seconds: (performance.now() - started) / 1000, peak: 1024 * kilobytes };
}

/** Chats of about one kilobyte, made of random words so that no two are alike. */
function writeChats(file, size) {
  const descriptor = openSync(file, 'w');
  let [written, seed] = [0, 1];
  const below = (n) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * n);
  };
  const words = Array.from({ length: 4096 }, (_, i) => i.toString(36).replace(/\d/g, (d) => 'aeioubcdfg'[d]) + 'n');
  const text = (count) => Array.from({ length: count }, () => words[below(words.length)]).join(' ');
  while (written < size) {
    let block = '';
    for (let i = 0; i < 1000; i += 1) {
      const turns = [1, 2].flatMap(() => [
        { role: 'user', content: text(30) },
        { role: 'assistant', content: text(70) },
      ]);
      block += `${JSON.stringify({ messages: turns })}\n`;
    }
    written += writeSync(descriptor, block);
  }
  closeSync(descriptor);
  return written;
}
