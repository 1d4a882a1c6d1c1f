// What some tests need from outside (Python with its libraries, real model files): found by environment variables,
// skipped with one printed line where absent, a failure where FINETUNE_REQUIRE_ALL=1 says that nothing may be absent.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'vitest';
import { findEditor, type EditorVersion } from '../../scripts/code-server.mjs';

/**
 * `python`: an interpreter with torch, transformers and peft. `smollm2`: its safetensors folder. `smollm2-gguf`: its .gguf
 * file. `chromium`: a browser for panels. `editor`, `minimum-editor`: VS Code's server, the newest and the oldest that the extension is for (`npm run editor -- --install`). `swiftshader`: Vulkan on the CPU, which Debian's chromium brings, as a stand-in for a GPU. `network-namespace`: a program that runs a command where the loopback is the only network.
 */
export type RequirementName =
  | 'python'
  | 'smollm2'
  | 'smollm2-gguf'
  | 'swiftshader'
  | 'chromium'
  | 'editor'
  | 'minimum-editor'
  | 'network-namespace';

export interface Requirement {
  /** The path, when what is needed is there. */
  readonly path?: string;
  /** Why it is not there. */
  readonly missing?: string;
}

const pythonModules = ['torch', 'transformers', 'peft', 'safetensors', 'gguf'];
const found = new Map<RequirementName, Requirement>();

/** Looks a requirement up; the answer is kept for the life of the test file. */
export function requirement(name: RequirementName): Requirement {
  let known = found.get(name);
  if (!known) {
    known = lookUp(name);
    found.set(name, known);
  }
  return known;
}

/** The path of a requirement; for use inside tests of a `describeWith` that names it. */
export function requiredPath(name: RequirementName): string {
  const { path, missing } = requirement(name);
  if (path === undefined) throw new Error(missing ?? `${name} is missing`);
  return path;
}

/**
 * `describe` for tests that need something from outside. The body is collected even when the tests are skipped:
 * ask for paths (`requiredPath`) and read files inside `beforeAll` or the tests, not in the body itself.
 */
export function describeWith(names: readonly RequirementName[], title: string, body: () => void): void {
  const missing = names.flatMap((name) => requirement(name).missing ?? []);
  if (missing.length === 0) {
    describe(title, body);
  } else if (process.env['FINETUNE_REQUIRE_ALL'] === '1') {
    describe(title, () => {
      test('has what it needs (FINETUNE_REQUIRE_ALL=1)', () => {
        throw new Error(missing.join('; '));
      });
    });
  } else {
    process.stderr.write(`skipped: ${title}: ${missing.join('; ')}\n`);
    describe.skip(title, body);
  }
}

export interface PythonOptions {
  /** Further command-line arguments. */
  readonly args?: readonly string[];
  /** Sent as JSON on stdin. */
  readonly input?: unknown;
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds; default 10 minutes. */
  readonly timeout?: number;
}

/**
 * Runs a Python script of the tests and reads the JSON document that is the last line of its stdout.
 * Arrays of numbers are best passed as files. Rejects with the end of stderr when the script fails.
 */
export async function runPython<Result>(script: string | URL, options: PythonOptions = {}): Promise<Result> {
  const file = script instanceof URL ? script : resolve(script);
  const child = spawn(requiredPath('python'), [fileName(file), ...(options.args ?? [])], {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: options.timeout ?? 600_000,
    env: {
      ...process.env,
      HF_HUB_OFFLINE: '1',
      TOKENIZERS_PARALLELISM: 'false',
      PYTHONUTF8: '1',
      // Threads of PyTorch that wait for each other take ten times as long where other programs want the same cores.
      OMP_NUM_THREADS: '1',
      PYTHONPATH: [resolve('test/reference'), process.env['PYTHONPATH']].filter(Boolean).join(delimiter),
      ...options.env,
    },
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on('error', () => undefined); // a script that reads no input closes its end early
  child.stdin.end(options.input === undefined ? '' : JSON.stringify(options.input));
  const code = await new Promise<number | null>((done, fail) => {
    child.on('error', fail);
    child.on('close', done);
  });
  const errors = Buffer.concat(stderr).toString('utf8');
  if (code !== 0) throw new Error(`${fileName(file)} ended with ${String(code)}:\n${errors.slice(-4000)}`);
  const lastLine = Buffer.concat(stdout).toString('utf8').trimEnd().split('\n').at(-1) ?? '';
  try {
    return JSON.parse(lastLine) as Result;
  } catch {
    throw new Error(`${fileName(file)} did not end with a line of JSON but with: ${lastLine.slice(0, 300)}\n${errors}`);
  }
}

function fileName(file: string | URL): string {
  return file instanceof URL ? fileURLToPath(file) : file;
}

function lookUp(name: RequirementName): Requirement {
  if (name === 'python') return lookUpPython();
  if (name === 'smollm2') return lookUpFile('FINETUNE_SMOLLM2', 'config.json', 'the folder of SmolLM2-135M-Instruct');
  if (name === 'chromium') return lookUpChromium();
  if (name === 'editor') return lookUpEditor('newest');
  if (name === 'minimum-editor') return lookUpEditor('minimum');
  if (name === 'network-namespace') return lookUpNamespace();
  if (name === 'swiftshader') {
    const path = '/usr/lib/chromium/vk_swiftshader_icd.json';
    return existsSync(path) ? { path } : { missing: `${path} is missing (Debian packages chromium and libvulkan1)` };
  }
  return lookUpFile('FINETUNE_SMOLLM2_GGUF', '', 'SmolLM2-135M-Instruct.Q4_1.gguf');
}

function lookUpNamespace(): Requirement {
  const path = resolve('scripts/without-network.sh');
  try {
    execFileSync(path, ['true'], { stdio: 'ignore', timeout: 60_000 });
    return { path };
  } catch {
    return { missing: 'this system gives no network namespace to its users (scripts/without-network.sh)' };
  }
}

function lookUpEditor(version: EditorVersion): Requirement {
  const { folder, installed } = findEditor(version);
  return installed ? { path: folder } : { missing: "VS Code's server is not installed (npm run editor -- --install)" };
}

function lookUpChromium(): Requirement {
  const places = [process.env['FINETUNE_CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser'];
  const path = places.find((place) => place !== undefined && existsSync(place));
  return path === undefined
    ? { missing: 'FINETUNE_CHROMIUM does not name a Chromium (Debian package chromium)' }
    : { path };
}

function lookUpFile(variable: string, inside: string, what: string): Requirement {
  const path = process.env[variable];
  if (!path) return { missing: `${variable} does not name ${what}` };
  if (!existsSync(join(path, inside))) return { missing: `${variable}=${path} is not ${what}` };
  return { path: resolve(path) };
}

/** Finds the modules without importing them (importing all takes seconds in every test file). */
function lookUpPython(): Requirement {
  const path = process.env['FINETUNE_PYTHON'];
  if (!path) return { missing: 'FINETUNE_PYTHON does not name a Python with torch, transformers and peft' };
  const program = `import importlib.util as u, sys; print(','.join(m for m in sys.argv[1:] if u.find_spec(m) is None))`;
  try {
    const absent = execFileSync(path, ['-c', program, ...pythonModules], {
      encoding: 'utf8',
      timeout: 60_000,
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
    return absent === '' ? { path } : { missing: `FINETUNE_PYTHON=${path} lacks ${absent}` };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return { missing: `FINETUNE_PYTHON=${path} does not run: ${String(reason)}` };
  }
}
