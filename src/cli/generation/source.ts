// Which model answers: one by name, one with an adapter, or the result of a run.
import { dirname, join, resolve } from 'node:path';
import { problem } from '../../protocol/problem.ts';
import { openAdapter, type AnyAdapter } from '../../models/openAdapter.ts';
import { findRun, openRun } from '../../runs/store.ts';

/** What a person may say on the command line. */
export interface SourceRequest {
  readonly model?: string;
  readonly adapter?: string;
  readonly run?: string;
}

export interface GenerationSource {
  /** Reference for `openModel`, and the folder that it is relative to. */
  readonly model: string;
  readonly baseDirectory: string;
  readonly adapter?: AnyAdapter;
  /** From the run's config: the template that it was trained with, and its system message. */
  readonly template: string;
  readonly system?: string;
}

/** Throws `cli/no-model` when nothing says which model, `cli/no-result` for a run without one. */
export async function findSource(request: SourceRequest, runsFolder: string): Promise<GenerationSource> {
  if (request.run !== undefined) return sourceOfRun(await findRun(runsFolder, request.run), request);
  const here = { baseDirectory: process.cwd(), template: 'chat' };
  if (request.adapter === undefined) {
    if (request.model === undefined) {
      throw problem('cli/no-model', 'Say which model is to answer: --run, --model, or --adapter.');
    }
    return { ...here, model: request.model };
  }
  const adapter = await openAdapter(resolve(request.adapter));
  const model = request.model ?? adapter.settings.baseModel;
  if (model === '') {
    throw problem('cli/no-model', 'The adapter does not say which model it belongs to. Name it with --model.', {
      file: request.adapter,
    });
  }
  return { ...here, model, adapter };
}

async function sourceOfRun(folder: string, { model, adapter }: SourceRequest): Promise<GenerationSource> {
  const { manifest, state, status } = await openRun(folder);
  const result = state.finished?.result;
  const config = manifest.prepared?.config ?? {};
  const data: unknown = config['data'];
  const own = {
    baseDirectory: manifest.base_directory,
    template: textOf(data, 'template') ?? 'chat',
    ...optional('system', textOf(data, 'system')),
  };
  const base = model ?? textOf(config, 'model');
  if (adapter !== undefined && base !== undefined) {
    return { ...own, model: base, adapter: await openAdapter(resolve(adapter)) };
  }
  if (!result || base === undefined) {
    const message = `This run has no result to ask: it is ${status.replace('_', ' ')}. A run has one when it is done.`;
    throw problem('cli/no-result', message, { file: folder });
  }
  if (result.kind === 'model') return { ...own, model: join(folder, result.path) };
  return { ...own, model: base, adapter: await openAdapter(join(folder, result.path)) };
}

function textOf(value: unknown, key: string): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const found: unknown = Reflect.get(value, key);
  return typeof found === 'string' ? found : undefined;
}

function optional<Key extends string>(key: Key, value: string | undefined): Partial<Record<Key, string>> {
  const found: Partial<Record<Key, string>> = {};
  if (value !== undefined) found[key] = value;
  return found;
}

/** The name that people know a source by. */
export function nameOfSource({ model, adapter }: GenerationSource): string {
  const file = adapter?.weights.values().next().value?.file;
  return file === undefined ? model : `${model} with ${dirname(file)}`;
}
