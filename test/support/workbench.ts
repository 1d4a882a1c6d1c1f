// A VS Code window as a person uses it: palette, explorer, dashboard. Every wait is for something that can be seen.
import type { Browser, FrameLocator, Locator, Page } from 'playwright-core';

export const chromiumArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** How long the palette may take to show an entry, in milliseconds. */
export const patience = 8_000;

/** Windows of this worker that are open. */
export const openWindows = new Set<Workbench>();

/** Without a GPU each turn of a spinning icon is painted by the CPU that the run under test wants. */
const withoutAnimations = `
  const still = new CSSStyleSheet();
  still.replaceSync('*, ::before, ::after { animation-iteration-count: 1 !important; animation-duration: 1ms !important }');
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, still];`;

export interface Workbench {
  readonly page: Page;
  /** Opens a folder and the explorer of runs. */
  open(address: string): Promise<void>;
  /** Opens an address whose window runs tests in its extension host; `log` gets what they write. */
  goto(address: string, log: (line: string) => void): Promise<void>;
  /** Opens the palette with a text, and does something with the entries; once more where it closed before that was done. */
  palette(text: string, work: (entries: Locator) => Promise<void>): Promise<void>;
  /** Calls a command of ours by its title. */
  command(title: string): Promise<void>;
  /** Calls a command of anybody by its title in the palette. */
  anyCommand(title: string): Promise<void>;
  /** Chooses an entry of the list that a command shows. */
  choose(text: string): Promise<void>;
  /** Presses a button of a dialog. */
  answer(button: string): Promise<void>;
  /** Lines of the explorer that hold a text. */
  run(text: string | RegExp): Locator;
  /** Groups of the explorer that hold a text; one without runs is not there. */
  group(text: string): Locator;
  /** Inside of the dashboard in front. */
  dashboard(): FrameLocator;
  /** Addresses that the window asked for on other machines. */
  elsewhere(): readonly string[];
  screenshot(file: string): Promise<void>;
  close(): Promise<void>;
}

/** `language`: of the editor, such as `zh-cn`; its own texts stay English, since its language packs are extensions too. */
export async function openWorkbench(browser: Browser, language?: string): Promise<Workbench> {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
  // Busy machines are slow; what never comes is told by the test's own limit.
  context.setDefaultTimeout(120_000);
  context.setDefaultNavigationTimeout(120_000);
  await context.addInitScript({ content: withoutAnimations });
  if (language !== undefined) {
    // What the editor's own bundle of texts would set.
    const value = JSON.stringify(language);
    await context.addInitScript({
      content: `Object.defineProperty(globalThis, '_VSCODE_NLS_LANGUAGE', { get: () => ${value}, set() {} });`,
    });
  }
  const page = await context.newPage();
  const elsewhere: string[] = [];
  context.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    // Addresses of this kind are answered by the webview's service worker, out of the editor's own files.
    const own = hostname === '127.0.0.1' || hostname.endsWith('.vscode-resource.vscode-cdn.net');
    if (/^(https?|wss?):$/.test(protocol) && !own) elsewhere.push(request.url());
  });
  const input = page.locator('.quick-input-widget input').first();
  let exposed = false;
  const entries = page.locator('.quick-input-list .monaco-list-row');
  /**
   * The palette closes when a panel that is still loading takes the focus; commands that need a trusted workspace come late
   * on a busy machine, and a list that is open does not take them in.
   */
  const palette: Workbench['palette'] = async (text, work) => {
    for (let tries = 1; ; tries += 1) {
      await page.keyboard.press('F1');
      try {
        await input.fill(`>${text}`, { timeout: patience });
        await work(entries);
        return;
      } catch (error) {
        if (tries === 15) throw error;
        await page.keyboard.press('Escape');
      }
    }
  };
  const anyCommand = (title: string): Promise<void> =>
    palette(title, (found) => found.filter({ hasText: title }).first().click({ timeout: patience }));
  const window: Workbench = {
    page,
    palette,
    anyCommand,
    async open(address) {
      await page.goto(address);
      // Contributions register late: without the icon the palette does not know our commands.
      const icon = page.locator('.activitybar').locator('a[aria-label^="Fine-Tune"], a[aria-label^="微调"]');
      await icon.waitFor({ timeout: 60_000 });
      const runs = page.locator('.sidebar .composite.title', { hasText: /Fine-Tune|微调/ });
      // A click on the icon hides the view when the window was just about to show it.
      for (let tries = 1; !(await runs.isVisible()); tries += 1) {
        await icon.click();
        await runs.waitFor({ timeout: patience }).catch((error: unknown) => {
          if (tries === 5) throw error;
        });
      }
      await page
        .locator('.sidebar')
        .getByText(/Start Fine-Tune|Active|Finished|Stopped|Failed|Interrupted|开始微调|已中断/)
        .first()
        .waitFor();
    },
    async goto(address, log) {
      if (!exposed) {
        exposed = true;
        await page.exposeFunction('codeAutomationLog', (_kind: unknown, args: unknown) => log(JSON.stringify(args)));
        await page.exposeFunction('codeAutomationExit', () => undefined);
      }
      await page.goto(address);
    },
    command: (title) => anyCommand(`Fine-Tune: ${title}`),
    async choose(text) {
      await entries.filter({ hasText: text }).first().click();
    },
    async answer(button) {
      await page.locator('.monaco-dialog-box').getByRole('button', { name: button, exact: true }).click();
    },
    group: (text) => page.locator('.sidebar .monaco-list-row[aria-level="1"]').filter({ hasText: text }),
    run: (text) => page.locator('.sidebar .monaco-list-row[aria-level="2"]').filter({ hasText: text }),
    dashboard: () => page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame'),
    elsewhere: () => elsewhere,
    async screenshot(file) {
      await page.screenshot({ path: file });
    },
    async close() {
      openWindows.delete(window);
      // Otherwise extension hosts linger.
      await page.goto('about:blank');
      await context.close();
    },
  };
  openWindows.add(window);
  return window;
}
