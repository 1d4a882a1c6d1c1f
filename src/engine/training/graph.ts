// The graphs of a session: losses alone for evaluation, losses and gradients for a step.

import type { Node } from '../graph/node.ts';
import { gradients } from '../graph/gradients.ts';
import * as op from '../graph/operations.ts';
import { buildModel } from '../model/build.ts';
import type { ModelGraph, ModelRequest } from '../model/build.ts';
import { packedAttention } from '../model/packedAttention.ts';

export interface LossGraph {
  readonly model: ModelGraph;
  /** `nll` [S]: negative log-likelihood of each supervised token, in nats; `gradient:<name>` for each parameter. */
  readonly outputs: ReadonlyMap<string, Node>;
}

export type LossRequest = Omit<ModelRequest, 'training' | 'attention'>;

/** Losses of each supervised token. Inputs beside the forward pass's: `lossTargets` [S]. */
export function evaluationGraph(request: LossRequest): LossGraph {
  const model = buildModel({ ...request, attention: packedAttention, training: false });
  return { model, outputs: new Map([['nll', losses(model)]]) };
}

/** Losses and gradients. A further input `lossWeights` [S] says what each token's loss counts in the step's loss. */
export function stepGraph(request: LossRequest, gradientCheckpointing: boolean): LossGraph {
  const model = buildModel({ ...request, attention: packedAttention, training: true });
  const nll = losses(model);
  const lossWeights = op.input(model.graph, 'lossWeights', ['S']);
  const parameters = model.parameters.map((p) => p.node);
  const made = gradients(nll, lossWeights, parameters, { recompute: gradientCheckpointing });
  const named = model.parameters.map((p, i) => [gradientName(p.name), made[i]!] as const);
  return { model, outputs: new Map([['nll', nll], ...named]) };
}

export function gradientName(parameter: string): string {
  return `gradient:${parameter}`;
}

function losses(model: ModelGraph): Node {
  return op.crossEntropy(model.logits, op.input(model.graph, 'lossTargets', ['S'], 'int32'));
}
