// A reward model on disk: a whole model with one label, or a PEFT adapter with its head beside it and the model below.
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { problem } from '../protocol/problem.ts';
import { readAdapter, type OpenedAdapter } from './adapter.ts';
import { openModel, type OpenModelOptions } from './openModel.ts';
import { readFolderWeights } from './shards.ts';
import type { LoadedModel } from './types.ts';

export interface RewardModel {
  /** The whole model, or the one that the adapter is for. */
  readonly model: LoadedModel;
  readonly adapter?: OpenedAdapter;
}

/** What makes texts into one number, in place of the layer that names the next token. */
const headName = 'score.weight';

/**
 * Opens a folder or hub id. Throws what `openModel` and `readAdapter` throw, and `models/not-a-reward-model` for one that
 * has no head, or a head with several labels.
 */
export async function openRewardModel(reference: string, options: OpenModelOptions): Promise<RewardModel> {
  const folder = resolve(options.baseDirectory, reference);
  if ((await stat(join(folder, 'adapter_config.json')).catch(() => undefined)) === undefined) {
    const model = await openModel(reference, options);
    refuseOtherHeads(model.weights.get(headName)?.shape[0], model.path);
    return { model };
  }
  const adapter = await readAdapter(folder, { scores: true });
  refuseOtherHeads(adapter.head?.shape[0], folder);
  return { model: await openModel(adapter.settings.baseModel, options), adapter };
}

/** Throws as `openRewardModel` does for a folder, as far as its own files tell without a tokenizer. For editors. */
export async function examineRewardFolder(folder: string): Promise<void> {
  const isAdapter = (await stat(join(folder, 'adapter_config.json')).catch(() => undefined)) !== undefined;
  const head = isAdapter
    ? (await readAdapter(folder, { scores: true })).head
    : (await readFolderWeights(folder)).weights.get(headName);
  refuseOtherHeads(head?.shape[0], folder);
}

/** Why a reward model cannot judge the answers of a model, as a sentence; undefined when it can. */
export function misfitOf({ model: judge }: RewardModel, model: LoadedModel): string | undefined {
  const own = model.tokenizer;
  const count = Math.max(own.vocabSize, judge.tokenizer.vocabSize);
  for (let id = 0; id < count; id++) {
    const [ours, theirs] = [own.idToToken(id), judge.tokenizer.idToToken(id)];
    if (ours === theirs) continue;
    const [here, there] = [ours, theirs].map((token) => (token === undefined ? 'nothing' : JSON.stringify(token)));
    return `The reward model has another vocabulary than the model: token ${id} is ${there} there and ${here} here.`;
  }
  const [size, needed] = [Number(judge.config['vocab_size']), Number(model.config['vocab_size'])];
  if (size >= needed) return undefined;
  return `The reward model knows ${size} tokens, and the model may answer with any of ${needed}.`;
}

function refuseOtherHeads(labels: number | undefined, file: string): void {
  if (labels === 1) return;
  const what = labels === undefined ? 'has no head for scores (score.weight)' : `has ${labels} labels`;
  throw problem(
    'models/not-a-reward-model',
    `This model ${what}; a reward model has one with one label. \`objective: reward\` makes such a one.`,
    { file },
  );
}
