// Entry of the compare panel: says ready, and draws each snapshot that comes.

import 'uplot/dist/uPlot.min.css';
import '../styles/panel.css';
import '../styles/charts.css';
import '../styles/dashboard.css';
import '../styles/compare.css';
import { enableControls } from '../controls.ts';
import { showFailure } from '../failureView.ts';
import { afterPaint, createFrame } from '../frame.ts';
import { connect } from '../host.ts';
import type { CompareSnapshot } from '../../src/protocol/webviewMessages.ts';
import { t, useStrings } from '../strings.ts';
import { createComparePage, type ComparePage } from './page.ts';

const root = document.querySelector<HTMLElement>('#root') ?? document.body;
let snapshot: CompareSnapshot | undefined;
let page: ComparePage | undefined;

const host = connect(
  (view) => {
    if (view.type === 'failure') {
      useStrings(view.strings, view.locale);
      if (!page) showFailure(root, t('The run could not be read'), view.problem, host.ready);
      return;
    }
    if (view.type !== 'snapshot' || view.panel !== 'compare') return;
    useStrings(view.strings, view.locale);
    snapshot = view;
    frame.request();
  },
  (method) => t('The editor did not answer in time ({0}).', method),
);

const frame = createFrame(() => {
  if (!snapshot) return;
  if (!page) afterPaint(() => void enableControls());
  page ??= createComparePage(root, host);
  page.update(snapshot.runs);
});

window.addEventListener('error', ({ message }) => host.trouble(message));
window.addEventListener('unhandledrejection', ({ reason }) => host.trouble(String(reason)));
host.ready();
