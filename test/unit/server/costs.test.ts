// What a config costs: found in the background, one at a time, given up when it changes; measured where its last run did;
// and how that is shown above the config and beside its fields.
import { mkdir, mkdtemp, realpath, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CodeLensRequest, InlayHintRequest } from 'vscode-languageserver/node';
import { parseConfig } from '../../../src/config/parse.ts';
import type { EventDraft, RunPlan } from '../../../src/protocol/events.ts';
import { trustRequest } from '../../../src/protocol/languageRequests.ts';
import { englishPhrases, say } from '../../../src/protocol/phrases.ts';
import { openEventLog } from '../../../src/runs/eventLog.ts';
import { runPaths, runsFolderOf } from '../../../src/runs/layout.ts';
import { readManifest, writeManifest } from '../../../src/runs/manifest.ts';
import { createRun } from '../../../src/runs/startRun.ts';
import { openEstimates, type CostQuestion, type CostState } from '../../../src/server/estimates.ts';
import { firstSentence } from '../../../src/server/runEstimate.ts';
import { costWords, estimatedCosts, measuredCosts, type Costs } from '../../../src/server/service/costs.ts';
import { derivedNumbers } from '../../../src/server/service/derivedNumbers.ts';
import { createReporter } from '../../../src/trainer/reporter.ts';
import { serveHere, type ClientOptions, type TestClient } from '../../support/languageClient.ts';

/** A loaded machine takes its time. */
const soon = (look: () => unknown) => vi.waitFor(look, { timeout: 15_000, interval: 10 });

const plan: RunPlan = {
  ...{ total_steps: 120, epochs: 3, steps_per_epoch: 40, rows_per_step: 16, train_rows: 640, validation_rows: 32 },
  ...{ train_tokens: 80_000, trained_tokens: 20_000, learning_rate: 2e-4 },
};
const took = {
  ...{ seconds: 61, steps: 100, tokens: 200_000, trained_tokens: 50_000, tokens_per_second: 3278 },
  ...{ peak_memory_bytes: 1.5e9, disk_bytes: 25e6 },
};
const estimates = { memory_bytes: 2e9, seconds: 250, disk_bytes: 20e6 };
const costs = estimatedCosts(estimates, plan, 8e9);

describe('in words', () => {
  test.each<[string, Costs, string[]]>([
    [
      'an estimate',
      costs,
      [
        '2.00 GB of 8.00 GB available',
        '120 steps in 4 min 10 s',
        '20.0 MB on disk',
        '25 % of tokens trained',
        'estimate',
      ],
    ],
    [
      'more than there is',
      estimatedCosts({ memory_bytes: 9e9 }, { ...plan, train_tokens: 0 }, 8e9),
      ['too much memory: 9.00 GB of 8.00 GB available', '120 steps', 'estimate'],
    ],
    [
      'a run that went to its end, even if less is free now',
      measuredCosts(took, plan, 1e9),
      [
        '1.50 GB of 1.00 GB available',
        '100 steps in 1 min 01 s',
        '25.0 MB on disk',
        '25 % of tokens trained',
        'measured by the last run',
      ],
    ],
  ])('%s', (_, found, words) => expect(costWords(found, englishPhrases)).toEqual(words));

  test('phrases are filled', () => expect(say('{1} of {0}, {2}', 3, 'a')).toBe('a of 3, {2}'));

  test.each([
    ['a.yaml:3:4: error: data/x.jsonl is not there. [config/file-not-found]\n  details', 'data/x.jsonl is not there.'],
    ['Preparing\rerror: The model is not here. [models/not-found]\n', 'The model is not here.'],
    ['', 'The estimate ended without a word.'],
  ])('what an estimate says when it fails: %j', (stderr, sentence) => expect(firstSentence(stderr)).toBe(sentence));
});

describe('numbers beside fields', () => {
  const numbers = (text: string, known?: Costs) =>
    derivedNumbers(
      parseConfig(`version: 1\nmodel: a/b\ndata: {train: a}\n${text}`, 'x').config!,
      known,
      englishPhrases,
    ).map((one) => `${one.path} ${one.text}`);
  test.each<[string, Costs | undefined, string[]]>([
    ['training: {batch_size: 2}', undefined, ['training.batch_size = 2 rows a step']],
    [
      'training: {batch_size: 2, gradient_accumulation_steps: 8, epochs: 3, warmup_ratio: 0.1}',
      costs,
      [
        'training.gradient_accumulation_steps = 16 rows, about 2 000 tokens a step',
        'training.epochs = 120 steps',
        'training.warmup_ratio = 12 steps',
      ],
    ],
    [
      'training: {max_steps: 60}',
      { ...costs, steps: 60 },
      ['training.batch_size = 4 rows, about 2 000 tokens a step', 'training.max_steps = 1.5 epochs'],
    ],
    // It stopped early, after 100 of 120 steps.
    [
      'training: {epochs: 3}',
      measuredCosts(took, plan, 1e9),
      ['training.batch_size = 4 rows, about 2 000 tokens a step', 'training.epochs = 120 steps'],
    ],
    ['lora: {rank: 8, alpha: 12}', undefined, ['training.batch_size = 4 rows a step', 'lora.alpha = scale 1.5']],
    [
      'lora: {rank: 16, alpha: 12, use_rslora: true}',
      undefined,
      ['training.batch_size = 4 rows a step', 'lora.alpha = scale 3'],
    ],
    ['method: full', undefined, ['training.batch_size = 4 rows a step']],
  ])('%s', (text, known, expected) => expect(numbers(text, known)).toEqual(expected));
});

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'finetune-costs-')));
  file = join(folder, 'a.finetune.yaml');
  await writeFile(join(folder, 'rows.jsonl'), '{"text": "a"}\n');
  await mkdir(join(folder, 'tiny'));
  await writeFile(file, config);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const config = 'version: 1\nmodel: ./tiny\ndata: {train: rows.jsonl}\ntraining: {epochs: 3, batch_size: 4}\n';

function question(text = config): CostQuestion {
  return { uri: 'file:a', file, text, environment: {}, config: parseConfig(text, file).config! };
}

/** A run of the config's file that went to its end, as a trainer leaves it. */
async function finishedRun(): Promise<void> {
  const run = await createRun({ configFile: file, name: 'a', overrides: [], runsFolder: runsFolderOf(folder) });
  const log = openEventLog(runPaths(run).events, 0);
  const reporter = createReporter(log, 0, () => {});
  const events: EventDraft[] = [
    {
      ...{ type: 'started', plan, device: 'cpu', threads: 1, config: {}, decisions: [], estimates },
      model: { architecture: 'llama', total_parameters: 1, trainable_parameters: 1, context_length: 8 },
    },
    { type: 'finished', outcome: 'completed', step: 100, took },
  ];
  for (const event of events) reporter.report(event);
  log.close();
  await writeManifest(run, { ...(await readManifest(run)), state: 'completed' });
}

describe('estimates', () => {
  /** Estimates that are answered by hand. */
  function open(rest = 0) {
    const asked: { text: string; signal: AbortSignal; answer: (state: CostState | undefined) => void }[] = [];
    const onChange = vi.fn();
    const found = openEstimates({
      folders: () => [folder],
      onChange,
      rest,
      estimate: ({ text }, signal) => new Promise((answer) => asked.push({ text, signal, answer })),
    });
    return { found, asked, onChange };
  }
  const known: CostState = { kind: 'known', costs };

  test('a config is estimated in the background; comments and layout ask for nothing new', async () => {
    const { found, asked, onChange } = open();
    expect(found.stateOf(question())).toEqual({ kind: 'working' });
    await soon(() => expect(asked).toHaveLength(1));
    asked[0]!.answer(known);
    await soon(() => expect(onChange).toHaveBeenCalledOnce());
    expect(found.stateOf(question())).toEqual(known);
    expect(found.stateOf(question(`# why\n${config.replace('epochs: 3', 'epochs:   3')}`))).toEqual(known);
    expect(found.knownOf(question())).toEqual(costs);
    expect(asked).toHaveLength(1);
    found.dispose();
  });

  test('another config gives up what is under way, and going back needs no second estimate', async () => {
    const { found, asked } = open();
    found.stateOf(question());
    await soon(() => expect(asked).toHaveLength(1));
    asked[0]!.answer(known);
    await soon(() => expect(found.stateOf(question())).toEqual(known));
    const longer = config.replace('epochs: 3', 'epochs: 4');
    expect(found.stateOf(question(longer))).toEqual({ kind: 'working' });
    await soon(() => expect(asked).toHaveLength(2));
    expect(found.stateOf(question())).toEqual(known);
    expect(asked[1]!.signal.aborted).toBe(true);
    asked[1]!.answer(undefined);
    found.forget('file:a');
    expect(found.stateOf(question())).toEqual(known);
    found.dispose();
  });

  test('a config that never rests is never estimated', async () => {
    const { found, asked } = open(60_000);
    for (const epochs of [1, 2, 3]) found.stateOf(question(config.replace('epochs: 3', `epochs: ${epochs}`)));
    found.dispose();
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked).toEqual([]);
  });

  test('data that has changed is estimated anew', async () => {
    const { found, asked } = open();
    found.stateOf(question());
    await soon(() => expect(asked).toHaveLength(1));
    asked[0]!.answer(known);
    await soon(() => expect(found.stateOf(question())).toEqual(known));
    await utimes(join(folder, 'rows.jsonl'), 1, 1);
    expect(found.stateOf(question())).toEqual({ kind: 'working' });
    found.dispose();
  });

  test('what fails is told', async () => {
    const { found, asked } = open();
    found.stateOf(question());
    await soon(() => expect(asked).toHaveLength(1));
    asked[0]!.answer({ kind: 'failed', reason: 'No model.' });
    await soon(() => expect(found.stateOf(question())).toEqual({ kind: 'failed', reason: 'No model.' }));
    found.dispose();
  });

  test('the last run of the same config measured it: no estimate is made, and one that was made gives way', async () => {
    const first = open();
    first.found.stateOf(question());
    await soon(() => expect(first.asked).toHaveLength(1));
    first.asked[0]!.answer(known);
    await soon(() => expect(first.onChange).toHaveBeenCalledOnce());
    await finishedRun();
    first.found.lookForRuns();
    await soon(() => expect(first.found.knownOf(question())?.origin).toBe('measured'));
    first.found.dispose();

    const { found, asked } = open();
    found.stateOf(question());
    await soon(() => expect(found.knownOf(question())).toMatchObject({ origin: 'measured', steps: 100, seconds: 61 }));
    expect(asked).toEqual([]);
    // Another config has no run.
    found.stateOf(question(config.replace('epochs: 3', 'epochs: 4')));
    await soon(() => expect(asked).toHaveLength(1));
    asked[0]!.answer(undefined);
    found.dispose();
  });
});

describe('above a config', () => {
  let client: TestClient;
  afterEach(async () => client.stop());
  const commands = { start: 's', dryRun: 'd', estimate: 'e', check: 'c', problems: 'p' };

  async function open(text: string, initializationOptions: ClientOptions['initializationOptions'], json = false) {
    client = await serveHere({ folder, ...(initializationOptions ? { initializationOptions } : {}) });
    const uri = pathToFileURL(json ? file.replace('.yaml', '.json') : file).href;
    client.open(uri, json ? 'finetune-json' : 'finetune-yaml', text);
    const lenses = async () => {
      const found = await client.connection.sendRequest(CodeLensRequest.type, { textDocument: { uri } });
      return (found ?? []).map(({ command, range }) => {
        expect(range.start).toEqual({ line: 0, character: 0 });
        if (command?.command !== 'p') expect(command?.arguments).toEqual([uri]);
        return `${command?.command} ${command?.title}`;
      });
    };
    return { uri, lenses };
  }

  test.each([
    ['YAML', config, false],
    ['JSON', JSON.stringify(parseConfig(config, '').config), true],
  ])('%s: start, dry run, and what the last run took; hints beside the fields', async (_, text, json) => {
    if (json) file = file.replace('.yaml', '.json');
    await writeFile(file, text);
    await finishedRun();
    const { lenses, uri } = await open(text, { commands }, json);
    await soon(async () => expect((await lenses()).at(-1)).toBe('e measured by the last run'));
    const [start, dryRun, memory, ...rest] = await lenses();
    expect([start, dryRun]).toEqual(['s ▶ Start', 'd Dry run']);
    expect(memory).toMatch(/^e 1\.50 GB of \d.* available$/);
    expect(rest.slice(0, 3)).toEqual(['e 100 steps in 1 min 01 s', 'e 25.0 MB on disk', 'e 25 % of tokens trained']);
    const range = { start: { line: 0, character: 0 }, end: { line: 9, character: 0 } };
    const hints = await client.connection.sendRequest(InlayHintRequest.type, { textDocument: { uri }, range });
    expect(hints?.map(({ label }) => label)).toEqual(['= 4 rows, about 2 000 tokens a step', '= 120 steps']);
  });

  test('one error is told, more are counted', async () => {
    const { lenses, uri } = await open(config.replace('epochs: 3', 'epochs: three'), { commands });
    expect(await lenses()).toEqual([
      'p Cannot be started: training.epochs is the text "three", but it must be a number, above 0 and at most 100000, such as 3.',
    ]);
    client.edit(uri, config.replace('3', 'x').replace('4', 'y'));
    expect(await lenses()).toEqual(['p Cannot be started: 2 errors']);
  });

  test('nothing is run in a workspace that is not trusted, until it is', async () => {
    await finishedRun();
    const { lenses } = await open(config, { commands, trusted: false });
    expect(await lenses()).toEqual([]);
    await client.connection.sendRequest(trustRequest.method, {});
    expect((await lenses()).slice(0, 2)).toEqual(['s ▶ Start', 'd Dry run']);
  });

  test('an editor without commands is shown nothing, and one with a language gets its own words', async () => {
    expect(await (await open(config, undefined)).lenses()).toEqual([]);
    await client.stop();
    const { lenses } = await open(config, { commands, phrases: { start: '▶ 启动' } });
    expect((await lenses())[0]).toBe('s ▶ 启动');
  });
});
