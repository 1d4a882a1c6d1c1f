// What commands need when they are called, loaded together the first time: a file for each would be a dozen small ones to
// look up. Imported by `import()` only.

export { showDoctor } from './around/doctor.ts';
export { reportProblem } from './around/report.ts';
export { setUpTorch } from './around/setupTorch.ts';
export { checkDataset } from './datasets/checkDataset.ts';
export { convertDataset } from './datasets/convertDataset.ts';
export { importForeignConfig } from './start/importConfig.ts';
export { acceptable, checkInDepth, estimateRun } from './start/preflight.ts';
export { dryRun, startFineTune, startQueued } from './start/start.ts';
export { createConfig } from './start/wizard.ts';
