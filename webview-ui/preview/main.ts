// Entry of the dataset preview: says ready, and draws each state that comes.

import '../styles/panel.css';
import '../styles/dashboard.css';
import '../styles/preview.css';
import type { PreviewState } from '../../src/protocol/previewViews.ts';
import { enableControls } from '../controls.ts';
import { showFailure } from '../failureView.ts';
import { afterPaint, createFrame } from '../frame.ts';
import { t, useStrings } from '../strings.ts';
import { createPreviewPage, type PreviewPage } from './page.ts';
import { connectPreview } from './previewHost.ts';

const root = document.querySelector<HTMLElement>('#root') ?? document.body;
let state: PreviewState | undefined;
let page: PreviewPage | undefined;
let selected: number | undefined;

const host = connectPreview(
  (news) => {
    if (news.type === 'failure') {
      useStrings(news.strings, news.locale);
      showFailure(root, t('The file could not be read'), news.problem, host.ready);
      page = undefined;
      state = undefined;
      return;
    }
    if (news.type === 'select') selected = news.row;
    else {
      if (news.type === 'snapshot') useStrings(news.strings, news.locale);
      state = news.state;
    }
    frame.request();
  },
  (method) => t('The editor did not answer in time ({0}).', method),
);

const frame = createFrame(() => {
  if (!state) return;
  if (!page) afterPaint(() => void enableControls());
  page ??= createPreviewPage(root, host);
  page.update(state);
  if (selected !== undefined) page.selectRow(selected);
  selected = undefined;
});

window.addEventListener('error', ({ message }) => host.trouble(message));
window.addEventListener('unhandledrejection', ({ reason }) => host.trouble(String(reason)));
// A reload of the window opens the same file.
if (root.dataset['state'] !== undefined) host.memory.write(JSON.parse(root.dataset['state']));
host.ready();
