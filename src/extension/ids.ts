// Every id that package.json contributes, in one place; a test compares both directions.

/** Commands that a person can call; the part after `finetune.`. */
export const commandIds = {
  start: 'finetune.start',
  dryRun: 'finetune.dryRun',
  newConfig: 'finetune.newConfig',
  importConfig: 'finetune.importConfig',
  checkConfig: 'finetune.checkConfig',
  estimate: 'finetune.estimate',
  openDashboard: 'finetune.openDashboard',
  openActiveRun: 'finetune.openActiveRun',
  openItem: 'finetune.openItem',
  compare: 'finetune.compare',
  pause: 'finetune.pause',
  resume: 'finetune.resume',
  checkpointNow: 'finetune.checkpointNow',
  stopAndSave: 'finetune.stopAndSave',
  stopNow: 'finetune.stopNow',
  setLearningRate: 'finetune.setLearningRate',
  resumeFrom: 'finetune.resumeFrom',
  fork: 'finetune.fork',
  rename: 'finetune.rename',
  note: 'finetune.note',
  pin: 'finetune.pin',
  unpin: 'finetune.unpin',
  reveal: 'finetune.reveal',
  copyCommandLine: 'finetune.copyCommandLine',
  trash: 'finetune.trash',
  emptyTrash: 'finetune.emptyTrash',
  openRunConfig: 'finetune.openRunConfig',
  openRunLog: 'finetune.openRunLog',
  openRunSamples: 'finetune.openRunSamples',
  showRunProblem: 'finetune.showRunProblem',
  refresh: 'finetune.refresh',
  filter: 'finetune.filter',
  clearFilter: 'finetune.clearFilter',
  groupByConfig: 'finetune.groupByConfig',
  groupByState: 'finetune.groupByState',
  sort: 'finetune.sort',
  queueUp: 'finetune.queue.up',
  queueDown: 'finetune.queue.down',
  queueRemove: 'finetune.queue.remove',
  queueContinue: 'finetune.queue.continue',
  queueContinueOnError: 'finetune.queue.continueOnError',
  queueStopOnError: 'finetune.queue.stopOnError',
  setupTorch: 'finetune.setupTorch',
  doctor: 'finetune.doctor',
  reportProblem: 'finetune.reportProblem',
  showLog: 'finetune.showLog',
  getStarted: 'finetune.getStarted',
  toggleLens: 'finetune.toggleLens',
  chooseDatasetConfig: 'finetune.chooseDatasetConfig',
  showTokenLosses: 'finetune.showTokenLosses',
  hideTokenLosses: 'finetune.hideTokenLosses',
  openDocs: 'finetune.openDocs',
  showEffectiveConfig: 'finetune.showEffectiveConfig',
  restartLanguageServer: 'finetune.restartLanguageServer',
  previewDataset: 'finetune.previewDataset',
  checkDataset: 'finetune.checkDataset',
  convertDataset: 'finetune.convertDataset',
} as const;

export type CommandId = (typeof commandIds)[keyof typeof commandIds];

export const viewIds = { runs: 'finetune.runs' } as const;

export const viewContainerId = 'finetune';

export const panelIds = {
  dashboard: 'finetune.dashboard',
  compare: 'finetune.comparison',
  preview: 'finetune.preview',
} as const;

/** The preview as an editor of dataset files; never the default one. */
export const previewEditorId = 'finetune.datasetPreview';

/** Settings without the leading `finetune.`. */
export const settingIds = {
  openDashboard: 'start.openDashboard',
  preflight: 'start.preflight',
  environment: 'trainer.environment',
  additionalFolders: 'runs.additionalFolders',
  notifications: 'notifications',
  lensEnabled: 'lens.enabled',
  lensLines: 'lens.lines',
  severities: 'problems.severity',
} as const;

export const contextKeys = {
  /** Number of runs that are going on. */
  activeRuns: 'finetune.activeRuns',
  filtered: 'finetune.filtered',
  /** `state` or `config`. */
  grouping: 'finetune.grouping',
  queueHeld: 'finetune.queueHeld',
  queueContinuesOnError: 'finetune.queueContinuesOnError',
  /** False until the runs folders have been listed. */
  listed: 'finetune.listed',
} as const;

export const walkthroughId = 'finetune.getStarted';
