// Continues prompts with the worker's logits; tokens are chosen here, by the same code as in the embedded engine.

import { chooseToken } from '../../engine/generation/sampler.ts';
import { refuseLongPrompt } from '../../engine/model/contextLimit.ts';
import { randomStream } from '../../engine/random.ts';
import type { GeneratedToken, GenerationSettings, TrainingSession } from '../../engine/session.ts';
import { readFloats } from './answers.ts';
import { bytesOf } from './frames.ts';
import type { WorkerProcess } from './workerProcess.ts';

/** Rows continued at a time, as in the embedded engine. */
const rowsAtOnce = 16;

export function createTorchGenerator(
  worker: WorkerProcess,
  vocabulary: number,
  contextLength: number,
): TrainingSession['generate'] {
  async function* continueRows(
    prompts: readonly Int32Array[],
    first: number,
    settings: GenerationSettings,
  ): AsyncGenerator<GeneratedToken> {
    const rows = prompts.map((prompt, i) => ({
      seen: new Set(prompt),
      length: prompt.length,
      token: 0,
      finished: false,
      random: randomStream(settings.seed, 'generate', first + i),
    }));
    let answer = await worker.ask('generate', {}, prompts.map(bytesOf));
    try {
      for (let made = 1; made <= settings.maxNewTokens; made++) {
        const logits = readFloats(answer.parts[0], rows.length * vocabulary);
        for (const [r, row] of rows.entries()) {
          if (row.finished) continue;
          const own = logits.subarray(r * vocabulary, (r + 1) * vocabulary);
          const { tokenId, logProbability } = chooseToken(own, row.seen, settings, row.random);
          row.seen.add(tokenId);
          row.token = tokenId;
          row.length += 1;
          const full = made === settings.maxNewTokens || row.length >= contextLength;
          row.finished = full || settings.stopTokenIds.includes(tokenId);
          yield { prompt: first + r, tokenId, logProbability, finished: row.finished };
        }
        if (rows.every((row) => row.finished)) return;
        // Rows that are finished are computed on beside the others; what comes of it is not looked at.
        answer = await worker.ask('generate_next', { tokens: rows.map((row) => row.token) });
      }
    } finally {
      await worker.ask('generate_end');
    }
  }

  return async function* generate(prompts, settings) {
    for (const prompt of prompts) refuseLongPrompt(prompt, contextLength);
    for (let first = 0; first < prompts.length; first += rowsAtOnce) {
      yield* continueRows(prompts.slice(first, first + rowsAtOnce), first, settings);
    }
  };
}
