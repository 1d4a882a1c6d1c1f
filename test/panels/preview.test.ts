// The dataset preview in a browser: pictures in four themes, axe-core, keys, hostile rows and broken messages.
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packNumbers } from '../../src/protocol/wireNumbers.ts';
import { launchChromium } from '../support/chromium.ts';
import { emptyQuery } from '../../src/protocol/previewViews.ts';
import { malformed, nested } from '../support/malformed.ts';
import {
  openPanel,
  servePanels,
  themeNames,
  type OpenPanel,
  type PanelSite,
  type ThemeName,
} from '../support/panelHost.ts';
import { previewRows, recordedPreview, type RecordedPreview } from '../support/recordedPreviews.ts';
import { hostileText } from '../support/recordedRuns.ts';
import { describeWith } from '../support/requirements.ts';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const folder = 'test-results/panels';

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  return page.evaluate<string[]>(
    `axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => id + ': ' + node.html.slice(0, 200) + ' ' + node.failureSummary)))`,
  );
}

describeWith(['chromium'], 'the dataset preview', () => {
  let browser: Browser;
  let site: PanelSite;
  let plain: RecordedPreview;

  beforeAll(async () => {
    mkdirSync(folder, { recursive: true });
    [browser, site, plain] = await Promise.all([launchChromium(), servePanels(), recordedPreview(previewRows())]);
  });
  afterAll(async () => {
    await browser.close();
    await site.close();
    await plain.remove();
  });

  const opened = async (preview: RecordedPreview, theme: ThemeName, width = 1240): Promise<OpenPanel> => {
    preview.session.ask(emptyQuery);
    const panel = await openPanel(browser, site.url('preview', theme), preview.host, { width });
    preview.follow(panel);
    await panel.page.locator('.row-first').first().waitFor();
    return panel;
  };

  test.each(themeNames)('pictures and axe-core, %s', async (theme) => {
    const { page, context, errors } = await opened(plain, theme);
    await page.locator('.row-line').first().click();
    await page.locator('.turn').first().waitFor();
    await page.screenshot({ path: `${folder}/preview-${theme}-1240.png` });
    expect(await violations(page), 'rows').toEqual([]);
    await page.locator('.row-line').nth(3).click();
    await page.getByRole('tab', { name: 'Difference' }).click();
    await page.locator('.pair ins').first().waitFor();
    await page.screenshot({ path: `${folder}/preview-difference-${theme}-1240.png` });
    expect(await violations(page), 'difference').toEqual([]);
    await page.getByRole('button', { name: 'Filter', exact: true }).click();
    expect(await violations(page), 'filters').toEqual([]);
    await page.getByRole('tab', { name: 'Statistics' }).click();
    await page.getByText('All 63 rows.').waitFor();
    const lengths = page.locator('.histogram').first();
    expect(await lengths.locator('.histogram-most').textContent()).toBe('4 rows');
    expect(await lengths.locator('.histogram-axis span').allTextContents()).toEqual(['46', '373', '700']);
    await page.screenshot({ path: `${folder}/preview-statistics-${theme}-1240.png` });
    expect(await violations(page), 'statistics').toEqual([]);
    expect(errors).toEqual([]);
    await context.close();
  });

  test.each([400, 1600])('nothing sticks out at %i pixels', async (width) => {
    const { page, context } = await opened(plain, 'dark', width);
    await page.locator('.row-line').first().click();
    await page.locator('.turn').first().waitFor();
    for (const tab of ['Rows', 'Statistics']) {
      await page.getByRole('tab', { name: tab }).click();
      await page.screenshot({ path: `${folder}/preview-${tab.toLowerCase()}-dark-${width}.png` });
      const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
      expect(overflow, tab).toBeLessThanOrEqual(0);
    }
    await context.close();
  });

  test('keys move through the list, a search narrows it, a cursor in the text selects', async () => {
    const panel = await opened(plain, 'dark');
    const { page, context } = panel;
    await page.locator('.row-list').focus();
    await page.keyboard.press('ArrowDown');
    await page.getByRole('heading', { name: 'Row 1', exact: true }).waitFor();
    await page.keyboard.press('End');
    await page.getByRole('heading', { name: 'Row 63', exact: true }).waitFor();
    await panel.post({ type: 'select', row: 4 });
    await page.getByRole('heading', { name: 'Row 5', exact: true }).waitFor();
    await page.locator('.query-line vscode-text-field input').first().fill('parcel');
    await page.getByText('20 of 63 rows').waitFor();
    await context.close();
  });

  test('a file that cannot be opened, and a process that ends later: why, and another try', async () => {
    const failure = (problem: string) => ({ type: 'failure', strings: {}, locale: 'en', problem });
    const answers = [failure(`The process has ended. ${hostileText}`), plain.host.snapshot(), plain.host.snapshot()];
    const host = { ...plain.host, snapshot: () => answers.shift() };
    const panel = await openPanel(browser, site.url('preview', 'light'), host);
    const { page, context, errors } = panel;
    const again = async (problem: string): Promise<void> => {
      await page.getByRole('alert').getByText(problem).waitFor();
      expect(await violations(page), problem).toEqual([]);
      await page.screenshot({ path: `${folder}/preview-failure-light-1240.png` });
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.locator('.row-first').first().waitFor();
      expect(await page.getByText(problem).count()).toBe(0);
    };
    await again(hostileText);
    await panel.post(failure('It ran out of memory.'));
    await again('It ran out of memory.');
    await page.locator('.row-line').first().click();
    await page.locator('.turn').first().waitFor();
    expect(errors).toEqual([]);
    await context.close();
  });

  test('hostile rows are never HTML, and broken messages do not end the panel', async () => {
    const hostile = await recordedPreview(previewRows(true));
    const panel = await opened(hostile, 'dark');
    const { page, context, said, errors } = panel;
    await page.locator('.row-line').first().click();
    await page.locator('.turn').first().waitFor();
    expect(await page.locator('.turn').first().locator('..').textContent()).toContain(hostileText);
    for (const tab of ['Tokens', 'JSON', 'Conversation']) await page.getByRole('tab', { name: tab }).click();
    const good = [
      { type: 'state', state: hostile.session.state },
      { type: 'select', row: 1 },
    ];
    const broken = malformed(good, 3000, 'preview').filter((message) => typeof message !== 'string');
    await page.evaluate(`(${JSON.stringify(packNumbers(broken))}).forEach((each) => window.postMessage(each, '*'))`);
    await page.evaluate(`window.postMessage(${JSON.stringify(nested(500))}, '*')`);
    await panel.post({ type: 'state', state: { ...hostile.session.state, name: 'still here' } });
    await page.getByRole('heading', { name: 'still here' }).waitFor();
    const inserted = `window.pwned !== undefined || document.querySelector('#root script, #root img, #root [onerror]') !== null`;
    expect(await page.evaluate(inserted)).toBe(false);
    expect(said.filter((each) => typeof each === 'object' && each !== null && 'text' in each).length).toBe(20);
    expect(errors).toEqual([]);
    await context.close();
    await hostile.remove();
  });
});
