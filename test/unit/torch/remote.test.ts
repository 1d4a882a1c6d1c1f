// The command for a rank on another host reaches Python word by word, whatever shell is in between.

import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { quoted, remoteCommand } from '../../../src/torch/session/remote.ts';

test('a shell gives every word back', () => {
  for (const word of ['plain', 'two words', "it's", '$HOME `date` "x" \\', '*;&|<>#', '']) {
    expect(execFileSync('sh', ['-c', `printf %s ${quoted(word)}`], { encoding: 'utf8' })).toBe(word);
  }
});

test('ssh asks nothing, looks whether the host is there, and takes no host for an option', () => {
  const command = remoteCommand('me@node1', { python: '/opt/my env/bin/python', program: '/p' }, 'Rank 1 of 2');
  expect(command[0]).toBe('ssh');
  expect(command).toContain('BatchMode=yes');
  expect(command).toContain('ServerAliveInterval=2');
  expect(command.slice(-3, -1)).toEqual(['--', 'me@node1']);
  expect(command.at(-1)).toMatch(
    /^exec env .*HF_HUB_OFFLINE=1.* '\/opt\/my env\/bin\/python' '-s' '\/p' 'Rank 1 of 2'$/,
  );
});
