// Which files of a hub repository a model needs.
import { problem } from '../protocol/problem.ts';
import type { HubFile } from './hubDownload.ts';
import type { HubReference } from './hubReference.ts';
import { indexName, singleName } from './shards.ts';

const small =
  /^(config|generation_config|special_tokens_map|added_tokens|chat_template|tokenizer[\w-]*)\.json$|^chat_template\.jinja$|^tokenizer\.model$/;
const shard = /^model-\d+-of-\d+\.safetensors$/;

/** Small files first, so that a wrong choice shows early. Throws `models/no-weights`, `models/pickled-weights`. */
export function neededFiles(files: readonly HubFile[], reference: HubReference): HubFile[] {
  const names = new Set(files.map((file) => file.path));
  if (!names.has('config.json')) {
    const hint = [...names].some((name) => name.endsWith('.gguf'))
      ? ' It has GGUF files: download the one you want and name that file.'
      : '';
    throw problem('models/not-a-model', `${reference.id} on the hub has no config.json, so it is no model.${hint}`);
  }
  return [...files.filter((file) => small.test(file.path)), ...weightFiles(files, names, reference)];
}

function weightFiles(files: readonly HubFile[], names: ReadonlySet<string>, reference: HubReference): HubFile[] {
  if (names.has(indexName)) return files.filter((file) => file.path === indexName || shard.test(file.path));
  if (names.has(singleName)) return files.filter((file) => file.path === singleName);
  if ([...names].some((name) => /^pytorch_model.*\.bin$/.test(name))) {
    throw problem(
      'models/pickled-weights',
      `${reference.id} has its weights only in PyTorch’s pickle format, which can run code when opened and is never read. ` +
        'Look for a branch or a copy of the model with safetensors.',
    );
  }
  throw problem('models/no-weights', `${reference.id} on the hub has neither ${singleName} nor ${indexName}.`);
}
