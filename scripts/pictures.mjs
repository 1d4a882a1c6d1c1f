// npm run pictures: makes the README's pictures anew, from the end-to-end tests' real editor and recorded runs.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Picture of the README → the test that takes it, and where it leaves it. */
const pictures = {
  'editor.png': {
    test: ['test/e2e/firstRun.test.ts', '-t', 'newest VS Code'],
    taken: 'editor/first-run-newest.png',
  },
  'dashboard.png': {
    test: ['test/panels/pictures.test.ts', '-t', 'running'],
    taken: 'panels/running-dark-1240.png',
  },
  'compare.png': {
    test: ['test/panels/pictures.test.ts', '-t', 'compare'],
    taken: 'panels/compare-light-1240.png',
  },
};

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));
execFileSync(process.execPath, ['scripts/build.mjs', '--if-changed', '--quiet'], { stdio: 'inherit' });
mkdirSync('docs/images', { recursive: true });
for (const [name, { test, taken }] of Object.entries(pictures)) {
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', ...test];
  execFileSync(process.execPath, vitest, {
    stdio: 'inherit',
    env: { ...process.env, FINETUNE_REQUIRE_ALL: '1' },
  });
  copyFileSync(`test-results/${taken}`, `docs/images/${name}`);
}
