// Entry point of dist/trainer.js: trains the run of a folder, `node trainer.js --run <folder>`.

import { prepareRun } from './prepare.ts';
import { trainerProcess } from './trainerProcess.ts';

await trainerProcess(process.argv.slice(2), prepareRun);
