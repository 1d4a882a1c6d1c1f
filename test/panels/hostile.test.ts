// Hostile input on the panels' side: broken messages of a host, and texts of rows, names and answers that look like HTML.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packNumbers } from '../../src/protocol/wireNumbers.ts';
import { launchChromium } from '../support/chromium.ts';
import { malformed, nested } from '../support/malformed.ts';
import { openPanel, servePanels, type PanelSite } from '../support/panelHost.ts';
import { compareSnapshot, dashboardSnapshot, feedAnswerer, recordedFeed } from '../support/recordedPanels.ts';
import type { RecordedFeed } from '../support/recordedPanels.ts';
import * as recorded from '../support/recordedRuns.ts';
import { describeWith } from '../support/requirements.ts';

/** True when a text was taken for HTML: it ran, or it became an element. */
const inserted = `window.pwned !== undefined || document.querySelector('#root script, #root img, #root [onerror]') !== null`;

async function tabsHold(page: Page): Promise<void> {
  for (const tab of ['Samples', 'Config', 'Events and log', 'System', 'Charts']) {
    await page.getByRole('tab', { name: tab }).click();
    expect(await page.evaluate(inserted), tab).toBe(false);
  }
}

describeWith(['chromium'], 'hostile input', () => {
  let browser: Browser;
  let site: PanelSite;
  const feeds: RecordedFeed[] = [];

  beforeAll(async () => {
    [browser, site] = await Promise.all([launchChromium(), servePanels()]);
    const hostile = { ...recorded.running, name: 'hostile', hostile: true };
    feeds.push(await recordedFeed(hostile, 'running'));
    feeds.push(await recordedFeed({ ...hostile, ending: 'failed' }, 'failed'));
  });
  afterAll(async () => {
    await browser.close();
    await site.close();
    for (const each of feeds) await each.remove();
  });

  test('10,000 broken messages of a host: the panel goes on and complains twenty times', async () => {
    const { feed } = feeds[0]!;
    const panel = await openPanel(browser, site.url('dashboard', 'dark'), feedAnswerer(feed, []));
    const { page, context, said, errors } = panel;
    await page.locator('[data-chart=loss] canvas').waitFor();
    const { head, now, marks } = feed.snapshot().sections;
    const good = [
      { type: 'delta', panel: 'dashboard', revision: 2, sections: { head, now, marks } },
      { type: 'reply', id: 1, ok: true, result: { done: true } },
      { type: 'reply', id: 1, ok: false, problem: 'no' },
      { ...dashboardSnapshot(feed), page: undefined },
    ];
    const broken = malformed(good, 10_000, 'host').filter((message) => typeof message !== 'string');
    await page.evaluate(`(${JSON.stringify(packNumbers(broken))}).forEach((each) => window.postMessage(each, '*'))`);
    await page.evaluate(`window.postMessage(${JSON.stringify(nested(500))}, '*')`);
    await panel.post({ ...dashboardSnapshot(feed), revision: 50 });
    const paused = { ...head, status: 'paused', title: 'still here' };
    await panel.post({ type: 'delta', panel: 'dashboard', revision: 51, sections: { head: paused } });
    await page.getByRole('heading', { name: 'still here' }).waitFor();
    const troubles = said.filter((each) => typeof each === 'object' && each !== null && 'text' in each);
    expect(troubles.length).toBe(20);
    expect(await page.evaluate(inserted)).toBe(false);
    expect(errors).toEqual([]);
    await context.close();
  });

  test.each(['dashboard', 'compare'] as const)('a %s whose snapshot fails says why, and asks again', async (panel) => {
    const all = feeds.map(({ feed }) => feed);
    const good = (): unknown => (panel === 'dashboard' ? dashboardSnapshot(all[0]!) : compareSnapshot(all));
    const problem = `The log could not be read: ${recorded.hostileText}`;
    const answers = [{ type: 'failure', strings: {}, locale: 'en', problem }, good()];
    const host = { snapshot: () => answers.shift(), answer: () => ({ done: true }) };
    const { page, context, errors } = await openPanel(browser, site.url(panel, 'dark'), host);
    await page.getByRole('alert').getByText(problem).waitFor();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('canvas').first().waitFor();
    expect(await page.getByText(problem).count()).toBe(0);
    expect(await page.evaluate(inserted)).toBe(false);
    expect(errors).toEqual([]);
    await context.close();
  });

  test('names, rows, answers, warnings and causes are never HTML', async () => {
    for (const { feed } of feeds) {
      const { page, context, errors } = await openPanel(browser, site.url('dashboard', 'dark'), feedAnswerer(feed, []));
      await page.locator('[data-chart=loss] canvas').waitFor();
      expect(await page.locator('h1').textContent()).toContain(recorded.hostileText);
      await tabsHold(page);
      await page.locator('[data-chart=loss] .plot-area').focus();
      await page.keyboard.press('End');
      await page.keyboard.press('Enter');
      await page.locator('.tooltip.pinned .rows').waitFor();
      expect(await page.evaluate(inserted)).toBe(false);
      expect(errors).toEqual([]);
      await context.close();
    }
    const compared = feeds.map(({ feed }) => feed);
    const host = { snapshot: () => compareSnapshot(compared), answer: () => ({ done: true }) };
    const { page, context, errors } = await openPanel(browser, site.url('compare', 'dark'), host);
    await page.locator('.samples-grid').waitFor();
    expect(await page.locator('.samples-grid').textContent()).toContain(recorded.hostileText);
    expect(await page.evaluate(inserted)).toBe(false);
    expect(errors).toEqual([]);
    await context.close();
  });

  test('NaN and infinity in every column are said, not thrown', async () => {
    const { feed } = feeds[0]!;
    const snapshot = dashboardSnapshot(feed);
    const { now } = snapshot.sections;
    const sections = { ...snapshot.sections, now: now && { ...now, loss: Number.NaN, tokensPerSecond: Infinity } };
    const metrics = Object.fromEntries(
      Object.entries(snapshot.page.metrics).map(([name, column], index) => [
        name,
        column.map((value, i) => (i % 3 === 0 ? [Number.NaN, Infinity, -Infinity][index % 3]! : value)),
      ]),
    );
    const host = feedAnswerer(feed, [], () => ({ ...snapshot, sections, page: { ...snapshot.page, metrics } }));
    const { page, context, errors } = await openPanel(browser, site.url('dashboard', 'dark'), host);
    await page.locator('[data-chart=loss] canvas').waitFor();
    expect(await page.locator('.tiles').textContent()).toContain('NaN');
    await page.locator('[data-chart=loss] [data-role=table]').click();
    expect(await page.locator('[data-chart=loss] .twin').textContent()).toContain('NaN');
    expect(errors).toEqual([]);
    await context.close();
  });
});
