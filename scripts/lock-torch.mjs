// Makes src/torch/locks/requirements.txt from requirements.in: exact versions with hashes for every platform at once.
//
//   node scripts/lock-torch.mjs        needs uv; asks the package index that uv is configured for
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = 'src/torch/locks';
const made = join(tmpdir(), `finetune-torch-lock-${process.pid}.txt`);
const options = ['--universal', '--python-version', '3.11', '--generate-hashes', '--no-header', '--no-annotate'];
execFileSync('uv', ['pip', 'compile', '--quiet', ...options, '-o', made, join(folder, 'requirements.in')], {
  stdio: 'inherit',
});
const lock = await readFile(made, 'utf8');
// The index is the installing machine's own affair.
if (/https?:\/\//.test(lock)) throw new Error('the lock names an address');
await writeFile(join(folder, 'requirements.txt'), `# Made by scripts/lock-torch.mjs; do not edit.\n${lock}`);
