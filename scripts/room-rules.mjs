// The rooms of ARCHITECTURE.md: what each folder of src/ may import. One table, read by ESLint and by the boundary test.

/** What the language server may use, and the command line beside it. */
const belowServer = [
  ...['protocol', 'config', 'metrics', 'models', 'data', 'engine', 'torch'],
  ...['trainer', 'lint', 'lens', 'runs', 'platform'],
];

/** room → the other rooms it may import. A room that is absent from its own list still imports its own files. */
export const allowedRooms = {
  protocol: [],
  metrics: ['protocol'],
  config: ['protocol', 'metrics'],
  models: ['protocol', 'config', 'metrics', 'platform'],
  data: ['protocol', 'config', 'metrics', 'models'],
  engine: ['protocol', 'config', 'metrics', 'models'],
  platform: ['protocol', 'metrics', 'config'],
  runs: ['protocol', 'config', 'metrics', 'platform'],
  torch: ['protocol', 'config', 'metrics', 'models', 'engine', 'platform'],
  trainer: ['protocol', 'config', 'metrics', 'models', 'data', 'engine', 'torch', 'runs', 'platform'],
  lint: ['protocol', 'config', 'metrics', 'models', 'data'],
  lens: ['protocol', 'config', 'metrics', 'models', 'data'],
  server: [...belowServer],
  preview: ['protocol', 'config', 'metrics', 'models', 'data', 'engine', 'lint'],
  cli: [...belowServer, 'server', 'preview'],
  extension: ['protocol', 'config', 'metrics', 'data', 'runs', 'platform'],
};

/** Rooms that run anywhere: no Node, no clock, no editor. */
export const pureRooms = ['protocol', 'metrics', 'config'];

const reasons = {
  pure: 'This room is pure (see ARCHITECTURE.md): it runs in a webview too, so it may not use Node.',
  engine: 'The engine knows no config file, run folder or dataset: pass what it needs as plain data.',
};

/** ESLint flat-config entries, one for each room. */
export function restrictedImports() {
  return Object.entries(allowedRooms).map(([room, allowed]) => {
    const forbidden = Object.keys(allowedRooms).filter((other) => other !== room && !allowed.includes(other));
    const patterns = [];
    if (forbidden.length > 0) {
      patterns.push({
        group: forbidden.flatMap((other) => [`**/${other}/*`, `**/${other}/**`]),
        message: `src/${room} may import only: ${allowed.join(', ') || 'nothing'} (ARCHITECTURE.md). ${reasons[room] ?? ''}`,
      });
    }
    if (pureRooms.includes(room)) patterns.push({ group: ['node:*', 'vscode'], message: reasons.pure });
    else if (room !== 'extension') patterns.push({ group: ['vscode'], message: 'Only src/extension imports vscode.' });
    return {
      files: [`src/${room}/**/*.ts`],
      rules: { 'no-restricted-imports': ['error', { patterns }] },
    };
  });
}
