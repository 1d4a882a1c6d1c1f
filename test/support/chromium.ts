// The browser that panels are looked at with.
import { chromium, type Browser } from 'playwright-core';
import { requiredPath } from './requirements.ts';

const switches = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** For use inside tests of a `describeWith` that names `chromium`. */
export async function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: requiredPath('chromium'), args: switches });
}
