// A host for a panel outside of the editor: feeds it what a recorded run says and answers its requests, over a real page.
import { createServer, type Server } from 'node:http';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { webviewBundle } from '../../scripts/bundles.mjs';
import { readPreviewMessage, type PreviewMethod } from '../../src/protocol/previewMessages.ts';
import { readPanelMessage, type PanelMethod } from '../../src/protocol/webviewMessages.ts';
import { packNumbers, unpackNumbers } from '../../src/protocol/wireNumbers.ts';

export type ThemeName = 'dark' | 'light' | 'hc-dark' | 'hc-light';
export const themeNames: readonly ThemeName[] = ['dark', 'light', 'hc-dark', 'hc-light'];

interface Theme {
  readonly name: string;
  readonly kind: string;
  readonly bodyClass: string;
  readonly variables: Readonly<Record<string, string>>;
}

const support = import.meta.dirname;

export interface PanelSite {
  readonly url: (panel: 'dashboard' | 'compare' | 'preview', theme: ThemeName) => string;
  close(): Promise<void>;
}

/** Builds the panels and serves them as the editor does: one script, one style sheet, a policy that allows nothing else. */
export async function servePanels(): Promise<PanelSite> {
  const folder = await mkdtemp(path.join(tmpdir(), 'panels-'));
  await build({ ...webviewBundle, outdir: folder, logLevel: 'error' });
  const defaultStyles = await readFile(path.join(support, 'themes', 'defaultStyles.css'), 'utf8');
  const server: Server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const name = path.basename(url.pathname);
    const send = (type: string, body: string | Buffer): void => {
      response.writeHead(200, { 'content-type': type }).end(body);
    };
    const fail = (): void => void response.writeHead(404).end();
    if (name === 'favicon.ico') response.writeHead(204).end();
    else if (name === 'default.css') send('text/css', defaultStyles);
    else if (/\.(?:js|css)$/.test(name)) {
      readFile(path.join(folder, name)).then(
        (body) => send(name.endsWith('.js') ? 'text/javascript' : 'text/css', body),
        fail,
      );
    } else if (name === 'dashboard' || name === 'compare' || name === 'preview') {
      pageOf(name, url.searchParams.get('theme') ?? 'dark').then(
        (html) => send('text/html; charset=utf-8', html),
        fail,
      );
    } else fail();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (panel, theme) => `http://127.0.0.1:${port}/${panel}?theme=${theme}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function pageOf(panel: string, themeName: string): Promise<string> {
  const theme = JSON.parse(
    await readFile(path.join(support, 'themes', `${path.basename(themeName)}.json`), 'utf8'),
  ) as Theme;
  const variables = Object.entries(theme.variables).map(([name, value]) => `${name}:${value.replace(/"/g, '&quot;')}`);
  const policy =
    "default-src 'none'; img-src 'self'; font-src 'self'; style-src 'self' 'nonce-test'; script-src 'nonce-test'";
  // The editor sets the theme's variables by script; here a script does as well, since the policy forbids style attributes.
  const setTheme = `const v=${JSON.stringify(variables.map((each) => each.replace(/&quot;/g, '"'))).replace(/</g, '\\u003c')};document.documentElement.style.cssText=v.join(';')`;
  return `<!DOCTYPE html><html lang="en"><head><meta charset="UTF-8"><title>${panel}</title>
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta property="csp-nonce" content="test">
<script nonce="test">${setTheme}</script>
<link rel="stylesheet" href="default.css"><link rel="stylesheet" href="${panel}.css"></head>
<body class="vscode-body ${theme.bodyClass}" data-vscode-theme-kind="${theme.kind}"><main id="root"></main>
<script type="module" nonce="test" src="${panel}.js"></script></body></html>`;
}

export interface Answerer {
  /** The first message to a panel that says ready. */
  readonly snapshot: () => unknown;
  /** May answer later. */
  readonly answer: (method: PanelMethod | PreviewMethod, params: unknown) => unknown;
}

export interface OpenPanel {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Says something to the panel, as the host would. */
  post(message: unknown): Promise<void>;
  /** Everything that the panel said. */
  readonly said: unknown[];
  /** Errors of the page and refusals of its policy. */
  readonly errors: string[];
}

/** Opens a panel in a page of its own. */
export async function openPanel(
  browser: Browser,
  url: string,
  host: Answerer,
  options: { width?: number; height?: number; reducedMotion?: 'reduce' } = {},
): Promise<OpenPanel> {
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1240, height: options.height ?? 900 },
    reducedMotion: options.reducedMotion ?? 'reduce',
    timezoneId: 'UTC',
    locale: 'en',
  });
  const page = await context.newPage();
  const said: unknown[] = [];
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  const post = async (message: unknown): Promise<void> => {
    await page.evaluate(`window.__post(${JSON.stringify(pack(packNumbers(message)))})`);
  };
  await page.exposeFunction('__said', async (packed: unknown) => {
    const value = unpackNumbers(unpack(packed));
    said.push(value);
    const run = readPanelMessage(value);
    const message = run.type === 'malformed' ? readPreviewMessage(value) : run;
    if (message.type === 'ready') await post(await host.snapshot());
    if (message.type !== 'request') return;
    try {
      const result: unknown = await host.answer(message.method, message.params);
      await post({ type: 'reply', id: message.id, ok: true, result });
    } catch (error) {
      await post({
        type: 'reply',
        id: message.id,
        ok: false,
        problem: error instanceof Error ? error.message : String(error),
      });
    }
  });
  await page.addInitScript(pageSide);
  await page.goto(url);
  return { page, context, post, said, errors };
}

/** What stands for the editor inside the page: JSON, but for typed arrays, which travel here as base64. */
const pageSide = `
  const arrays = { Float64Array, Uint8Array };
  const unpack = (v) => {
    if (Array.isArray(v)) return v.map(unpack);
    if (v === null || typeof v !== 'object') return v;
    if (v.$array) return new arrays[v.$array](Uint8Array.from(atob(v.data), (c) => c.charCodeAt(0)).buffer);
    return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, unpack(x)]));
  };
  const pack = (v) => {
    if (v === null || typeof v !== 'object') return v;
    if (v instanceof Uint8Array) {
      let s = '';
      for (const b of v) s += String.fromCharCode(b);
      return { $array: 'Uint8Array', data: btoa(s) };
    }
    if (Array.isArray(v)) return v.map(pack);
    return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, pack(x)]));
  };
  // The editor gives a page its state along with it; a data: page has none.
  let state;
  try { state = JSON.parse(sessionStorage.getItem('state') ?? 'null') ?? undefined; } catch {}
  window.__post = (message) => window.postMessage(unpack(message), '*');
  window.acquireVsCodeApi = () => ({
    postMessage: (message) => { window.__said(JSON.parse(JSON.stringify(pack(message)))); },
    getState: () => state,
    setState: (next) => { state = next; sessionStorage.setItem('state', JSON.stringify(next)); },
  });
`;

function pack(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Float64Array || value instanceof Uint8Array) {
    const data = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
    return { $array: value.constructor.name, data };
  }
  if (Array.isArray(value)) return value.map(pack);
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, pack(field)]));
}

function unpack(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('$array' in value && 'data' in value) return new Uint8Array(Buffer.from(String(value.data), 'base64'));
  if (Array.isArray(value)) return value.map(unpack);
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, unpack(field)]));
}
