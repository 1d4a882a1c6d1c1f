// Bad input through the built command line: an exit code of the contract, a sentence that names file and place, no
// stack trace, and nothing of the person's own changed.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeTinyData, writeTinyModel } from '../support/tinyModelFolder.ts';

const cli = path.resolve(import.meta.dirname, '../../dist/cli.js');
let folder: string;
const at = (...names: string[]): string => path.join(folder, ...names);

interface Ended {
  readonly code: number;
  readonly text: string;
}

function finetune(args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Promise<Ended> {
  return command([process.execPath, cli, ...args], options);
}

function command(
  [program = '', ...args]: string[],
  { cwd = folder, env = {} }: { cwd?: string; env?: NodeJS.ProcessEnv },
) {
  const environment = { ...process.env, FINETUNE_CACHE: at('.cache'), NO_COLOR: '1', ...env };
  return new Promise<Ended>((done) => {
    execFile(program, args, { cwd, env: environment }, (error, stdout, stderr) => {
      done({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, text: stdout + stderr });
    });
  });
}

/** A stack trace, as V8 writes it. */
const trace = /^\s+at .*:\d+/m;

const base = {
  version: 1,
  model: './model',
  device: 'cpu',
  threads: 1,
  data: { train: 'train.jsonl', validation: 0.2, max_length: 128 },
  training: { max_steps: 2 },
};

async function writeConfig(name: string, changes: object): Promise<string> {
  const file = `${name.replaceAll(/\W+/g, '-')}.finetune.json`;
  await writeFile(at(file), JSON.stringify({ ...base, ...changes }));
  return file;
}

/** Every file of the person's own, with size and time of the last change. */
async function ownFiles(): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => !/[/\\]\.(finetune|cache)[/\\]/.test(file));
  return Promise.all(
    files.map(async (file) => {
      const { size, mtimeMs } = await stat(file);
      return `${path.relative(folder, file)} ${size} ${mtimeMs}`;
    }),
  );
}

let rows: string[];
let weights: Buffer;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'finetune-bad-'));
  await writeTinyModel(at('model'));
  await writeTinyData(at('train.jsonl'), 20);
  rows = (await readFile(at('train.jsonl'), 'utf8')).trimEnd().split('\n');
  weights = await readFile(at('model/model.safetensors'));
  await writeFile(at('notes.txt'), 'mine');
});
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

/** Runs check and start on a config; both must fail alike, and leave everything else as it was. */
async function expectRefused(config: string, code: 1 | 2, told: RegExp): Promise<void> {
  const before = await ownFiles();
  for (const { code: found, text } of await Promise.all([finetune(['check', config]), finetune(['start', config])])) {
    expect(text).toMatch(told);
    expect(text).not.toMatch(trace);
    expect(found, text).toBe(code);
  }
  expect(await ownFiles()).toEqual(before);
}

const lines = (...changed: (string | Buffer)[]): Buffer =>
  Buffer.concat([...rows.slice(0, 3), ...changed].map((line) => Buffer.concat([Buffer.from(line), Buffer.from('\n')])));

async function writeBigLine(file: string): Promise<void> {
  const handle = await open(file, 'w');
  try {
    await handle.write('{"instruction":"a","output":"b"}\n{"instruction":"a","output":"');
    const block = Buffer.alloc(1 << 20, 'x');
    for (let i = 0; i < 100; i++) await handle.write(block);
    await handle.write('"}\n');
  } finally {
    await handle.close();
  }
}

describe('data', () => {
  const cases: [name: string, content: () => string | Buffer, told: RegExp][] = [
    ['truncated.jsonl', () => rows.join('\n').slice(0, -5), /^truncated\.jsonl:20:\d+: error: .*not complete/m],
    ['utf16.jsonl', () => Buffer.from(`\ufeff${rows.join('\n')}`, 'utf16le'), /^utf16\.jsonl:1:1: error: .*UTF-16/m],
    [
      'latin1.jsonl',
      () => lines(Buffer.from('{"instruction":"café","output":"x"}', 'latin1')),
      /^latin1\.jsonl:4:20: error: .*not UTF-8/m,
    ],
    ['nul.jsonl', () => lines('{"instruction":"a\0b","output":"c"}'), /^nul\.jsonl:4:18: error: .*NUL byte/m],
    ['nul-block.jsonl', () => lines(Buffer.alloc(64)), /^nul-block\.jsonl:4:1: error: .*NUL byte/m],
    ['empty.jsonl', () => '', /^empty\.jsonl: error: .*is empty/m],
    ['blank.jsonl', () => '\n\n', /^blank\.jsonl: error: .*no rows/m],
    [
      'wrong-types.jsonl',
      () => lines('{"instruction":5,"output":["x"]}', '[1]'),
      /wrong-types\.jsonl:4:16: .*"instruction" should be a text/,
    ],
    ['not-json.jsonl', () => lines('instruction: a'), /^not-json\.jsonl:4:1: error: /m],
    [
      'truncated.json',
      () => `[${rows.slice(0, 3).join(',')},{"instruction":`,
      /^truncated\.json:1:\d+: error: .*cut off/m,
    ],
    [
      'broken.jsonl.gz',
      () => Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]),
      /^broken\.jsonl\.gz: error: .*(damaged|cut off)/m,
    ],
    ['broken.parquet', () => `PAR1${'\0'.repeat(40)}PAR1`, /^broken\.parquet: error: .*cannot be read as Parquet/m],
  ];
  test.each(cases)('%s', async (name, content, told) => {
    await writeFile(at(name), content());
    await expectRefused(await writeConfig(name, { data: { ...base.data, train: name } }), 1, told);
  });

  test('a line of 100 MB', async () => {
    await writeBigLine(at('big-line.jsonl'));
    const config = await writeConfig('big-line', { data: { ...base.data, train: 'big-line.jsonl' } });
    await expectRefused(config, 1, /^big-line\.jsonl:2:1: error: The row is .* MiB long/m);
    await rm(at('big-line.jsonl'));
  });
});

describe('models', () => {
  const headerOf = (length: bigint): Buffer => {
    const bytes = Buffer.from(weights);
    bytes.writeBigUInt64LE(length);
    return bytes;
  };
  const configJson = async (changes: object): Promise<string> =>
    JSON.stringify({ ...(JSON.parse(await readFile(at('model/config.json'), 'utf8')) as object), ...changes });
  /** What a file of the model is replaced by; undefined removes it. */
  const cases: [
    name: string,
    file: string,
    content: () => string | Buffer | undefined | Promise<string>,
    told: RegExp,
  ][] = [
    [
      'weights cut off in the header',
      'model.safetensors',
      () => weights.subarray(0, 100),
      /model\.safetensors: error: .*header claims \d+ bytes/,
    ],
    [
      'weights cut off behind it',
      'model.safetensors',
      () => weights.subarray(0, -500),
      /model\.safetensors: error: .*500 bytes shorter/,
    ],
    [
      'a header of 2^60 bytes',
      'model.safetensors',
      () => headerOf(1n << 60n),
      /model\.safetensors: error: .*header claims/,
    ],
    [
      'a header that is no JSON',
      'model.safetensors',
      () => headerOf(9n),
      /model\.safetensors: error: .*header is not a JSON object/,
    ],
    ['empty weights', 'model.safetensors', () => '', /model\.safetensors: error: .*0 bytes/],
    ['no weights', 'model.safetensors', () => undefined, /no-weights: error: .*neither model\.safetensors/],
    ['no config.json', 'config.json', () => undefined, /no-config-json: error: .*no config\.json/],
    [
      'NaN in config.json',
      'config.json',
      async () => (await configJson({ rms_norm_eps: 'here' })).replace('"here"', 'NaN'),
      /config\.json:1:\d+: error: .*there is NaN/,
    ],
    [
      'an unknown architecture',
      'config.json',
      () => configJson({ model_type: 'mamba' }),
      /config\.json: error: .*"mamba"/,
    ],
    [
      'a text for a number',
      'config.json',
      () => configJson({ hidden_size: '32' }),
      /config\.json: error: .*"hidden_size": "32"/,
    ],
    ['a wrong size', 'config.json', () => configJson({ hidden_size: 64 }), /wrong-size: error: /],
    ['a broken tokenizer', 'tokenizer.json', () => '{"model": {', /tokenizer\.json:1:12: error: .*not valid JSON/],
    ['an empty tokenizer', 'tokenizer.json', () => '{}', /tokenizer\.json: error: .*no "model"/],
    ['no tokenizer', 'tokenizer.json', () => undefined, /no-tokenizer: error: .*no tokenizer\.json/],
    [
      'a broken template',
      'chat_template.jinja',
      () => '{% for m in messages %}{{ m.content ',
      /a-broken-template.*not valid Jinja/,
    ],
  ];
  test.each(cases)('%s', async (name, file, content, told) => {
    const model = name.replaceAll(/\W+/g, '-');
    await cp(at('model'), at(model), { recursive: true });
    const bytes = await content();
    if (bytes === undefined) await rm(at(model, file));
    else await writeFile(at(model, file), bytes);
    await expectRefused(await writeConfig(model, { model: `./${model}` }), 1, told);
  });

  test.each([
    ['no-gguf.gguf', Buffer.from('NOPE'.repeat(20)), /no-gguf\.gguf: error: .*letters GGUF/],
    ['count.gguf', Buffer.from('4747554603000000000000000000100003000000000000', 'hex'), /count\.gguf: error: /],
    [
      'version.gguf',
      Buffer.concat([Buffer.from('GGUF\x63\0\0\0', 'latin1'), Buffer.alloc(99)]),
      /version\.gguf: error: .*version 99/,
    ],
    ['empty.gguf', Buffer.alloc(0), /empty\.gguf: error: .*0 bytes/],
  ])('%s', async (name, content, told) => {
    await writeFile(at(name), content);
    await expectRefused(await writeConfig(name, { model: `./${name}` }), 1, told);
  });

  const adapterConfig = JSON.stringify({ peft_type: 'LORA', r: 4, lora_alpha: 8, target_modules: ['q_proj'] });
  const adapters: [name: string, files: () => Record<string, string | Buffer>, told: RegExp][] = [
    ['an empty adapter', () => ({ 'README.md': '' }), /an-empty-adapter: error: .*no adapter_config\.json/],
    [
      'an adapter without weights',
      () => ({ 'adapter_config.json': adapterConfig }),
      /adapter_model\.safetensors: error: /,
    ],
    [
      'an adapter with a broken config',
      () => ({ 'adapter_config.json': '{"peft' }),
      /adapter_config\.json:1:\d+: error: /,
    ],
    [
      'an adapter with broken weights',
      () => ({ 'adapter_config.json': adapterConfig, 'adapter_model.safetensors': weights.subarray(0, 50) }),
      /adapter_model\.safetensors: error: .*header claims/,
    ],
    [
      'an adapter of other layers',
      () => ({ 'adapter_config.json': adapterConfig, 'adapter_model.safetensors': weights }),
      /adapter_model\.safetensors: error: /,
    ],
  ];
  test.each(adapters)('%s', async (name, files, told) => {
    const adapter = name.replaceAll(' ', '-');
    await mkdir(at(adapter));
    for (const [file, content] of Object.entries(files())) await writeFile(at(adapter, file), content);
    await expectRefused(await writeConfig(adapter, { lora: { init_from: `./${adapter}` } }), 1, told);
  });
});

describe('places that cannot be written', () => {
  test('an output below a file is refused before the run', async () => {
    const config = await writeConfig('output', { output: 'notes.txt/out' });
    await expectRefused(config, 2, /^output\.finetune\.json:1:\d+: error: .*notes\.txt is a file/m);
    expect(await readFile(at('notes.txt'), 'utf8')).toBe('mine');
  });

  test('a run folder below a file', async () => {
    // Elsewhere: runs would go to the nearest parent that has some.
    const other = await mkdtemp(path.join(tmpdir(), 'finetune-bad-'));
    await writeFile(path.join(other, '.finetune'), 'mine');
    const { code, text } = await finetune(['start', at(await writeConfig('run-folder', {}))], { cwd: other });
    expect([code, text]).toEqual([
      1,
      expect.stringMatching(/\.finetune.*: error: The run folder cannot be made: .*file/),
    ]);
    expect(text).not.toMatch(trace);
    expect(await readFile(path.join(other, '.finetune'), 'utf8')).toBe('mine');
    await rm(other, { recursive: true });
  });

  test('a cache below a file', async () => {
    const config = await writeConfig('cache', {});
    const env = { FINETUNE_CACHE: at('notes.txt', 'cache') };
    for (const verb of ['check', 'start']) {
      const { code, text } = await finetune([verb, config], { env });
      expect([code, text]).toEqual([1, expect.stringMatching(/error: The token cache in .*FINETUNE_CACHE/)]);
      expect(text).not.toMatch(trace);
    }
  });

  test('a trainer that ends before it begins: told with its exit code, and told again to whoever watches', async () => {
    const config = await writeConfig('stillborn', {});
    const program = `if (process.argv[1]?.endsWith('trainer.js')) { console.error('born dead'); process.exit(7); }`;
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(program)}` };
    const { code, text } = await finetune(['start', config], { env });
    expect([code, text]).toEqual([
      7,
      expect.stringContaining('error: the trainer ended with exit code 7 before it could say why.'),
    ]);
    const id = /^Run (\S+)/m.exec(text)?.[1] ?? '';
    expect(await readFile(at('.finetune/runs', id, 'trainer.log'), 'utf8')).toBe('born dead\n');
    const { code: watched, text: seen } = await finetune(['watch', id]);
    expect([watched, seen]).toEqual([1, expect.stringContaining('error: the trainer is gone, and has not said why.')]);
  });

  test.skipIf(process.platform === 'win32')(
    'a disk that is full: told in words, the trace is in trainer.log',
    async () => {
      const config = await writeConfig('disk', {});
      // A limit on the size of files stands in for the disk: see trainerLife.test.ts.
      const limited = `trap '' XFSZ; ulimit -f 100; exec "$@"`;
      const { code, text } = await command(['sh', '-c', limited, 'sh', process.execPath, cli, 'start', config], {});
      expect([code, text]).toEqual([1, expect.stringMatching(/runs.disk-.*: error: The disk is full/)]);
      expect(text).not.toMatch(trace);
      const id = /^Run (\S+)/m.exec(text)?.[1] ?? '';
      expect(await readFile(at('.finetune/runs', id, 'trainer.log'), 'utf8')).toMatch(trace);
      const { code: resumed, text: after } = await finetune(['resume', id]);
      expect([resumed, after]).toEqual([0, expect.stringContaining('Done after 2 steps')]);
    },
  );
});

describe('config and usage', () => {
  const cases: [name: string, args: string[], told: RegExp][] = [
    [
      'a config that is not there',
      ['check', 'nothing.finetune.yaml'],
      /^nothing\.finetune\.yaml: error: .*no such file/m,
    ],
    ['a config that is a folder', ['start', 'model'], /^model: error: .*a folder/m],
    ['a binary config', ['start', 'model/model.safetensors'], /^model\/model\.safetensors:1:\d+: error: /m],
    ['a config in UTF-16', ['check', 'utf16.finetune.yaml'], /^utf16\.finetune\.yaml:1:\d+: error: .*UTF-16/m],
    ['an unknown command', ['trian', 'x'], /unknown command 'trian'/],
    ['an unknown option', ['check', '--nothing', 'x'], /unknown option '--nothing'/],
    ['no config', ['start'], /missing required argument 'config'/],
    ['two configs', ['start', 'a', 'b'], /too many arguments/],
    ['an override without a value', ['check', 'a', '--set', 'seed'], /--set.*Write path=value/],
    [
      'an override of nothing',
      ['check', 'usage.finetune.json', '--set', 'trainng.epochs=1'],
      /Did you mean `training`/,
    ],
  ];
  test.each(cases)('%s', async (_name, args, told) => {
    await writeConfig('usage', {});
    await writeFile(at('utf16.finetune.yaml'), Buffer.from('\ufeffversion: 1\n', 'utf16le'));
    const { code, text } = await finetune(args);
    expect([code, text]).toEqual([2, expect.stringMatching(told)]);
    expect(text).not.toMatch(trace);
  });

  test('a run that is not there', async () => {
    for (const args of [
      ['watch', 'none'],
      ['stop', 'none'],
      ['resume', 'none'],
      ['generate', 'hi', '--run', 'none'],
    ]) {
      const { code, text } = await finetune(args);
      expect([code, text]).toEqual([
        1,
        expect.stringMatching(/error: (No run has an id that starts with 'none'|There are no runs)/),
      ]);
      expect(text).not.toMatch(trace);
    }
  });
});
