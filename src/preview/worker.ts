// The process of a dataset preview: one file, one session; asked by messages of the process that started it, ends with it.
import { isQuery, previewRequests } from '../protocol/previewMessages.ts';
import {
  between,
  count,
  flag,
  list,
  number,
  oneOf,
  optional,
  shape,
  text,
  dictionary,
  type Guard,
} from '../protocol/guards.ts';
import { conversionTargets, type ConversionTarget } from '../protocol/previewViews.ts';
import type { SessionAnswer, SessionRequest, SessionSource, SessionTold } from './workerMessages.ts';
import { sentenceOf } from './sentences.ts';
import { PreviewSession } from './session.ts';
import { convertGiven, convertInto, exportRows, rolesWritten } from './wholeFile.ts';

const isSource = shape<SessionSource>({
  file: text,
  name: text,
  configs: list(shape<SessionSource['configs'][number]>({ file: text, name: text }), 1000),
});
const conversion = shape<{
  to: ConversionTarget;
  splitTurns: boolean;
  roles: Readonly<Record<string, string>>;
  out?: string;
  text?: string;
}>({
  to: oneOf(...conversionTargets),
  splitTurns: flag,
  roles: dictionary(text, 100),
  out: optional(text),
  text: optional((value): value is string => typeof value === 'string'),
});
const row = shape<{ row: number }>({ row: count });
const line = shape<{ line: number }>({ line: between(1, Number.MAX_SAFE_INTEGER) });
const out = shape<{ out: string }>({ out: text });
const isRequest = shape<SessionRequest>({
  id: number,
  method: text,
  params: (value): value is unknown => value !== undefined,
});

let session: PreviewSession | undefined;
const tell = (told: SessionTold | SessionAnswer): void => void process.send?.(told);

/** Throws for a method or parameters that no caller of this program sends. */
async function answer(method: string, params: unknown): Promise<unknown> {
  if (method === 'open') {
    session = new PreviewSession(checked(isSource, params), (state) => tell({ type: 'state', state }));
    await session.start();
    return session.state;
  }
  const at = session;
  if (!at) throw new Error('No file is open.');
  const done = { done: true };
  switch (method) {
    case 'page': {
      const { from, count: rows } = checked(previewRequests.page.isParams, params);
      return { rows: await at.page(from, rows) };
    }
    case 'detail':
      return at.detail(checked(row, params).row);
    case 'position':
      return { position: at.position(checked(row, params).row) };
    case 'query':
      at.ask(checked(isQuery, params));
      return done;
    case 'statistics':
      at.count(checked(previewRequests.statistics.isParams, params).all);
      return done;
    case 'cancel':
      at.cancel();
      return done;
    case 'useConfig':
      await at.useConfig(checked(previewRequests.useConfig.isParams, params).name);
      return done;
    case 'exclude': {
      const { rows, excluded } = checked(previewRequests.exclude.isParams, params);
      await at.exclude(rows, excluded);
      return done;
    }
    case 'excludeView':
      await at.excludeView(checked(previewRequests.excludeView.isParams, params).excluded);
      return done;
    case 'place':
      return at.place(checked(row, params).row);
    case 'text':
      return at.text(checked(row, params).row);
    case 'rowOfLine':
      return at.rowOfLine(checked(line, params).line);
    case 'export':
      return exportRows(await at.whole(), at.viewRows(), checked(out, params).out);
    case 'convert': {
      const { text: given, out: target, ...options } = checked(conversion, params);
      if (given !== undefined) return convertGiven(await at.whole(), given, options);
      if (target === undefined) throw new Error('A conversion needs a text or a file.');
      return convertInto(await at.whole(), target, options);
    }
    case 'roles':
      return rolesWritten(await at.whole());
    case 'refresh':
      await at.refresh();
      return done;
    default:
      throw new Error(`There is no method ${method}.`);
  }
}

function checked<T>(guard: Guard<T>, value: unknown): T {
  if (!guard(value)) throw new Error('The parameters are malformed.');
  return value;
}

process.on('message', (message: unknown) => {
  if (!isRequest(message)) return;
  const { id, method, params } = message;
  answer(method, params).then(
    (result) => tell({ type: 'answer', id, ok: true, result }),
    (error: unknown) => tell({ type: 'answer', id, ok: false, problem: sentenceOf(error) }),
  );
});
// The temporary copy of a packed file goes with the process.
process.on('disconnect', () => {
  void (session?.close() ?? Promise.resolve()).finally(() => process.exit());
});
