// The training loop: steps, evaluations, checkpoints, until the plan is done or someone stops it.

import { packingOf, packRows } from '../data/packing.ts';
import type { Observed, StepResult } from '../engine/session.ts';
import { judge, isExhausted } from './earlyStopping.ts';
import { drawStep, evaluateAnswers } from './drawnAnswers.ts';
import { evaluate, reportRow } from './evaluate.ts';
import { nonFiniteLoss } from './failures.ts';
import { baseRateOf, learningRateOf } from './learningRates.ts';
import { summarise } from './observed.ts';
import { answerPrompts } from './promptWatch.ts';
import type { TrainerState, Training, TrainingEnd } from './training.ts';

type SaveReason = 'scheduled' | 'best' | 'requested' | 'stopping';

/**
 * Trains from `training.state` to the end of the plan. Everything it depends on is passed in, and a step depends on
 * nothing but the session's weights, the seed and its own number, so a run that goes on from a checkpoint is the run
 * that never stopped. Throws StopNow, or a ProblemError for a loss that is not finite.
 */
export async function train(training: Training): Promise<TrainingEnd> {
  const { settings, control } = training;
  let state = training.state;
  let savedStep = state.step;

  const save = async (reason: SaveReason): Promise<void> => {
    await saveCheckpoint(training, state, reason);
    savedStep = state.step;
  };
  /** What was asked for while a step was running. */
  const serve = async (): Promise<void> => {
    state = takeLearningRate(training, state);
    if (control.takeCheckpointRequest()) await save('requested');
  };

  if (state.step === 0 && settings.evaluateAtStart) ({ state } = await measure(training, state));

  while (state.step < settings.totalSteps) {
    if (await control.between(state.step, serve)) {
      if (savedStep !== state.step || state.step === 0) await save('stopping');
      return { outcome: 'stopped', state };
    }
    state = await takeStep(training, state);
    training.track(state);

    const last = state.step === settings.totalSteps;
    let better = false;
    if (last || state.step % settings.evaluateEvery === 0) ({ state, better } = await measure(training, state));
    training.track(state);
    const exhausted = isExhausted(state, settings.earlyStopping);
    if (last || exhausted || state.step % settings.checkpointEvery === 0) await save('scheduled');
    else if (better && settings.keepBest) await save('best');
    if (exhausted && !last) return { outcome: 'early_stopped', state };
  }
  return { outcome: 'completed', state };
}

/** One optimiser step and its event. */
async function takeStep(training: Training, before: TrainerState): Promise<TrainerState> {
  const { session, train: dataset, order, schedule, settings, drawing, control, clock } = training;
  const step = before.step + 1;
  const started = clock();
  const taken = Array.from(order.rowsOfStep(step), (index) => dataset.row(index));
  const { rows, observed } = drawing
    ? await drawStep(drawing, taken, step, control)
    : { rows: taken, observed: undefined };
  const sequences = packRows(rows, packingOf(settings.capacity, session.info.longestSharing));
  const learningRate = learningRateOf(schedule, before.learningRates, step);
  const result = await control.interruptible(session.step({ step, sequences, learningRate }));
  const { peakBytes } = await control.interruptible(session.memory());
  const seconds = (clock() - started) / 1000;

  training.report({
    type: 'step',
    step,
    epoch: step / order.stepsPerEpoch,
    loss: result.loss,
    learning_rate: result.learningRate,
    grad_norm: result.gradNorm,
    tokens: result.tokens,
    trained_tokens: result.trainedTokens,
    tokens_per_second: seconds > 0 ? result.tokens / seconds : 0,
    memory_bytes: peakBytes,
    seconds,
    rows: result.rows.map(reportRow),
    ...metricsOf({ ...observed, ...result.observed }, result.metrics),
  });
  refuseNonFinite(step, result, learningRate);
  const { totals } = before;
  return {
    ...before,
    step,
    totals: {
      seconds: totals.seconds + seconds,
      tokens: totals.tokens + result.tokens,
      trainedTokens: totals.trainedTokens + result.trainedTokens,
      peakMemoryBytes: Math.max(totals.peakMemoryBytes, peakBytes),
    },
  };
}

/** Validation loss and the answers to the prompts. */
async function measure(training: Training, before: TrainerState): Promise<{ state: TrainerState; better: boolean }> {
  const { session, validation, settings, drawing, control, clock } = training;
  const started = clock();
  let state = before;
  let better = false;
  if (validation) {
    const evaluation = drawing
      ? await evaluateAnswers(drawing, validation, control)
      : await evaluate(session, validation, settings.capacity, control);
    const judged = judge(before, before.step, evaluation.loss, settings.earlyStopping?.minDelta ?? 0);
    better = judged.better;
    state = { ...state, best: judged.best, worseEvaluations: judged.worseEvaluations };
    training.report({
      type: 'evaluated',
      step: before.step,
      loss: evaluation.loss,
      ...(settings.isLikelihood ? { perplexity: Math.exp(evaluation.loss) } : {}),
      rows: evaluation.rows,
      trained_tokens: evaluation.trainedTokens,
      seconds: (clock() - started) / 1000,
      best: better,
      worst_rows: evaluation.worstRows,
      ...metricsOf(evaluation.observed),
    });
  }
  const answers = await answerPrompts(session, training.watch, before.step, control, clock);
  for (const answer of answers) training.report({ type: 'sample', ...answer });
  const seconds = state.totals.seconds + (clock() - started) / 1000;
  return { state: { ...state, totals: { ...state.totals, seconds } }, better };
}

async function saveCheckpoint(training: Training, state: TrainerState, reason: SaveReason): Promise<void> {
  const { control, checkpoints, session, clock } = training;
  const started = clock();
  const saved = await control.interruptible(checkpoints.save(session, state));
  const seconds = (clock() - started) / 1000;
  training.report({ type: 'checkpoint', step: state.step, seconds, reason, ...saved });
}

/** A learning rate that was set applies from the next step on. */
function takeLearningRate(training: Training, state: TrainerState): TrainerState {
  const value = training.control.takeLearningRate();
  if (value === undefined) return state;
  const step = state.step + 1;
  const previous = baseRateOf(training.schedule, state.learningRates, step);
  training.report({ type: 'setting_changed', setting: 'learning_rate', value, previous, step });
  return { ...state, learningRates: [...state.learningRates, { step, value }] };
}

/** The objective's own numbers, of which supervised fine-tuning has none, and those of the ranks, where there are several. */
function metricsOf(observed: Observed = {}, further: StepResult['metrics'] = {}): { metrics?: Record<string, number> } {
  const metrics = { ...summarise(observed), ...further };
  return Object.keys(metrics).length === 0 ? {} : { metrics };
}

function refuseNonFinite(step: number, result: StepResult, learningRate: number): void {
  if (Number.isFinite(result.loss) && Number.isFinite(result.gradNorm)) return;
  throw nonFiniteLoss(step, result, learningRate);
}
