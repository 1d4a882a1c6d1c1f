// Leaves a picture of each open window when an end-to-end test fails: what it waited for can only be seen there.
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { shots } from './editorCase.ts';
import { openWindows } from './workbench.ts';

afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  for (const { page } of openWindows) {
    const file = join(shots, `failed-${task.name.replace(/\W+/g, '-').slice(0, 60)}-${Date.now()}.png`);
    await page.screenshot({ path: file, timeout: 20_000 }).catch((error: unknown) => {
      process.stdout.write(`No picture of the window: ${String(error)}\n`);
    });
    process.stdout.write(`picture of the window: ${file}\n`);
  }
});
