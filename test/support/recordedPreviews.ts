// A preview without an editor: the session itself, over files made for the tests, answers the panel.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PreviewSession } from '../../src/preview/session.ts';
import { previewRequests } from '../../src/protocol/previewMessages.ts';
import type { PreviewState } from '../../src/protocol/previewViews.ts';
import type { Guard } from '../../src/protocol/guards.ts';
import type { Answerer, OpenPanel } from './panelHost.ts';
import { hostileText } from './recordedRuns.ts';

const questions = ['How do I reset my password?', 'Where is my parcel?', 'Can I change the delivery address?'];

/** Rows of every kind that the preview shows: chats, calls, pairs, instructions, broken ones. */
export function previewRows(hostile = false): string {
  const extra = hostile ? ` ${hostileText}` : '';
  const rows: unknown[] = [];
  for (let i = 0; i < 60; i += 1) {
    const asked = `${questions[i % 3]} My number is ${1000 + i}.${extra}`;
    const answer = `You can do this in your account. Choose the entry ${i % 7}, and then confirm it with the button that you see there.${extra}`;
    rows.push({
      messages: [
        ...(i % 4 === 0 ? [{ role: 'system', content: 'You answer questions of customers, and you are brief.' }] : []),
        { role: 'user', content: asked },
        {
          role: 'assistant',
          content: answer.repeat(1 + (i % 5)),
          ...(i % 5 === 0 ? { reasoning_content: 'They ask for help.' } : {}),
        },
        ...(i % 3 === 0
          ? [
              { role: 'user', content: 'Thank you!' },
              { role: 'assistant', content: 'You are welcome.' },
            ]
          : []),
      ],
      source: i % 2 === 0 ? 'web' : 'phone',
    });
  }
  rows.splice(3, 0, {
    prompt: 'Say hello.',
    chosen: 'Hello, how may I help you today?',
    rejected: 'Hello, what do you want today?',
  });
  rows.splice(5, 0, { instruction: `Translate into German.${extra}`, input: 'Good morning', output: 'Guten Morgen' });
  const lines = rows.map((row) => JSON.stringify(row));
  lines.splice(7, 0, '{"messages": [{"role": "user", "content": "cut off');
  return `${lines.join('\n')}\n`;
}

export interface RecordedPreview {
  readonly host: Answerer;
  /** Sends states to an open panel as they come. */
  follow(panel: OpenPanel): void;
  readonly session: PreviewSession;
  readonly asked: string[];
  remove(): Promise<void>;
}

export async function recordedPreview(content: string, config?: string): Promise<RecordedPreview> {
  const folder = await mkdtemp(path.join(tmpdir(), 'preview-panel-'));
  const file = path.join(folder, 'support.jsonl');
  await writeFile(file, content);
  let panel: OpenPanel | undefined;
  const asked: string[] = [];
  const tell = (state: PreviewState): void => {
    panel?.post({ type: 'state', state }).catch(() => undefined); // the page may be closed by now
  };
  const configs = [];
  if (config !== undefined) {
    const configFile = path.join(folder, 'support.finetune.yaml');
    await writeFile(configFile, config);
    configs.push({ file: configFile, name: 'support.finetune.yaml' });
  }
  const session = new PreviewSession({ file, name: 'support.jsonl', configs }, tell);
  await session.start();
  const host: Answerer = {
    snapshot: () => ({ type: 'snapshot', panel: 'preview', strings: {}, locale: 'en', state: session.state }),
    async answer(method, params) {
      asked.push(method);
      const done = { done: true };
      switch (method) {
        case 'page': {
          const { from, count } = checked(previewRequests.page.isParams, params);
          return { rows: await session.page(from, count) };
        }
        case 'detail':
          return session.detail(checked(previewRequests.detail.isParams, params).row);
        case 'position':
          return { position: session.position(checked(previewRequests.position.isParams, params).row) };
        case 'query':
          session.ask(checked(previewRequests.query.isParams, params));
          return done;
        case 'statistics':
          session.count(checked(previewRequests.statistics.isParams, params).all);
          return done;
        case 'exclude': {
          const { rows, excluded } = checked(previewRequests.exclude.isParams, params);
          await session.exclude(rows, excluded);
          return done;
        }
        default:
          return done;
      }
    },
  };
  return {
    host,
    session,
    asked,
    follow: (next) => (panel = next),
    async remove() {
      panel = undefined;
      await session.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function checked<T>(guard: Guard<T>, value: unknown): T {
  if (!guard(value)) throw new Error('malformed');
  return value;
}
