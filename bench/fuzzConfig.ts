// Fuzzing of config editing through the language server: random edits of whole and broken configs, in sequence, as an
// editor sends them. After every edit each answer must come within a second, every offered edit must apply, and a document
// that grew by edits must be told the same as one that is opened afresh.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { pathToFileURL } from 'node:url';
import {
  CodeActionRequest,
  CodeLensRequest,
  CompletionRequest,
  DefinitionRequest,
  DidCloseTextDocumentNotification,
  DocumentFormattingRequest,
  DocumentLinkRequest,
  DocumentSymbolRequest,
  FoldingRangeRequest,
  HoverRequest,
  InlayHintRequest,
  SelectionRangeRequest,
  type CodeAction,
  type Diagnostic,
  type Position,
  type Range,
  type TextEdit,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { allFields } from '../src/config/schema.ts';
import { foreignNames } from '../src/config/otherTools.ts';
import { serveProgram, type ClientOptions, type TestClient } from '../test/support/languageClient.ts';

/** Longest that one answer may take, in milliseconds of the server's processor time: the machine may have more to do. */
const hang = 1000;
/** A server that is silent for this long hangs, however busy the machine is. */
const silence = 30_000;

export interface FuzzReport {
  readonly edits: number;
  readonly answers: number;
  readonly slowest: { readonly milliseconds: number; readonly what: string; readonly text: string };
}

const yaml = `version: 1
model: ./tiny
data:
  train:
    - path: data/rows.jsonl # mine
      weight: 2
    - {path: b.jsonl, format: text}
  validation: 0.05
  system: |
    You label tickets.
    Be brief.
lora: {rank: 16, target_modules: [q_proj, "v_proj"]}
training:
  epochs: 3
  learning_rate: 2e-4
evaluation:
  prompts:
    - 'a: b'
`;
const json = JSON.stringify({ version: 1, model: 'a/b', data: { train: [{ path: 'a' }] }, lora: { rank: 4 } }, null, 2);
const starts = [yaml, json, '', '{', 'data:\n  train:\n    - '];
const names = [...allFields().map(({ name }) => name), ...foreignNames.keys()];
const scraps = [
  '\t',
  '\n',
  '\r\n',
  '\n  ',
  ': ',
  '- ',
  '"',
  "'",
  '{',
  '}',
  '[',
  ']',
  ', ',
  '*a',
  '&a ',
  '!x ',
  '? ',
  '---\n',
];
const rare = [
  '#',
  ' #',
  '\0',
  '${env:',
  '|\n',
  '>\n',
  '%',
  '@',
  '1e999',
  '\u2028',
  '<<: ',
  '\ud800',
  '𝕏',
  '\ufeff',
  '..',
  '99999999999',
];

/** Starts a server and edits until `isOver` says so. Throws with the text that is wrong. */
export async function fuzzConfig(
  seed: number,
  isOver: (edits: number) => boolean,
  serve = program,
): Promise<FuzzReport> {
  const folder = await mkdtemp(join(tmpdir(), 'finetune-fuzz-'));
  try {
    await writeSurroundings(folder);
    const client = await serve({ folder, initializationOptions });
    try {
      return await fuzz(client, folder, seed, isOver);
    } finally {
      await client.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const initializationOptions = {
  suggestCommand: 'suggest',
  trusted: false, // estimates are processes of their own
  commands: { start: 's', dryRun: 'd', estimate: 'e', check: 'c', problems: 'p' },
};

const program = async (options: ClientOptions): Promise<TestClient> =>
  serveProgram(['dist/server.js', '--stdio'], options);

/** Files that configs name, so that facts about them come too. */
async function writeSurroundings(folder: string): Promise<void> {
  await mkdir(join(folder, 'tiny'));
  await mkdir(join(folder, 'data'));
  const model = {
    ...{ model_type: 'llama', vocab_size: 32, hidden_size: 8, intermediate_size: 16, num_hidden_layers: 1 },
    ...{ num_attention_heads: 2, num_key_value_heads: 1, max_position_embeddings: 64, rms_norm_eps: 1e-5 },
    ...{ hidden_act: 'silu', rope_theta: 10000, tie_word_embeddings: true },
  };
  await writeFile(join(folder, 'tiny', 'config.json'), JSON.stringify(model));
  await writeFile(join(folder, 'data', 'rows.jsonl'), '{"text": "a", "a: b": "c"}\n');
  await writeFile(join(folder, 'b.jsonl'), '{"text": "a"}\n');
}

async function fuzz(
  client: TestClient,
  folder: string,
  seed: number,
  isOver: (edits: number) => boolean,
): Promise<FuzzReport> {
  let state = (seed % 2_147_483_646) + 1;
  const random = (below: number): number => (state = (state * 48_271) % 2_147_483_647) % below;
  const pick = <T>(items: readonly T[]): T => items[random(items.length)]!;
  let slowest = { milliseconds: 0, what: '', text: '' };
  let edits = 0;
  let answers = 0;
  let uri = '';

  const timed = async <T>(what: string, ask: () => Promise<T>): Promise<T> => {
    const begun = await processorTime(client.pid);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${silence / 1000} s`)), silence);
    });
    try {
      return await Promise.race([ask(), late, client.ended]);
    } catch (error) {
      throw new Error(`${what} failed for ${JSON.stringify(client.text(uri))}`, { cause: error });
    } finally {
      clearTimeout(timer);
      answers += 1;
      const milliseconds = (await processorTime(client.pid)) - begun;
      if (milliseconds > slowest.milliseconds) slowest = { milliseconds, what, text: client.text(uri) };
    }
  };
  const send = client.connection;
  const told = async (document: string, position: Position): Promise<unknown> => {
    const textDocument = { uri: document };
    const diagnostics = await timed('diagnostics', () => client.diagnostics(document));
    const at = { textDocument, position };
    return {
      diagnostics,
      completion: await timed('completion', () => send.sendRequest(CompletionRequest.type, at)),
      hover: await timed('hover', () => send.sendRequest(HoverRequest.type, at)),
      symbols: await timed('symbols', () => send.sendRequest(DocumentSymbolRequest.type, { textDocument })),
      folds: await timed('folds', () => send.sendRequest(FoldingRangeRequest.type, { textDocument })),
      actions: await actionsAt(document, position, [...diagnostics]),
    };
  };
  const actionsAt = async (document: string, position: Position, diagnostics: Diagnostic[]): Promise<CodeAction[]> => {
    const textDocument = { uri: document };
    const range: Range = { start: position, end: position };
    const ask = async (only?: string[]): Promise<CodeAction[]> =>
      ((await timed('code actions', () =>
        send.sendRequest(CodeActionRequest.type, {
          ...{ textDocument, range },
          context: { diagnostics, ...(only ? { only } : {}) },
        }),
      )) ?? []) as CodeAction[];
    return [...(await ask()), ...(edits % 10 === 0 ? await ask(['source.fixAll']) : [])];
  };
  /** Throws where an edit lies outside of the text, or overlaps another. */
  const apply = (changes: readonly TextEdit[], what: string): string => {
    const text = client.text(uri);
    const document = TextDocument.create(uri, '', 1, text);
    for (const { range } of changes) {
      const [start, end] = [document.offsetAt(range.start), document.offsetAt(range.end)];
      const isInside = isDeepStrictEqual(
        [document.positionAt(start), document.positionAt(end)],
        [range.start, range.end],
      );
      if (start > end || !isInside) throw new Error(`${what} edits outside of ${JSON.stringify(text)}`);
    }
    return TextDocument.applyEdits(document, [...changes]);
  };

  while (!isOver(edits)) {
    if (edits % 60 === 0) {
      if (uri !== '') await close(client, uri);
      const text = pick(starts);
      const isJson = text === json || (text === '{' && random(2) === 0);
      uri = pathToFileURL(join(folder, `${edits}.finetune.${isJson ? 'json' : 'yaml'}`)).href;
      client.open(uri, isJson ? 'finetune-json' : 'finetune-yaml', text);
    }
    const before = TextDocument.create(uri, '', 1, client.text(uri));
    const length = before.getText().length;
    const at = random(length + 1);
    const end = random(4) === 0 ? Math.min(length, at + random(12)) : at;
    const newText = random(8) === 0 ? '' : random(4) === 0 ? pick(names) : random(6) === 0 ? pick(rare) : pick(scraps);
    client.edit(uri, newText, { start: before.positionAt(at), end: before.positionAt(end) });
    edits += 1;

    const text = client.text(uri);
    const after = TextDocument.create(uri, '', 1, text);
    const position = after.positionAt(Math.min(text.length, at + newText.length));
    const found = await told(uri, position);
    await askTheRest(uri, position);
    // The same text, opened afresh, is told the same.
    const twin = uri.replace(/(\d+)\.finetune/, 'twin$1.finetune');
    client.open(twin, uri.endsWith('.json') ? 'finetune-json' : 'finetune-yaml', text);
    const again = await told(twin, position);
    await close(client, twin);
    let pair = [found, again];
    // What lies around a file comes to be known in the background: it may have come between the two looks.
    for (let look = 0; look < 5 && !sameLook(pair, twin, uri); look += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      client.open(twin, uri.endsWith('.json') ? 'finetune-json' : 'finetune-yaml', text);
      pair = [await told(uri, position), await told(twin, position)];
      await close(client, twin);
    }
    if (!sameLook(pair, twin, uri))
      throw new Error(
        `two looks differ for ${JSON.stringify(text)}:\n${pair.map((one) => JSON.stringify(one)).join('\n')}`,
      );
    if (slowest.milliseconds > hang)
      throw new Error(`${slowest.what} took ${slowest.milliseconds.toFixed(0)} ms for ${JSON.stringify(slowest.text)}`);
    for (const { title, edit } of (found as { actions: CodeAction[] }).actions)
      apply(edit?.changes?.[uri] ?? [], title);
  }
  return { edits, answers, slowest };

  /** What need not be compared: it must come, and its edits must apply. */
  async function askTheRest(document: string, position: Position): Promise<void> {
    const textDocument = { uri: document };
    const range: Range = { start: { line: 0, character: 0 }, end: position };
    const options = { tabSize: 2, insertSpaces: true };
    await timed('selections', () =>
      send.sendRequest(SelectionRangeRequest.type, { textDocument, positions: [position] }),
    );
    await timed('links', () => send.sendRequest(DocumentLinkRequest.type, { textDocument }));
    await timed('definition', () => send.sendRequest(DefinitionRequest.type, { textDocument, position }));
    await timed('lens', () => send.sendRequest(CodeLensRequest.type, { textDocument }));
    await timed('hints', () => send.sendRequest(InlayHintRequest.type, { textDocument, range }));
    const format = async () => send.sendRequest(DocumentFormattingRequest.type, { textDocument, options });
    apply((await timed('formatting', format)) ?? [], 'formatting');
  }
}

function sameLook([found, again]: readonly unknown[], twin: string, uri: string): boolean {
  return JSON.stringify(again).replaceAll(twin, uri) === JSON.stringify(found);
}

async function close(client: TestClient, uri: string): Promise<void> {
  await client.connection.sendNotification(DidCloseTextDocumentNotification.type, { textDocument: { uri } });
}

/** Processor time of a process in milliseconds (Linux counts it in hundredths of a second). */
async function processorTime(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return performance.now();
  const [user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return 10 * (user + system);
}
