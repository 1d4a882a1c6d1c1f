// Pictures of every panel in all themes and widths, for people to look at: test-results/panels/.
import { mkdirSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import {
  openPanel,
  servePanels,
  themeNames,
  type Answerer,
  type PanelSite,
  type ThemeName,
} from '../support/panelHost.ts';
import { compareSnapshot, feedAnswerer, recordedFeed, type RecordedFeed } from '../support/recordedPanels.ts';
import * as recorded from '../support/recordedRuns.ts';
import { describeWith } from '../support/requirements.ts';

const folder = 'test-results/panels';
const everyWidth = [400, 900, 1600] as const;

interface Scene {
  readonly name: string;
  readonly panel: 'dashboard' | 'compare';
  readonly host: () => Answerer;
  /** What is done before the picture is taken. */
  readonly act?: (page: Page) => Promise<void>;
  /** Widths beside 1240. */
  readonly widths?: readonly number[];
}

describeWith(['chromium'], 'pictures of panels', () => {
  let browser: Browser;
  let site: PanelSite;
  const feeds = new Map<string, RecordedFeed>();
  const feed = (name: string): RecordedFeed['feed'] => feeds.get(name)!.feed;
  const dashboard = (name: string) => (): Answerer => feedAnswerer(feed(name), []);
  const tab = (name: string) => async (page: Page) => page.getByRole('tab', { name }).click();

  const scenes: readonly Scene[] = [
    { name: 'running', panel: 'dashboard', host: dashboard('running'), widths: everyWidth },
    {
      name: 'tooltip',
      panel: 'dashboard',
      host: dashboard('running'),
      act: async (page) => {
        const plot = page.locator('[data-chart=loss] .u-over');
        const box = (await plot.boundingBox())!;
        await page.mouse.move(box.x + (box.width * 197) / 340, box.y + 80);
        await page.mouse.down();
        await page.mouse.up();
        await page.locator('.tooltip.pinned .rows').waitFor();
      },
    },
    { name: 'samples', panel: 'dashboard', host: dashboard('running'), act: tab('Samples'), widths: [400] },
    { name: 'config', panel: 'dashboard', host: dashboard('running'), act: tab('Config'), widths: [400] },
    { name: 'events', panel: 'dashboard', host: dashboard('restarted'), act: tab('Events and log'), widths: [400] },
    { name: 'system', panel: 'dashboard', host: dashboard('running'), act: tab('System'), widths: [400] },
    { name: 'failed', panel: 'dashboard', host: dashboard('failed'), widths: everyWidth },
    { name: 'preparing', panel: 'dashboard', host: dashboard('preparing'), widths: [400] },
    { name: 'finished', panel: 'dashboard', host: dashboard('finished'), widths: [1600] },
    {
      name: 'menu',
      panel: 'dashboard',
      host: dashboard('running'),
      act: (page) => page.getByRole('button', { name: 'More actions' }).click(),
    },
    {
      name: 'compare',
      panel: 'compare',
      host: () => {
        const compared = [feed('finished'), feed('running'), feed('failed')];
        return { snapshot: () => compareSnapshot(compared), answer: () => ({ done: true }) };
      },
      widths: everyWidth,
    },
  ];

  beforeAll(async () => {
    mkdirSync(folder, { recursive: true });
    [browser, site] = await Promise.all([launchChromium(), servePanels()]);
    const runs: [string, recorded.RecordedRun, Parameters<typeof recordedFeed>[1]][] = [
      ['running', recorded.running, 'running'],
      ['failed', recorded.failed, 'failed'],
      ['finished', recorded.finished, 'completed'],
      ['restarted', recorded.restarted, 'running'],
      ['preparing', { ...recorded.running, name: 'support-tickets · 8', preparing: true }, 'preparing'],
    ];
    for (const [name, run, status] of runs) feeds.set(name, await recordedFeed(run, status));
  });
  afterAll(async () => {
    await browser.close();
    await site.close();
    for (const each of feeds.values()) await each.remove();
  });

  /** Pictures of a scene in one theme, at one width after the other. */
  const take = async (scene: Scene, theme: ThemeName, widths: readonly number[]): Promise<void> => {
    const [first] = widths;
    const panel = await openPanel(browser, site.url(scene.panel, theme), scene.host(), { width: first! });
    const { page } = panel;
    await page
      .locator(scene.panel === 'compare' ? '.compare-board canvas' : '.tiles')
      .first()
      .waitFor();
    await page.locator('vscode-button:defined').first().waitFor({ state: 'attached' });
    await scene.act?.(page);
    for (const width of widths) {
      if (width !== first) {
        await page.setViewportSize({ width, height: 900 });
        // Charts take their new size in the frame after the one that laid the page out.
        await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
      }
      await page.screenshot({ path: `${folder}/${scene.name}-${theme}-${width}.png`, fullPage: true });
      const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
      expect(overflow, `${scene.name} at ${width}: nothing sticks out on the right`).toBeLessThanOrEqual(0);
    }
    expect(panel.errors).toEqual([]);
    await panel.context.close();
  };

  test.each(scenes.map((scene) => [scene.name, scene] as const))('%s', async (_name, scene) => {
    for (const theme of themeNames) await take(scene, theme, [1240, ...(theme === 'dark' ? (scene.widths ?? []) : [])]);
  });
});
