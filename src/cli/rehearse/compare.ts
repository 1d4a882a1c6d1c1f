// Two engines' steps side by side: what differs by more than rounding, and in a sentence where that comes from.
import type { Problem } from '../../protocol/problem.ts';
import type { StateNorms, Taken, TakenStep } from './takeSteps.ts';

/** Relative differences that rounding may make, in 32-bit floats on both sides; before the first update it is less. */
export const tolerances = { firstLoss: 1e-4, loss: 1e-3, gradNorm: 1e-2, learningRate: 1e-9, norm: 1e-2 } as const;

export interface Cell {
  readonly embedded: number;
  readonly torch: number;
  /** |torch − embedded| / |embedded| */
  readonly difference: number;
  readonly differs: boolean;
}

export interface ComparedStep {
  readonly step: number;
  readonly learningRate: Cell;
  readonly trainedTokens: Cell;
  readonly loss: Cell;
  readonly gradNorm: Cell;
}

export interface Comparison {
  readonly agrees: boolean;
  readonly steps: readonly ComparedStep[];
  readonly norms: Readonly<Record<keyof StateNorms, Cell>>;
  /** What differs, in sentences: where it comes from, and what may be behind it. */
  readonly findings: readonly string[];
}

/** `warnings`: settings that the torch engine read back and that are not those of the plan. */
export function compareEngines(embedded: Taken, torch: Taken, warnings: readonly Problem[]): Comparison {
  const steps = embedded.steps.map((step, i) => compareSteps(step, torch.steps[i]));
  const norms = {
    moved: cell(embedded.norms.moved, torch.norms.moved, tolerances.norm),
    gradientMean: cell(embedded.norms.gradientMean, torch.norms.gradientMean, tolerances.norm),
    squareMean: cell(embedded.norms.squareMean, torch.norms.squareMean, 2 * tolerances.norm),
  };
  const findings = [
    ...warnings.map(({ message }) => message),
    ...differentParts(embedded, torch),
    ...explain(steps, norms),
    ...worstRow(embedded.steps[0], torch.steps[0], steps[0]),
  ];
  return { agrees: findings.length === 0, steps, norms, findings };
}

function compareSteps(embedded: TakenStep, torch: TakenStep | undefined): ComparedStep {
  const of = (name: 'learningRate' | 'trainedTokens' | 'loss' | 'gradNorm', tolerance: number): Cell =>
    cell(embedded[name], torch?.[name] ?? NaN, tolerance);
  return {
    step: embedded.step,
    learningRate: of('learningRate', tolerances.learningRate),
    trainedTokens: of('trainedTokens', 0),
    loss: of('loss', embedded.step === 1 ? tolerances.firstLoss : tolerances.loss),
    gradNorm: of('gradNorm', tolerances.gradNorm),
  };
}

function cell(embedded: number, torch: number, tolerance: number): Cell {
  const difference = relativeDifference(embedded, torch);
  return { embedded, torch, difference, differs: !(difference <= tolerance) };
}

function relativeDifference(a: number, b: number): number {
  return a === b ? 0 : Math.abs(b - a) / Math.abs(a);
}

function differentParts({ info: ours }: Taken, { info: theirs }: Taken): string[] {
  const missing = ours.adaptedModules.filter((name) => !theirs.adaptedModules.includes(name));
  const extra = theirs.adaptedModules.filter((name) => !ours.adaptedModules.includes(name));
  if (missing.length + extra.length > 0) {
    const some = [...missing, ...extra].slice(0, 3).join(', ');
    return [
      `PEFT puts adapters on other layers than the plan: ${missing.length} missing, ${extra.length} extra (${some}).`,
    ];
  }
  if (ours.trainableParameters === theirs.trainableParameters) return [];
  return [`PyTorch trains ${theirs.trainableParameters} numbers, and the plan has ${ours.trainableParameters}.`];
}

/** The first thing that differs tells where to look: what comes after it follows from it. */
function explain(steps: readonly ComparedStep[], norms: Comparison['norms']): string[] {
  const rates = steps.filter(({ learningRate }) => learningRate.differs);
  const rateFinding = rates.slice(0, 1).map(({ step, learningRate: { embedded, torch } }) => {
    return `At step ${step} the optimiser used the learning rate ${torch.toPrecision(3)}, and the schedule has ${embedded.toPrecision(3)}.`;
  });
  const tokens = steps.find(({ trainedTokens }) => trainedTokens.differs);
  if (tokens)
    return [`Step ${tokens.step} trained another number of tokens: the mask is not the same.`, ...rateFinding];
  const first = steps[0];
  if (first?.loss.differs) {
    return [
      'The first loss differs, before anything was trained: the model, its weights, the packing or the trained tokens are computed otherwise (transformers, PyTorch).',
      ...rateFinding,
    ];
  }
  if (first?.gradNorm.differs) {
    return [
      'The first loss is the same and its gradient is not: scaling or dropout of the adapters (PEFT), or how gradients of several sequences are added up.',
      ...rateFinding,
    ];
  }
  if (rateFinding.length > 0) return rateFinding;
  const later = steps.find(({ loss, gradNorm }) => loss.differs || gradNorm.differs);
  if (later) {
    return [`Steps agree up to ${later.step - 1}: the update differs (optimiser, clipping, weight decay).`];
  }
  if (norms.gradientMean.differs || norms.squareMean.differs) {
    return ["Losses agree, but the optimiser's state does not: its betas, or the clipping of gradients."];
  }
  return norms.moved.differs
    ? [
        'Losses agree, but the weights have moved otherwise: the update differs (epsilon, bias correction, weight decay).',
      ]
    : [];
}

/** Of a first step that differs, the row that differs most. */
function worstRow(
  ours: TakenStep | undefined,
  theirs: TakenStep | undefined,
  compared: ComparedStep | undefined,
): string[] {
  if (!ours || !theirs || !compared?.loss.differs) return [];
  const rows = ours.rows.map(({ sampleId, lossSum, trainedTokens }, i) => {
    const other = theirs.rows[i]?.lossSum ?? NaN;
    return {
      sampleId,
      ours: lossSum / trainedTokens,
      theirs: other / trainedTokens,
      off: relativeDifference(lossSum, other),
    };
  });
  const worst = rows.toSorted((a, b) => (b.off || Infinity) - (a.off || Infinity))[0];
  if (!worst) return [];
  return [
    `The row that differs most is ${worst.sampleId}: ${worst.ours.toPrecision(5)} and ${worst.theirs.toPrecision(5)}.`,
  ];
}
