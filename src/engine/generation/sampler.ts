// Chooses the next token from logits: repetition penalty, temperature, top-k and top-p in transformers' order.

import type { GenerationSettings } from '../session.ts';
import type { RandomStream } from '../random.ts';

export interface Choice {
  readonly tokenId: number;
  /** Natural logarithm of the token's probability under the unchanged logits. */
  readonly logProbability: number;
}

/** logits [vocabulary] of one row; `seen` are the ids of the prompt and of what was generated. */
export function chooseToken(
  logits: Float32Array,
  seen: ReadonlySet<number>,
  settings: Pick<GenerationSettings, 'temperature' | 'topK' | 'topP' | 'repetitionPenalty'>,
  random: RandomStream,
): Choice {
  const scores = settings.repetitionPenalty === 1 ? logits : penalise(logits, seen, settings.repetitionPenalty);
  const tokenId = settings.temperature > 0 ? sample(scores, settings, random) : indexOfMaximum(scores);
  return { tokenId, logProbability: logits[tokenId]! - logSumExp(logits) };
}

/** Positive scores of seen tokens are divided by the penalty, negative ones multiplied (Keskar et al. 2019). */
function penalise(logits: Float32Array, seen: ReadonlySet<number>, penalty: number): Float32Array {
  const scores = logits.slice();
  for (const id of seen) scores[id] = scores[id]! > 0 ? scores[id]! / penalty : scores[id]! * penalty;
  return scores;
}

function sample(
  scores: Float32Array,
  { temperature, topK, topP }: Pick<GenerationSettings, 'temperature' | 'topK' | 'topP'>,
  random: RandomStream,
): number {
  const order = Uint32Array.from(scores, (_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b);
  const candidates = topK > 0 ? order.subarray(0, topK) : order;
  const highest = scores[candidates[0]!]!;
  const masses = Float64Array.from(candidates, (id) => Math.exp((scores[id]! - highest) / temperature));
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  // Nucleus (Holtzman et al. 2019, arXiv:1904.09751): the shortest head of the list whose mass reaches top-p.
  let kept = 0;
  let head = 0;
  while (kept < masses.length && (kept === 0 || head < topP * total)) head += masses[kept++]!;
  let rest = random.uniform() * head;
  for (let i = 0; i < kept; i++) {
    rest -= masses[i]!;
    if (rest < 0) return candidates[i]!;
  }
  return candidates[kept - 1]!;
}

function indexOfMaximum(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

function logSumExp(values: Float32Array): number {
  const highest = values[indexOfMaximum(values)]!;
  let sum = 0;
  for (const value of values) sum += Math.exp(value - highest);
  return highest + Math.log(sum);
}
