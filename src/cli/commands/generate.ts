// finetune generate: a model's answer to a prompt, printed while it is made.
import { text as readAll } from 'node:stream/consumers';
import { Option } from 'commander';
import type { DefineCommand } from '../program.ts';
import { exitCodes } from '../exitCodes.ts';
import { openForAnswers, type AnswerFacts, type AnsweringModel } from '../generation/answer.ts';
import { findSource, nameOfSource } from '../generation/source.ts';
import { untilInterrupted } from '../interrupt.ts';
import { jsonOption, numberBetween, type JsonOption } from '../options.ts';
import { plainText } from '../render/text.ts';
import { printJson, type Terminal } from '../terminal.ts';
import { findRunsFolder } from '../workspace.ts';
import { probedExecutors } from '../../engine/probes.ts';
import { problem } from '../../protocol/problem.ts';

interface GenerateOptions extends JsonOption {
  readonly run?: string;
  readonly model?: string;
  readonly adapter?: string;
  readonly template?: string;
  readonly system?: string;
  readonly device: string;
  readonly maxNewTokens: number;
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly repetitionPenalty: number;
  readonly seed: number;
}

const help = `
Without a prompt it reads one from stdin. Only the answer goes to stdout.

Examples:
  finetune generate --run latest "What is the capital of France?"
  finetune generate --model HuggingFaceTB/SmolLM2-135M-Instruct "Hello"
  finetune generate --adapter outputs/tickets --temperature 0.7 < prompt.txt`;

export const define: DefineCommand = (command, terminal, done) => {
  const limit = numberBetween(1, 1_000_000, true);
  command
    .argument('[prompt]', 'what to ask')
    .option('--run <run>', 'the result of a run: its id or the beginning of it, or latest')
    .option('--model <model>', 'a hub id, a folder or a .gguf file')
    .option('--adapter <folder>', "an adapter in PEFT's layout, on top of its model")
    .option('--template <template>', 'chat, alpaca, none or a .jinja file')
    .option('--system <text>', 'system message')
    .option('--max-new-tokens <n>', 'length of the answer at most', limit, 256)
    .option('--temperature <t>', '0 takes the likeliest token', numberBetween(0, 100), 0)
    .option('--top-k <k>', 'choose among the k likeliest tokens; 0 = all', numberBetween(0, 1e9, true), 0)
    .option('--top-p <p>', 'choose among the likeliest with this share', numberBetween(0, 1), 1)
    .option('--repetition-penalty <r>', 'above 1 avoids what was said', numberBetween(0.01, 100), 1)
    .option('--seed <n>', 'of the dice', numberBetween(0, 2 ** 31, true), 0)
    .addOption(
      new Option('--device <device>', 'see finetune doctor').choices(['cpu', ...probedExecutors]).default('cpu'),
    )
    .addOption(jsonOption('one document with the answer'))
    .addHelpText('after', help)
    .action(async (prompt: string | undefined, options: GenerateOptions) => {
      const source = await findSource(options, findRunsFolder(process.cwd()));
      const question = prompt ?? (await promptFromStdin());
      const finished = await untilInterrupted(async (signal) => {
        const model = await openForAnswers(source, { ...options, signal });
        try {
          const { text, facts } = await streamAnswer(model, question, options, terminal, signal);
          if (options.json) {
            printJson(terminal, { model: nameOfSource(source), prompt: question, answer: text, ...facts });
          } else terminal.write('\n');
          return true;
        } finally {
          await model.close();
        }
      });
      if (!finished) done(exitCodes.stopped);
    });
};

/** Pieces are shown as they come; a terminal gets no control characters, a file gets the answer as it is. */
async function streamAnswer(
  model: AnsweringModel,
  question: string,
  options: GenerateOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<{ text: string; facts: AnswerFacts | undefined }> {
  const pieces = model.answer(question, options);
  let text = '';
  for (;;) {
    const { done, value } = await pieces.next();
    if (done) return { text, facts: value };
    text += value;
    if (!options.json) terminal.write(terminal.interactive ? plainText(value) : value);
    if (signal.aborted) {
      await pieces.return({ promptTokens: 0, tokens: 0, reason: 'length', seconds: 0 });
      return { text, facts: undefined };
    }
  }
}

async function promptFromStdin(): Promise<string> {
  if (process.stdin.isTTY) throw problem('cli/no-prompt', 'Write a prompt behind the command, or send one on stdin.');
  return (await readAll(process.stdin)).replace(/\r?\n$/, '');
}
