// Asks `finetune estimate` what a config costs, as it stands in the editor. Downloads nothing.
import path from 'node:path';
import { childEnvironment, runCli } from '../platform/ownProgram.ts';
import type { Estimates, RunPlan } from '../protocol/events.ts';
import { lazyValidator } from '../protocol/validate.ts';
import type { CostQuestion, CostState } from './estimates.ts';
import { estimatedCosts } from './service/costs.ts';

interface EstimateAnswer {
  readonly estimates: Estimates;
  readonly plan: RunPlan;
  readonly memory: { readonly available_bytes?: number };
}

const number = { type: 'number' };
const estimateAnswer = lazyValidator<EstimateAnswer>({
  type: 'object',
  required: ['estimates', 'plan', 'memory'],
  properties: {
    estimates: {
      type: 'object',
      properties: { memory_bytes: number, seconds: number, disk_bytes: number },
    },
    plan: {
      type: 'object',
      required: ['total_steps', 'steps_per_epoch', 'train_tokens', 'trained_tokens'],
      properties: { total_steps: number, steps_per_epoch: number, train_tokens: number, trained_tokens: number },
    },
    memory: { type: 'object', properties: { available_bytes: number } },
  },
});

/** Runs the command line on the text of a config; undefined once the signal was aborted. Rejects when it cannot be started. */
export async function runEstimate(
  { file, text, environment }: CostQuestion,
  signal: AbortSignal,
): Promise<CostState | undefined> {
  const { code, stdout, stderr } = await runCli(['estimate', file, '--stdin', '--json'], {
    cwd: path.dirname(file),
    env: childEnvironment({ ...environment }, { HF_HUB_OFFLINE: '1' }),
    stdin: text,
    inBackground: true,
    signal,
  });
  if (signal.aborted) return undefined;
  if (code !== 0) return { kind: 'failed', reason: firstSentence(stderr) };
  const answer: unknown = JSON.parse(stdout);
  if (!estimateAnswer()(answer)) return { kind: 'failed', reason: 'The estimate could not be read.' };
  const { estimates, plan, memory }: EstimateAnswer = answer;
  return { kind: 'known', costs: estimatedCosts(estimates, plan, memory.available_bytes) };
}

/** What went wrong, without its place and code: those are told as problems. */
export function firstSentence(stderr: string): string {
  const lines = stderr.split(/[\r\n]+/).map((line) => line.trim());
  const told = lines.find((line) => /(?:^|\s)error: /.test(line)) ?? lines.findLast((line) => line !== '') ?? '';
  const sentence = told.replace(/^.*?error: /, '').replace(/ \[[\w/-]+\]$/, '');
  return sentence === '' ? 'The estimate ended without a word.' : sentence;
}
