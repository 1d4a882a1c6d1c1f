// Sends a command to a running trainer and waits for its answer.
import { problem } from '../protocol/problem.ts';
import { lastOf } from '../protocol/series.ts';
import { sendCommand } from '../runs/control.ts';
import { followRun } from '../runs/followRun.ts';
import { isLiveStatus, openRun } from '../runs/store.ts';

/** A step of a large model may take minutes, and commands are obeyed between steps. */
const patience = 10 * 60_000;

/**
 * Pauses a live run or lets a paused one go on; returns the step it is at. Throws `cli/not-live` when no trainer works
 * on it, `cli/refused` with the trainer's reason, `cli/no-answer` when it ends or stays silent.
 */
export async function tellRun(folder: string, command: 'pause' | 'resume'): Promise<number> {
  const { status, state } = await openRun(folder);
  if (!isLiveStatus(status)) {
    throw problem('cli/not-live', `This run is not going on: it is ${status.replace('_', ' ')}.`, { file: folder });
  }
  const id = await sendCommand(folder, { type: command });
  const waiting = AbortSignal.timeout(patience);
  let step = lastOf(state.steps)?.step ?? 0;
  for await (const event of followRun(folder, { fromSeq: state.nextSeq, signal: waiting })) {
    if (event.type === 'step' || event.type === 'paused') step = event.step;
    if (event.type !== 'acknowledged' || event.id !== id) continue;
    if (event.accepted) return step;
    throw problem('cli/refused', `The run did not ${command}. ${event.reason ?? 'It gave no reason.'}`, {
      file: folder,
    });
  }
  const why = waiting.aborted ? 'It did not answer within 10 minutes.' : 'It ended before it answered.';
  throw problem('cli/no-answer', `The run was asked to ${command}. ${why}`, { file: folder });
}
