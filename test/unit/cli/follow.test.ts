// What a person, a log and a program see of a run.
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { followEvents } from '../../../src/cli/follow.ts';
import { eventLines } from '../../../src/cli/render/events.ts';
import { plainProgressLine, progressLine } from '../../../src/cli/render/progress.ts';
import { createStyle } from '../../../src/cli/render/style.ts';
import { exitCodeOfState } from '../../../src/cli/runCommand.ts';
import type { EventDraft, TrainerEvent } from '../../../src/protocol/events.ts';
import { initialRunState, reduceRun, type RunState } from '../../../src/protocol/runState.ts';
import { capturedTerminal } from '../../support/capturedTerminal.ts';
import { evaluated, failed, finished, hello, numbered, progress, started, step } from '../../support/runEvents.ts';

const style = createStyle(false);
const runFolder = join(process.cwd(), '.finetune', 'runs', 'demo');
const context = { columns: 80, style, directory: process.cwd(), runFolder, baseDirectory: join(process.cwd(), 'work') };

function stateAfter(...drafts: EventDraft[]): RunState {
  return numbered(drafts).reduce(reduceRun, initialRunState);
}

async function* stream(events: readonly TrainerEvent[]): AsyncGenerator<TrainerEvent> {
  for (const event of events) yield await Promise.resolve(event);
}

function linesOf(draft: EventDraft): string[] {
  return numbered([draft]).flatMap((event) => eventLines(event, context));
}

describe('progress line', () => {
  const steps = Array.from({ length: 12 }, (_, i) => step(i + 1, 3 - i * 0.15));

  test('tells counter, loss, time left, speed and the course of the loss in 80 columns', () => {
    const line = progressLine(stateAfter(hello, started, ...steps), 80, style);
    expect(line).toMatch(/^step 12\/20 · loss 1\.350 · 16 s left · 300 tokens\/s {2}[▁-█]{12}$/);
    expect(line.length).toBeLessThanOrEqual(80);
  });

  test('leaves out what does not fit, from the end', () => {
    const state = stateAfter(hello, started, ...steps);
    expect(progressLine(state, 40, style)).toBe('step 12/20 · loss 1.350 · 16 s left');
    expect(progressLine(state, 24, style)).toBe('step 12/20 · loss 1.350');
  });

  test('before and between steps', () => {
    expect(progressLine(stateAfter(hello), 80, style)).toBe('starting');
    expect(progressLine(stateAfter(hello, progress), 80, style)).toBe('Opening the model 45 %');
    expect(progressLine(stateAfter(hello, started), 80, style)).toBe('step 0/20');
    const paused = stateAfter(hello, started, ...steps, { type: 'paused', step: 12 });
    expect(progressLine(paused, 80, style)).toMatch(/^step 12\/20 · paused · loss 1\.350/);
  });

  test('a diverged loss is visible', () => {
    const state = stateAfter(hello, started, step(1, 2), step(2, Number.NaN));
    expect(plainProgressLine(state)).toContain('loss NaN');
    expect(progressLine(state, 80, style)).toContain('loss NaN');
  });
});

describe('event lines', () => {
  test('the plan says what will be trained and what it costs', () => {
    expect(linesOf(started)).toEqual([
      'Model  LlamaForCausalLM, training 4 884 480 of 134 515 008 parameters (3.6 %)',
      'Data   80 rows of 12 000 tokens (40 % trained), 8 for validation',
      'Plan   20 steps of 4 rows, 1 epoch, on cpu with 2 threads',
      'Cost   about 1 min 35 s, 1.85 GB of memory, 20.0 MB of disk (estimated)',
    ]);
  });

  test('the end says where the result lies', () => {
    expect(linesOf(finished)).toEqual([
      'Done after 20 steps and 1 min 35 s (302 tokens/s, 1.60 GB of memory at most).',
      `The adapter of step 20 is in ${join('.finetune', 'runs', 'demo', 'adapter')}`,
    ]);
  });

  test('a run that was stopped says how it goes on', () => {
    const stopped = { ...finished, outcome: 'stopped' } as EventDraft;
    expect(linesOf(stopped).at(-1)).toBe('finetune resume demo goes on from here.');
  });

  test('a failure is cause, evidence and what to change', () => {
    expect(linesOf(failed)).toEqual([
      'error: There is not enough memory for this run. [training/out-of-memory]',
      'Evidence:',
      '  - The step needs about 9.1 GB and 7.7 GB are available.',
      'What to change:',
      '  - Use shorter rows (saves 2.40 GB of memory)',
      '    finetune resume demo --set data.max_length=512',
    ]);
  });

  test('what makes other steps of a run that has begun needs a new one, and its command says how it was started', () => {
    const start = { configFile: join(process.cwd(), 'my run.yaml'), overrides: ['seed=1'] };
    const begun = { ...context, isBegun: true, start };
    const lines = numbered([failed]).flatMap((event) => eventLines(event, begun));
    expect(lines.at(-1)).toBe("    finetune start 'my run.yaml' --set seed=1 --set data.max_length=512");
  });

  test('what leaves the steps as they are can be applied to a run that has begun', () => {
    const remedies = [{ text: 'Compute more.', set: { 'training.gradient_checkpointing': true } }];
    const lines = numbered([{ ...failed, remedies } as EventDraft]).flatMap((event) =>
      eventLines(event, { ...context, isBegun: true }),
    );
    expect(lines.at(-1)).toBe('    finetune resume demo --set training.gradient_checkpointing=true');
  });

  test('places in data are shown as seen from here', () => {
    const place = { file: 'data/a.jsonl', line: 2, column: 5 };
    const warning: EventDraft = { type: 'warning', problem: { code: 'data/empty', message: 'Nothing.', place } };
    expect(linesOf(warning)).toEqual([`${join('work', 'data', 'a.jsonl')}:2:5: warning: Nothing. [data/empty]`]);
  });

  test('answers of the model are one line each and cannot drive the terminal', () => {
    const sample: EventDraft = {
      type: 'sample',
      step: 1,
      prompt: 'Hi',
      answer: `\u001b[2Jred\nline ${'x'.repeat(200)}`,
      tokens: 3,
      seconds: 1,
    };
    const lines = linesOf(sample);
    expect(lines[0]).toBe('  > Hi');
    expect(lines[1]).toMatch(/^ {4}\[2Jred ⏎ line x+…$/);
    expect(lines[1]?.length).toBe(80);
  });

  test('every line of every event fits 80 columns but for paths and codes', () => {
    const drafts = [hello, progress, started, step(1, 2), evaluated, finished, failed];
    expect(drafts.flatMap(linesOf).filter((line) => line.length > 80)).toEqual([]);
  });
});

describe('following', () => {
  const events = numbered([hello, progress, started, step(1, 3), step(2, 2), step(3, 1), evaluated, finished]);

  test('programs get the events as they are', async () => {
    const terminal = capturedTerminal();
    await followEvents(stream(events), terminal, { json: true, runFolder });
    const lines = terminal.output().trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(events);
  });

  test('a log gets plain lines: the first step, then one in ten seconds, and the last', async () => {
    const many = [...Array(25).keys()].map((i) => step(i + 1, 3 - i * 0.1));
    const terminal = capturedTerminal();
    await followEvents(stream(numbered([hello, progress, progress, started, ...many])), terminal, {
      json: false,
      runFolder,
    });
    const output = terminal.output();
    expect(output).not.toContain('\r');
    expect(output).not.toContain('\u001b');
    expect(output.match(/Opening the model/g)).toHaveLength(1);
    expect(output.split('\n').filter((line) => line.startsWith('step '))).toEqual([
      expect.stringMatching(/^step 1\/20 /),
      expect.stringMatching(/^step 11\/20 /),
      expect.stringMatching(/^step 20\/20 /),
      expect.stringMatching(/^step 25\/20 /),
    ]);
  });

  test('a terminal keeps the lines that matter and clears the progress line at the end', async () => {
    const terminal = capturedTerminal({ interactive: true });
    const state = await followEvents(stream(events), terminal, { json: false, runFolder });
    expect(terminal.output()).toContain('\r\u001b[2K');
    expect(terminal.output()).toContain('step 20: evaluation loss 1.500, perplexity 4.482 (best so far)\n');
    expect(terminal.output().endsWith('adapter\n\r\u001b[2K') || terminal.output().endsWith('adapter\n')).toBe(true);
    expect(exitCodeOfState(state)).toBe(0);
  });

  test('exit codes of runs that others started', () => {
    expect(exitCodeOfState(stateAfter(hello, failed))).toBe(1);
    expect(exitCodeOfState(stateAfter(hello, { ...finished, outcome: 'stopped' } as EventDraft))).toBe(130);
    expect(exitCodeOfState(stateAfter(hello, started, finished))).toBe(0);
    // Its process is gone, and it never said that it was done.
    expect(exitCodeOfState(stateAfter(hello, started))).toBe(1);
  });
});
