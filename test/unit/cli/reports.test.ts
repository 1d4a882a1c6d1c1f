// The reports of check, estimate, doctor and runs as lines of 80 columns.
import { describe, expect, test } from 'vitest';
import { checkLines } from '../../../src/cli/render/check.ts';
import { doctorLines } from '../../../src/cli/render/doctor.ts';
import { estimateLines } from '../../../src/cli/render/estimate.ts';
import { runTable } from '../../../src/cli/render/runTable.ts';
import { stageLine } from '../../../src/cli/render/stage.ts';
import { createStyle } from '../../../src/cli/render/style.ts';
import type { DatasetReport, PartReport } from '../../../src/data/prepare/report.ts';
import type { RunSummary } from '../../../src/runs/store.ts';
import { started } from '../../support/runEvents.ts';

const style = createStyle(false);

function tooWide(lines: readonly string[]): string[] {
  return lines.filter((line) => line.length > 80);
}

const part: PartReport = {
  files: [
    {
      path: 'data/train.jsonl',
      writtenAs: 'data/train.jsonl',
      sha256: '',
      rows: 1200,
      format: 'instruction',
      formatSummary: 'instruction, 1,200 of 1,200 rows',
    },
  ],
  truncatedRows: 3,
  lostTokens: 40,
  droppedRows: 0,
  untrainedRows: 1,
  findings: [{ code: 'data/nothing-trained', severity: 'warning', message: 'No token of this row would be trained.' }],
  findingCounts: { 'data/nothing-trained': 21 },
  totals: { rows: 1196, tokens: 99_000, trainedTokens: 33_000 },
  lengths: { mean: 82, min: 4, max: 1024, p50: 80, p90: 120, p95: 130, p99: 400, histogram: [] },
  duplicateRows: 2,
  fromCache: false,
  hashes: { data: '', tokens: '', mask: '' },
};

describe('check', () => {
  const data: DatasetReport = {
    train: part,
    trainTotals: { rows: 1100, tokens: 90_000, trainedTokens: 30_000 },
    validationTotals: { rows: 96, tokens: 9000, trainedTokens: 3000 },
    leakedRows: 0,
    findings: part.findings,
  };

  test('tells problems, rows, lengths and the plan', () => {
    const plan = { rowsPerStep: 16, stepsPerEpoch: 69, totalSteps: 207, epochs: 3 };
    const lines = checkLines({ problems: part.findings, data, plan }, style, '/here');
    expect(lines).toEqual([
      'warning: No token of this row would be trained. [data/nothing-trained]',
      'and 20 more like these',
      '',
      'Train    1 100 rows, 90 000 tokens, 33 % of them trained',
      'Validate 96 rows, 9 000 tokens',
      'Tokens   a row has 80 (median), 130 (95 %), 1 024 (longest)',
      'File     data/train.jsonl: instruction, 1,200 of 1,200 rows',
      'Rows     3 cut at data.max_length, 1 left out, since nothing in them is trained, 2 stand there twice',
      'Plan     207 steps of 16 rows, 3 epochs',
      '1 warning',
    ]);
  });

  test('a config without problems needs one line', () => {
    expect(checkLines({ problems: [] }, style, '/here')).toEqual(['no problems']);
  });
});

test('estimate says when memory is short, and what was decided', () => {
  if (started.type !== 'started') throw new Error('not the started event');
  const { plan, model, device, threads, estimates } = started;
  const decisions = [
    { path: 'threads', value: 2, source: 'auto', reason: 'this machine has 2 physical cores' },
  ] as const;
  const report = { plan, model, device, threads, estimates, decisions, warnings: [] };
  const roomy = estimateLines(report, { availableBytes: 8e9 }, style, '/here');
  expect(roomy).toContain('Memory 1.85 GB at most, 8.00 GB available');
  expect(roomy).toContain('Time   1 min 35 s for all steps');
  expect(roomy.at(-1)).toBe('  threads: 2  this machine has 2 physical cores');
  const short = estimateLines(report, { availableBytes: 1e9 }, style, '/here');
  expect(short).toContain('Memory too much: 1.85 GB at most, 1.00 GB available');
  expect(tooWide(roomy)).toEqual([]);
});

test('doctor names each device with the reason, in 80 columns', () => {
  const lines = doctorLines(
    {
      versions: { 'fine-tune-workbench': '0.1.0', node: 'v20.19.0' },
      machine: {
        platform: 'linux-x64',
        cpu: {
          model: 'AMD Ryzen 9 7950X 16-Core Processor',
          architecture: 'x64',
          threads: 32,
          cores: 16,
          features: ['avx2'],
        },
        memory: { totalBytes: 64e9, availableBytes: 20e9, limitBytes: 32e9 },
        gpus: [
          {
            name: 'RTX 4090',
            vendor: 'nvidia',
            totalBytes: 24e9,
            freeBytes: 23e9,
            driver: '555',
            source: 'nvidia-smi',
          },
        ],
        notes: [],
      },
      executors: [
        { name: 'cpu', usable: true, reason: 'ONNX Runtime with 32 threads' },
        { name: 'webgpu', usable: false, reason: 'a very long reason '.repeat(8).trim() },
      ],
      torch: [{ name: 'torch', usable: false, reason: 'The torch engine has no Python environment yet.' }],
      places: [{ name: 'cache', path: '/home/ada/.cache/finetune', freeBytes: 5e9 }],
    },
    80,
    style,
  );
  expect(lines).toContain('  memory      20.0 GB available of 64.0 GB, limited to 32.0 GB by the container');
  expect(lines).toContain('  gpu         RTX 4090, 24.0 GB (23.0 GB free), driver 555');
  expect(lines).toContain('yes  cpu         ONNX Runtime with 32 threads');
  expect(lines).toContain('no   torch       The torch engine has no Python environment yet.');
  expect(lines.filter((line) => line.includes('a very long reason')).length).toBeGreaterThan(1);
  expect(lines).toContain('  cache       /home/ada/.cache/finetune (5.00 GB free)');
  expect(tooWide(lines)).toEqual([]);
});

test('runs: a long id gives way, and a run without steps has dashes', () => {
  const summary = (id: string, fields: Partial<RunSummary>): RunSummary => ({
    folder: `/w/${id}`,
    status: 'completed',
    manifest: {
      version: 1,
      id,
      name: id,
      created: '2026-01-01T00:00:00.000Z',
      launched: '2026-01-01T00:00:00.000Z',
      state: 'completed',
      config_file: '',
      base_directory: '',
      overrides: [],
      versions: {},
      machine: { platform: '', release: '', arch: '', cpu: '', cores: 1, memory_bytes: 1 },
    },
    ...fields,
  });
  const now = Date.parse('2026-01-01T02:00:00.000Z');
  const runs = [
    summary('x'.repeat(100), { lastStep: { step: 7, loss: 1.5 } }),
    summary('short', { status: 'early_stopped' }),
  ];
  const lines = runTable(runs, 80, style, now);
  expect(lines[0]).toMatch(/^RUN +STATE +STEP +LOSS +AGE$/);
  expect(lines[1]).toMatch(/^x+… {2}completed +7 {2}1\.500 {2}2 h$/);
  expect(lines[2]).toMatch(/^short +early stopped +- +- {2}2 h$/);
  expect(tooWide(lines)).toEqual([]);
});

test('a stage is one line that leaves room for the cursor', () => {
  expect(stageLine({ stage: 'download', item: 'model.safetensors', done: 5e8, total: 1e9 }, 80)).toBe(
    'downloading model.safetensors: 500 MB of 1.00 GB',
  );
  const reading = {
    phase: 'tokenise',
    file: 'a'.repeat(100),
    bytesRead: 1,
    bytesTotal: 2,
    rows: 3,
    estimatedRows: 6,
  } as const;
  expect(stageLine(reading, 80)).toHaveLength(79);
});
