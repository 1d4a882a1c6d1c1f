#!/usr/bin/env node
// Entry of the command line: turns on V8's compile cache where Node has one, then loads the rest.
import module from 'node:module';

// Node 22.8 and newer keep compiled code between starts; older ones start without. Must come before anything large.
const enable: unknown = Reflect.get(module, 'enableCompileCache');
if (typeof enable === 'function') Reflect.apply(enable, module, []);

const { runCommandLine } = await import('./program.ts');
process.exitCode = await runCommandLine(process.argv.slice(2));
