// Hovers. Each kind of document has its own source; the first that knows something answers.
import { MarkupKind, type Hover, type Position } from 'vscode-languageserver/node';
import type { ServerContext } from '../context.ts';
import { datasetHover } from '../lens/datasetHover.ts';
import { checkText } from '../service/configText.ts';
import { cursorAt } from '../service/cursor.ts';
import { fieldHover } from '../service/fieldHover.ts';
import type { Feature } from './feature.ts';

export type HoverSource = (uri: string, position: Position, context: ServerContext) => Promise<Hover | undefined>;

const sources: readonly HoverSource[] = [configHover, datasetHover];

export const hoverFeature: Feature = {
  capabilities: { hoverProvider: true },
  register(connection, context) {
    connection.onHover(async ({ textDocument, position }) => {
      for (const source of sources) {
        const found = await source(textDocument.uri, position, context);
        if (found) return found;
      }
      return null;
    });
  },
};

async function configHover(uri: string, position: Position, context: ServerContext): Promise<Hover | undefined> {
  const open = context.documents.config(uri);
  if (!open) return undefined;
  const source = open.document.getText();
  const cursor = cursorAt(source, open.document.offsetAt(position));
  if (!cursor) return undefined;
  const settings = await context.settings.of(uri);
  const text = open.parsed();
  const { usable } = checkText(text, { ...process.env, ...settings.environment });
  const machine = await context.surroundings.machine();
  const facts = { ...context.surroundings.facts(open.file, usable), machine };
  const hover = fieldHover(source, cursor, { config: usable, facts, positions: text.positions });
  if (!hover) return undefined;
  const link = `[Documentation](${context.docs.link('config', hover.anchor)})`;
  return {
    contents: { kind: MarkupKind.Markdown, value: `${hover.markdown}\n\n${link}` },
    range: { start: open.document.positionAt(hover.start), end: open.document.positionAt(hover.end) },
  };
}
