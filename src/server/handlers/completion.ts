// Completions, for configs: what the schema knows, and what lies around the file.
import {
  CompletionItemKind,
  InsertTextFormat,
  InsertTextMode,
  MarkupKind,
  type CompletionItem,
  type Range,
} from 'vscode-languageserver/node';
import { valueAt } from '../../config/path.ts';
import type { ServerContext } from '../context.ts';
import type { OpenConfig } from '../documents.ts';
import { cursorAt, type Cursor } from '../service/cursor.ts';
import type { Outside } from '../service/outsideValues.ts';
import { proposalsAt, type Proposal } from '../service/proposals.ts';
import type { Feature } from './feature.ts';

export const completionFeature: Feature = {
  capabilities: { completionProvider: { triggerCharacters: [':', ' ', '"', '/', '-', '[', '{', ','] } },
  register(connection, context) {
    connection.onCompletion(async ({ textDocument, position }, token) => {
      const config = context.documents.config(textDocument.uri);
      if (!config) return [];
      const text = config.document.getText();
      const cursor = cursorAt(text, config.document.offsetAt(position));
      if (!cursor) return [];
      const outside = await outsideFor(cursor, config, context);
      if (token.isCancellationRequested) return [];
      const range = { start: config.document.positionAt(cursor.start), end: config.document.positionAt(cursor.end) };
      return proposalsAt(text, cursor, outside).map((proposal, index) => toItem(proposal, index, range, context));
    });
  },
};

/** Only what this field needs is looked up. */
async function outsideFor(cursor: Cursor, config: OpenConfig, context: ServerContext): Promise<Outside> {
  const { surroundings } = context;
  const value = config.parsed().document.value ?? looseValues(config.document.getText());
  const names = cursor.path.filter((part) => typeof part === 'string').join('.');
  const text = (path: string): string | undefined => {
    const found = valueAt(value, path);
    return typeof found === 'string' ? found : undefined;
  };
  const model = text('model');
  const isModules = names === 'lora.target_modules' && model !== undefined;
  const layers = isModules ? (await surroundings.model(model, config.file))?.linearModules : undefined;
  const item = cursor.path[1] === 'train' && typeof cursor.path[2] === 'number' ? cursor.path[2] : 0;
  const data = text(`data.train[${item}].path`) ?? text('data.train') ?? text('data.train[0].path');
  const isColumns = /^data\.(train\.)?columns/.test(names) && data !== undefined;
  return {
    method: text('method'),
    folder: (path) => surroundings.folder(path, config.file),
    models: names === 'model' || names === 'reward.model' ? await surroundings.cachedModels() : [],
    modules: [...new Set((layers ?? []).map((name) => name.slice(name.lastIndexOf('.') + 1)))],
    columns: isColumns ? ((await surroundings.rows(data, config.file))?.columns ?? []) : [],
  };
}

/** The few values that completions look at, from a text that cannot be read at the moment. */
function looseValues(text: string): object {
  const line = (pattern: RegExp): string | undefined =>
    pattern
      .exec(text)?.[1]
      ?.replace(/^["']|["'],?$/g, '')
      .trim();
  const model = line(/^\s*"?model"?\s*:\s*([^\n#]+)/m);
  const train = line(/^\s*"?train"?\s*:\s*([^\n#[{]+)/m) ?? line(/^\s*-?\s*"?path"?\s*:\s*([^\n#,}]+)/m);
  const method = line(/^\s*"?method"?\s*:\s*([^\n#]+)/m);
  return { model, method, data: { train } };
}

const kinds: Readonly<Record<Proposal['kind'], CompletionItemKind>> = {
  field: CompletionItemKind.Property,
  block: CompletionItemKind.Module,
  snippet: CompletionItemKind.Snippet,
  value: CompletionItemKind.EnumMember,
  file: CompletionItemKind.File,
  folder: CompletionItemKind.Folder,
  model: CompletionItemKind.Constant,
  module: CompletionItemKind.Field,
  column: CompletionItemKind.Field,
};

function toItem(proposal: Proposal, index: number, range: Range, context: ServerContext): CompletionItem {
  const { label, kind, detail, documentation, anchor, snippet, filter, opensNext, preselect } = proposal;
  const link = anchor === undefined ? '' : `\n\n[Documentation](${context.docs.link('config', anchor)})`;
  const command = context.suggestCommand();
  return {
    label,
    kind: kinds[kind],
    ...(detail === '' ? {} : { detail }),
    ...(documentation === undefined
      ? {}
      : { documentation: { kind: MarkupKind.Markdown, value: documentation + link } }),
    filterText: filter,
    sortText: String(index).padStart(4, '0'),
    insertTextFormat: InsertTextFormat.Snippet,
    insertTextMode: InsertTextMode.asIs,
    textEdit: { range, newText: snippet },
    ...(preselect === true ? { preselect } : {}),
    ...(opensNext && command !== undefined ? { command: { title: 'Suggest', command } } : {}),
  };
}
