// Speed and memory of dataset linting: writes a file of one GB (or `--megabytes N`), checks it in a process of its own, removes
// it. `--model <folder>`: tokenises the file by a config of that model instead, into a cache that is removed as well.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { megabytes: { type: 'string', default: '1000' }, model: { type: 'string' } },
});
const megabytes = Number(values.megabytes);
const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'lint-bench-'));

try {
  const file = join(folder, 'chat.jsonl');
  const bytes = writeChats(file, megabytes * 1e6);
  const load = loadavg()[0].toFixed(1);
  console.log(`${(bytes / 1e6).toFixed(0)} MB, ${cpus().length} cores, load ${load} before, Node ${process.version}\n`);
  if (values.model === undefined) lint(file, bytes);
  else tokenise(file, resolve(values.model));
} finally {
  rmSync(folder, { recursive: true });
}

function lint(file, bytes) {
  // Time of all cores together does not count what other programs take from them.
  console.log('| what | MB/s | MB per second of one core | peak memory |\n| --- | ---: | ---: | ---: |');
  for (const [name, ...options] of [
    ['form, chat and safety rules, exact duplicates', '--only', 'form', 'chat', 'safety', 'quality/duplicate'],
    [
      'the same with near duplicates',
      '--only',
      'form',
      'chat',
      'safety',
      'quality/duplicate',
      'quality/near-duplicate',
    ],
    ['all rules'],
  ]) {
    const { seconds, cpu, peak } = measure([cli, 'check', file, '--json', ...options]);
    console.log(
      `| ${name} | ${(bytes / 1e6 / seconds).toFixed(0)} | ${(bytes / 1e6 / cpu).toFixed(0)} | ${(peak / 1e6).toFixed(0)} MB |`,
    );
  }
}

function tokenise(file, model) {
  const config = join(folder, 'chat.finetune.yaml');
  const data = { train: file, format: 'messages', max_length: 2048 };
  writeFileSync(config, JSON.stringify({ version: 1, name: 'bench', model, device: 'cpu', method: 'lora', data }));
  const cache = { FINETUNE_CACHE: join(folder, 'cache') };
  const { seconds, cpu, peak, stdout } = measure([cli, 'check', config, '--json'], cache);
  const millions = JSON.parse(stdout).data.train.totals.tokens / 1e6;
  console.log(
    '| M tokens | M tokens/s | M tokens per second of one core | peak memory |\n| ---: | ---: | ---: | ---: |',
  );
  console.log(
    `| ${millions.toFixed(1)} | ${(millions / seconds).toFixed(2)} | ${(millions / cpu).toFixed(2)} | ${(peak / 1e6).toFixed(0)} MB |`,
  );
}

/** Wall time, time of all cores, and the most memory that the process held. */
function measure(args, environment = {}) {
  const report = `process.on('exit', () => { const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage(); process.stderr.write(' peak ' + maxRSS + ' cpu ' + (userCPUTime + systemCPUTime)); });`;
  const started = performance.now();
  const preload = `--import=data:text/javascript,${encodeURIComponent(report)}`;
  const { stdout, stderr, status } = spawnSync(process.execPath, [preload, ...args], {
    encoding: 'utf8',
    maxBuffer: 1e9,
    env: { ...process.env, ...environment },
  });
  if (status !== 0 && status !== 1) throw new Error(`the check ended with ${status}: ${stderr}`);
  const kilobytes = Math.max(...Array.from(stderr.matchAll(/ peak (\d+)/g), ([, value]) => Number(value)));
  const cpu = Math.max(...Array.from(stderr.matchAll(/ cpu (\d+)/g), ([, value]) => Number(value))) / 1e6;
  return { seconds: (performance.now() - started) / 1000, cpu, peak: 1024 * kilobytes, stdout };
}

/**
 * Chats of about one kilobyte as people write them: sentences with commas, numbers and line ends, now and then code, a
 * link, letters beyond ASCII; no two are alike. One in a thousand holds an e-mail address.
 */
function writeChats(file, size) {
  const descriptor = openSync(file, 'w');
  let [written, seed, row] = [0, 1, 0];
  const below = (n) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * n);
  };
  const words = Array.from({ length: 4096 }, (_, i) => i.toString(36).replace(/\d/g, (d) => 'aeioubcdfg'[d]) + 'n');
  const special = [
    'in 1987',
    'at 10:30',
    '3.5 %',
    'a, b and c',
    '“quoted”',
    'naïve',
    'https://example.org/a?b=1',
    'x < y',
    '`f(x)`',
  ];
  const word = () => (below(40) === 0 ? special[below(special.length)] : words[below(words.length)]);
  const sentence = () => `${Array.from({ length: 6 + below(14) }, word).join(' ')}${below(4) === 0 ? '!' : '.'}`;
  const text = (sentences) =>
    Array.from({ length: sentences }, sentence).join(below(3) === 0 ? '\n\n' : ' ') +
    (below(12) === 0 ? '\n```js\nlet a = [1, 2];\n```' : '');
  while (written < size) {
    let block = '';
    for (let i = 0; i < 1000; i += 1) {
      const turns = [1, 2].flatMap(() => [
        { role: 'user', content: text(2) },
        { role: 'assistant', content: text(6) },
      ]);
      row += 1;
      if (row % 1000 === 0) turns[0].content += ` Write to jane.doe${row}@gmail.com.`;
      block += `${JSON.stringify({ messages: turns })}\n`;
    }
    written += writeSync(descriptor, block);
  }
  closeSync(descriptor);
  return written;
}
