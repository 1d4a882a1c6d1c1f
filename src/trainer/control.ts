// What the trainer has been told and not done yet: commands come in at any time, the loop asks between steps.

import type { TrainerCommand } from '../protocol/commands.ts';
import type { EventDraft } from '../protocol/events.ts';

/** Thrown through the loop when the run is to end at once. */
export class StopNow extends Error {
  constructor() {
    super('The run was told to stop now.');
    this.name = 'StopNow';
  }
}

export interface Control {
  /** Takes a command and answers it with an `acknowledged` event. */
  receive(command: TrainerCommand): void;
  /** Answers what is no command, so that whoever sent it does not wait for the end of the run. */
  refuse(command: { readonly type: string; readonly id: string }, reason: string): void;
  /**
   * Between two steps: waits while paused, and lets `serve` do what was asked for, during a pause too. True = write a
   * checkpoint and end. Throws StopNow.
   */
  between(step: number, serve: () => Promise<void>): Promise<boolean>;
  /** Waits for a computation, but not beyond *stop now*: then throws StopNow at once. */
  interruptible<T>(work: Promise<T>): Promise<T>;
  /** True once for each time a checkpoint was asked for. */
  takeCheckpointRequest(): boolean;
  /** The learning rate that was set since the last call. */
  takeLearningRate(): number | undefined;
  /** Aborted as soon as the run is to end, in either way; ends the preparation early. */
  readonly stopping: AbortSignal;
  /** What a person asks for by a signal: the first time save, the second time at once. */
  signalled(): void;
  /** An error that happened outside of any call: whatever is waited for fails with it. */
  crash(error: Error): void;
}

type StopRequest = 'none' | 'save' | 'now';

/**
 * `report` sends the answers and the `paused` and `resumed` events. `note` writes down where the run stands before such
 * an event is sent: whoever saw the event may read it there.
 */
export function createControl(
  report: (event: EventDraft) => void,
  note: (state: 'paused' | 'running') => Promise<void>,
): Control {
  let stop: StopRequest = 'none';
  let paused = false;
  let checkpointRequested = false;
  let learningRate: number | undefined;
  // `news`: something came in since it was last looked at; `wake` ends the wait for it.
  let news = false;
  let wake = (): void => {};
  const stopping = new AbortController();
  const atOnce = new AbortController();

  const tell = (): void => {
    news = true;
    wake();
  };

  const requestStop = (how: 'save' | 'now'): void => {
    stop = how;
    stopping.abort();
    if (how === 'now') atOnce.abort(new StopNow());
    tell();
  };

  /** Undefined when obeyed, else why not. */
  const obey = (command: TrainerCommand): string | undefined => {
    if (stop === 'now') return 'The run is stopping now.';
    switch (command.type) {
      case 'stop-now':
        requestStop('now');
        return undefined;
      case 'stop-and-save':
        if (stop === 'save') return 'The run is already stopping.';
        requestStop('save');
        return undefined;
      case 'pause':
        if (paused) return 'The run is already paused.';
        paused = true;
        return undefined;
      case 'resume':
        if (!paused) return 'The run is not paused.';
        paused = false;
        tell();
        return undefined;
      case 'checkpoint-now':
        checkpointRequested = true;
        tell();
        return undefined;
      case 'set':
        learningRate = command.learning_rate;
        tell();
        return undefined;
    }
  };

  const refuse: Control['refuse'] = ({ type, id }, reason) =>
    report({ type: 'acknowledged', command: type, id, accepted: false, reason });

  return {
    receive(command) {
      const reason = obey(command);
      if (reason !== undefined) refuse(command, reason);
      else report({ type: 'acknowledged', command: command.type, id: command.id, accepted: true });
    },
    refuse,
    async between(step, serve) {
      await serve();
      if (paused && stop === 'none') {
        await note('paused');
        report({ type: 'paused', step });
        while (paused && stop === 'none' && !atOnce.signal.aborted) {
          if (!news) await new Promise<void>((resolve) => (wake = resolve));
          news = false;
          await serve();
        }
        if (!paused) {
          await note('running');
          report({ type: 'resumed', step, after: 'pause' });
        }
      }
      atOnce.signal.throwIfAborted();
      return stop === 'save';
    },
    interruptible: (work) => untilAborted(work, atOnce.signal),
    takeCheckpointRequest() {
      const requested = checkpointRequested;
      checkpointRequested = false;
      return requested;
    },
    takeLearningRate() {
      const taken = learningRate;
      learningRate = undefined;
      return taken;
    },
    stopping: stopping.signal,
    signalled: () => requestStop(stop === 'none' ? 'save' : 'now'),
    crash(error) {
      atOnce.abort(error);
      tell();
    },
  };
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(reasonOf(signal));
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
    if (signal.aborted) abort();
  });
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new StopNow();
}
