// The programs that the extension starts: trainer and command line, on the editor's own Node.

import { packageFile } from '../platform/packageFile.ts';

export { childEnvironment, runCli, type CliAnswer } from '../platform/ownProgram.ts';

export const trainerProgram = (): string => packageFile('dist/trainer.js');
