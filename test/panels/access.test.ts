// Every panel, tab and theme against axe-core: names, roles, contrast, focus. No rule is switched off.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { openPanel, servePanels, themeNames, type Answerer, type PanelSite } from '../support/panelHost.ts';
import { compareSnapshot, feedAnswerer, recordedFeed, type RecordedFeed } from '../support/recordedPanels.ts';
import * as recorded from '../support/recordedRuns.ts';
import { describeWith } from '../support/requirements.ts';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core finds wrong, as `rule: element` lines. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  return page.evaluate<string[]>(
    `axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => id + ': ' + node.html.slice(0, 200) + ' ' + node.failureSummary)))`,
  );
}

const tabs = ['Samples', 'Config', 'Events and log', 'System'] as const;

describeWith(['chromium'], 'axe-core finds nothing wrong', () => {
  let browser: Browser;
  let site: PanelSite;
  const feeds = new Map<string, RecordedFeed>();
  const feed = (name: string): RecordedFeed['feed'] => feeds.get(name)!.feed;
  const dashboard = (name: string): Answerer => feedAnswerer(feed(name), []);

  beforeAll(async () => {
    [browser, site] = await Promise.all([launchChromium(), servePanels()]);
    const { running, failed, finished } = recorded;
    feeds.set('running', await recordedFeed(running, 'running'));
    feeds.set('failed', await recordedFeed(failed, 'failed'));
    feeds.set('finished', await recordedFeed(finished, 'completed'));
    feeds.set('preparing', await recordedFeed({ ...running, name: 'next', preparing: true }, 'preparing'));
  });
  afterAll(async () => {
    await browser.close();
    await site.close();
    for (const each of feeds.values()) await each.remove();
  });

  test.each(themeNames)('dashboard, %s', async (theme) => {
    for (const state of ['failed', 'finished', 'preparing', 'running']) {
      const { page, context, errors } = await openPanel(browser, site.url('dashboard', theme), dashboard(state));
      await page.locator('.actions vscode-button:defined').first().waitFor();
      expect(await violations(page), state).toEqual([]);
      if (state === 'running') {
        for (const tab of tabs) {
          await page.getByRole('tab', { name: tab }).click();
          expect(await violations(page), tab).toEqual([]);
        }
        await page.getByRole('tab', { name: 'Charts' }).click();
        await page.locator('[data-chart=loss] [data-role=table]').click();
        expect(await violations(page), 'a chart as a table').toEqual([]);
        await page.locator('[data-chart=loss] [data-role=table]').click();
        await page.locator('[data-chart=loss] .plot-area').focus();
        await page.keyboard.press('End');
        await page.keyboard.press('Enter');
        await page.locator('.tooltip.pinned .rows').waitFor();
        expect(await violations(page), 'rows of a step').toEqual([]);
        await page.getByRole('button', { name: 'More actions' }).click();
        expect(await violations(page), 'menu').toEqual([]);
        await page.getByRole('menuitem', { name: 'Set learning rate …' }).click();
        expect(await violations(page), 'learning rate').toEqual([]);
      }
      expect(errors).toEqual([]);
      await context.close();
    }
  });

  test.each(themeNames)('compare, %s', async (theme) => {
    const compared = [feed('finished'), feed('running'), feed('failed')];
    const host = { snapshot: () => compareSnapshot(compared), answer: () => ({ done: true }) };
    const { page, context, errors } = await openPanel(browser, site.url('compare', theme), host);
    await page.locator('.compare-board canvas').first().waitFor();
    await page.locator('vscode-dropdown:defined').waitFor();
    expect(await violations(page)).toEqual([]);
    expect(errors).toEqual([]);
    await context.close();
  });
});
