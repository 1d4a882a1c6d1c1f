// finetune lsp: the language server over stdin and stdout, for any editor that speaks LSP.
import type { DefineCommand } from '../program.ts';

const help = `
Editors start this themselves. It serves configs (*.finetune.yaml, .yml, .json)
and datasets (.jsonl, .ndjson): problems, completion, hover, quick fixes.

Examples:
  finetune lsp --stdio
In Neovim:
  vim.lsp.config('finetune', {
    cmd = { 'finetune', 'lsp', '--stdio' }, filetypes = { 'yaml', 'json' },
  })`;

export const define: DefineCommand = (command) => {
  command
    .option('--stdio', 'talk over stdin and stdout; the only way there is', true)
    .addHelpText('after', help)
    .action(async () => {
      const { serveStdio } = await import('../../server/serveStdio.ts');
      serveStdio();
      // The connection ends the process when the editor says so or is gone.
      await new Promise(() => undefined);
    });
};
