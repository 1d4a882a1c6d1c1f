// The editor's colours for canvases, which know no CSS variables.

export const seriesColors = ['blue', 'yellow', 'green', 'purple', 'cyan', 'rose', 'red', 'foreground'] as const;
export type SeriesColor = (typeof seriesColors)[number];

export interface ChartTheme {
  readonly series: Readonly<Record<SeriesColor, string>>;
  readonly text: string;
  readonly strongText: string;
  readonly grid: string;
  readonly background: string;
  readonly font: string;
  readonly highContrast: boolean;
}

/** Of the charts that are made or drawn anew together only the first reads: each read works out the page's styles. */
let justRead: ChartTheme | undefined;

/** The colours of the theme that is on now. */
export function readTheme(): ChartTheme {
  if (!justRead) {
    justRead = themeOfPage();
    queueMicrotask(() => (justRead = undefined));
  }
  return justRead;
}

function themeOfPage(): ChartTheme {
  const styles = getComputedStyle(document.body);
  const read = (...names: readonly string[]): string => {
    for (const name of names) {
      const value = styles.getPropertyValue(name).trim();
      if (value !== '') return value;
    }
    return 'gray';
  };
  const highContrast = document.body.classList.contains('vscode-high-contrast');
  return {
    series: {
      blue: read('--vscode-charts-blue', '--vscode-textLink-foreground'),
      // The editor's orange is translucent in its own themes and missing in others.
      cyan: read('--ft-cyan'),
      rose: read('--ft-rose'),
      green: read('--vscode-charts-green'),
      purple: read('--vscode-charts-purple'),
      yellow: read('--vscode-charts-yellow'),
      red: read('--vscode-charts-red', '--vscode-errorForeground'),
      foreground: read('--vscode-charts-foreground', '--vscode-foreground'),
    },
    text: read('--vscode-descriptionForeground', '--vscode-foreground'),
    strongText: read('--vscode-foreground'),
    grid: read('--ft-grid', '--vscode-charts-lines'),
    background: read('--ft-card', '--vscode-editor-background'),
    font: `11px ${read('--vscode-font-family')}`,
    highContrast,
  };
}

/** Calls back whenever the person changes the theme. */
export function onThemeChange(listener: () => void): void {
  const observer = new MutationObserver(listener);
  observer.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style'] });
}
