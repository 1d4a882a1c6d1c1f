// Optimisers over flat float32 arrays: AdamW and SGD, with parameter groups and clipping by the global norm.

/** Hyperparameters of one tensor in one step. */
export interface Update {
  readonly learningRate: number;
  readonly weightDecay: number;
}

export interface AdamSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** First and second moments of one tensor. */
export interface AdamState {
  readonly average: Float32Array;
  readonly averageSquare: Float32Array;
}

/**
 * One AdamW step in place (Loshchilov & Hutter 2019, arXiv:1711.05101), in the order of torch.optim.AdamW: decay,
 * moments, bias-corrected update. `step` counts from 1; `scale` multiplies the gradient first (clipping).
 */
export function adamw(
  values: Float32Array,
  gradient: Float32Array,
  state: AdamState,
  step: number,
  scale: number,
  { beta1, beta2, epsilon }: AdamSettings,
  { learningRate, weightDecay }: Update,
): void {
  const { average, averageSquare } = state;
  const keep = 1 - learningRate * weightDecay;
  const correction2 = Math.sqrt(1 - beta2 ** step);
  const stepSize = learningRate / (1 - beta1 ** step);
  const [rest1, rest2] = [1 - beta1, 1 - beta2];
  for (let i = 0; i < values.length; i++) {
    const g = gradient[i]! * scale;
    const m = average[i]! + rest1 * (g - average[i]!);
    const v = averageSquare[i]! * beta2 + rest2 * g * g;
    average[i] = m;
    averageSquare[i] = v;
    values[i] = values[i]! * keep - (stepSize * m) / (Math.sqrt(v) / correction2 + epsilon);
  }
}

/** Plain stochastic gradient descent in place, with decoupled weight decay. */
export function sgd(
  values: Float32Array,
  gradient: Float32Array,
  scale: number,
  { learningRate, weightDecay }: Update,
): void {
  const keep = 1 - learningRate * weightDecay;
  for (let i = 0; i < values.length; i++) values[i] = values[i]! * keep - learningRate * gradient[i]! * scale;
}

/** L2 norm over all gradients together, summed in double precision. */
export function globalNorm(gradients: Iterable<Float32Array>): number {
  let sum = 0;
  for (const gradient of gradients) {
    let part = 0;
    for (let i = 0; i < gradient.length; i++) part += gradient[i]! * gradient[i]!;
    sum += part;
  }
  return Math.sqrt(sum);
}

/** Factor that brings a norm down to `maximum`, as torch.nn.utils.clip_grad_norm_ has it; 1 when clipping is off. */
export function clipFactor(norm: number, maximum: number): number {
  if (maximum <= 0) return 1;
  return Math.min(1, maximum / (norm + 1e-6));
}
