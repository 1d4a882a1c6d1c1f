// Prepares a run up to its first step, in a folder that is thrown away, and keeps what that tells.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DecisionReport, Estimates, EventBodies, ModelReport, RunPlan } from '../protocol/events.ts';
import type { Problem } from '../protocol/problem.ts';
import { readManifest } from '../runs/manifest.ts';
import { createRun } from '../runs/startRun.ts';
import { prepareRun } from '../trainer/prepare.ts';
import { BadConfigError } from '../trainer/preparedRun.ts';

export interface EstimateReport {
  readonly estimates: Estimates;
  readonly plan: RunPlan;
  readonly model: ModelReport;
  readonly device: string;
  readonly threads: number;
  readonly decisions: readonly DecisionReport[];
  readonly warnings: readonly Problem[];
}

export interface EstimateRequest {
  readonly configFile: string;
  /** The config, where it is not what the file holds. */
  readonly configText?: string | undefined;
  readonly name: string;
  readonly overrides: readonly string[];
  readonly onProgress: (progress: EventBodies['progress']) => void;
  readonly signal: AbortSignal;
}

/** Takes as long as a run takes to its first step: the time is measured on two of its own sequences. */
export async function estimateRun(request: EstimateRequest): Promise<EstimateReport> {
  const { configFile, configText, name, overrides, onProgress, signal } = request;
  const runsFolder = await mkdtemp(join(tmpdir(), 'finetune-estimate-'));
  try {
    const runFolder = await createRun({ configFile, configText, name, overrides, runsFolder });
    const manifest = await readManifest(runFolder);
    const silent = { onAdvice: () => undefined, onEngineOutput: () => undefined };
    const prepared = await prepareRun({ runFolder, manifest, onProgress, signal, ...silent });
    const { estimates, plan, model, device, threads, decisions, warnings } = prepared;
    prepared.close();
    await prepared.session.close();
    return { estimates, plan, model, device, threads, decisions, warnings };
  } catch (error) {
    throw error instanceof BadConfigError ? error.cause : error;
  } finally {
    await rm(runsFolder, { recursive: true, force: true });
  }
}
