// Entry of the dashboard panel: says ready, takes snapshots and deltas, and draws at most once a frame.

import 'uplot/dist/uPlot.min.css';
import '../styles/panel.css';
import '../styles/charts.css';
import '../styles/dashboard.css';
import { enableControls } from '../controls.ts';
import { showFailure } from '../failureView.ts';
import { connect } from '../host.ts';
import { afterPaint, createFrame } from '../frame.ts';
import { applyDelta, modelOf, type RunModel } from '../runModel.ts';
import { t, useStrings } from '../strings.ts';
import { createDashboard, type DashboardPage } from './page.ts';

const root = document.querySelector<HTMLElement>('#root') ?? document.body;
let model: RunModel | undefined;
let page: DashboardPage | undefined;
/** A delta is missing and a snapshot was asked for: deltas are of no use until it comes. */
let lost = false;

const host = connect(
  (view) => {
    if (view.type === 'failure') {
      useStrings(view.strings, view.locale);
      if (!page) showFailure(root, t('The run could not be read'), view.problem, host.ready);
      return;
    }
    if (view.panel !== 'dashboard') return;
    if (view.type === 'snapshot') {
      useStrings(view.strings, view.locale);
      model = modelOf(view);
      lost = false;
    } else {
      if (!model || lost) return;
      const next = applyDelta(model, view);
      if (!next) {
        lost = true;
        host.ready();
        return;
      }
      model = next;
    }
    frame.request();
  },
  (method) => t('The editor did not answer in time ({0}).', method),
);

const frame = createFrame(() => {
  if (!model) return;
  if (page) page.update(model);
  else {
    page = createDashboard(root, host, model, (points) => {
      if (model) model = { ...model, points };
      frame.request();
    });
    afterPaint(() => void enableControls());
  }
});

window.addEventListener('error', ({ message }) => host.trouble(message));
window.addEventListener('unhandledrejection', ({ reason }) => host.trouble(String(reason)));
host.ready();
