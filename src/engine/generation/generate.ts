// Continues prompts token by token, all rows together, with a cache of keys and values.

import type { ExclusiveExecutables } from '../executors/exclusive.ts';
import type { Executable, HostArray } from '../executors/executor.ts';
import type { ModelRequest } from '../model/build.ts';
import { refuseLongPrompt } from '../model/contextLimit.ts';
import { rotaryAngles, sequenceFeeds } from '../model/feeds.ts';
import { maskName } from '../model/build.ts';
import { keyWidth, placesBefore, prefixName } from '../prefix.ts';
import { randomStream } from '../random.ts';
import type { GeneratedToken, GenerationSettings } from '../session.ts';
import { createCache } from './cache.ts';
import { nextTokenGraph, promptGraph } from './graphs.ts';
import type { GenerationGraph } from './graphs.ts';
import { chooseToken } from './sampler.ts';

export interface Generator {
  generate(prompts: readonly Int32Array[], settings: GenerationSettings): AsyncIterable<GeneratedToken>;
}

export interface GeneratorRequest extends Omit<ModelRequest, 'training' | 'attention'> {
  readonly executables: ExclusiveExecutables;
  readonly parameterFeeds: ReadonlyMap<string, HostArray>;
}

/** Rows continued at a time; more prompts wait for their turn. */
const rowsAtOnce = 16;

/** Compiles its graphs when they are first used. */
export function createGenerator(request: GeneratorRequest): Generator {
  const { architecture, executables, parameterFeeds } = request;
  const { contextLength } = architecture;
  const before = placesBefore(request.method);
  let graphs: { prompt: GenerationGraph; next: GenerationGraph } | undefined;
  const compile = async (graph: GenerationGraph): Promise<Compiled> => ({
    ...graph,
    executable: await executables.get('generate', graph),
  });

  async function* continueRows(
    prompts: readonly Int32Array[],
    first: number,
    settings: GenerationSettings,
  ): AsyncIterable<GeneratedToken> {
    graphs ??= { prompt: promptGraph(request), next: nextTokenGraph(request) };
    const prompt = await compile(graphs.prompt);
    const next = await compile(graphs.next);
    const lengths = prompts.map((p) => p.length);
    const room = contextLength - before - Math.min(...lengths);
    const capacity = before + Math.max(...lengths) + Math.min(settings.maxNewTokens, room);
    const cache = createCache(architecture.layers, prompts.length, keyWidth(architecture), capacity);
    if (before > 0) cache.fillPrefix(parameterFeeds.get(prefixName)!, before);
    const started = await runPrompts(prompt, prompts, parameterFeeds);
    cache.fillPrompts(started, lengths);
    let logits = started.get('logits')!.data as Float32Array;

    const rows = prompts.map((prompt, i) => ({
      seen: new Set(prompt),
      position: before + prompt.length,
      token: 0,
      finished: false,
      random: randomStream(settings.seed, 'generate', first + i),
    }));
    for (let made = 1; made <= settings.maxNewTokens; made++) {
      for (const [r, row] of rows.entries()) {
        if (row.finished) continue;
        const own = logits.subarray(r * architecture.vocabSize, (r + 1) * architecture.vocabSize);
        const { tokenId, logProbability } = chooseToken(own, row.seen, settings, row.random);
        row.seen.add(tokenId);
        row.token = tokenId;
        const full = made === settings.maxNewTokens || row.position + 1 >= contextLength;
        row.finished = full || settings.stopTokenIds.includes(tokenId);
        yield { prompt: first + r, tokenId, logProbability, finished: row.finished };
      }
      if (rows.every((row) => row.finished)) return;
      // Rows that are finished are computed on beside the others; what comes of it is not looked at.
      const positions = Int32Array.from(rows, (row) => Math.min(row.position++, contextLength - 1));
      const { model, executable } = next;
      const feeds = new Map<string, HostArray>([...parameterFeeds, ...cache.feeds()]);
      feeds.set(
        'tokens',
        Int32Array.from(rows, (row) => row.token),
      );
      feeds.set(
        'places',
        Int32Array.from(rows, (_, i) => i),
      );
      if (model.usesPositions) feeds.set('positions', positions);
      for (const window of model.windows) feeds.set(maskName(window), cache.mask(positions, window));
      const reached = positions.map((position) => position + 1);
      for (const table of model.rotaryTables) {
        const { cos, sin } = rotaryAngles(table, positions, reached);
        feeds.set(`cos:${table.key}`, cos).set(`sin:${table.key}`, sin);
      }
      const dims = { T: rows.length, S: rows.length, P: cache.filled };
      const results = await executable.run({ dims, feeds, into: cache.nextPlaces() });
      cache.advance(positions);
      logits = results.get('logits')!.data as Float32Array;
    }
  }

  return {
    generate: async function* (prompts, settings) {
      for (const prompt of prompts) refuseLongPrompt(prompt, contextLength - before);
      for (let first = 0; first < prompts.length; first += rowsAtOnce) {
        yield* continueRows(prompts.slice(first, first + rowsAtOnce), first, settings);
      }
    },
  };
}

interface Compiled extends GenerationGraph {
  readonly executable: Executable;
}

function runPrompts(
  compiled: Compiled,
  prompts: readonly Int32Array[],
  parameterFeeds: ReadonlyMap<string, HostArray>,
) {
  const total = prompts.reduce((n, p) => n + p.length, 0);
  const tokens = new Int32Array(total);
  const positions = new Int32Array(total);
  const segments = new Int32Array(total);
  const lossPositions = new Int32Array(prompts.length);
  let start = 0;
  prompts.forEach((prompt, row) => {
    tokens.set(prompt, start);
    for (let i = 0; i < prompt.length; i++) positions[start + i] = i;
    segments.fill(row, start, start + prompt.length);
    start += prompt.length;
    lossPositions[row] = start - 1;
  });
  const { dims, feeds } = sequenceFeeds(compiled.model, { tokens, positions, segments, lossPositions });
  for (const [name, values] of parameterFeeds) feeds.set(name, values);
  return compiled.executable.run({ dims, feeds });
}
