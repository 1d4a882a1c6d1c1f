// Rules about the machine that the run is to take place on.

import { chooseDevice } from '../device.ts';
import { defaults } from '../schema.generated.ts';
import type { ConfigRule } from './rule.ts';

const deviceUnavailable: ConfigRule = {
  code: 'config/device-unavailable',
  severity: 'error',
  summary: '`device` asks for something that this machine does not have, or that cannot be used.',
  check: (config, facts) => {
    if (!facts.machine) return [];
    const wanted = config.device ?? defaults.device;
    const { devices } = facts.machine;
    if (chooseDevice(wanted, devices).available) return [];
    const usable = devices.filter((device) => device.usable).map((device) => device.name);
    const seen = devices.filter(
      (device) => !device.usable && (wanted === 'gpu' ? device.kind === 'gpu' : device.name === wanted),
    );
    const why = seen.flatMap((device) => (device.detail === undefined ? [] : [`${device.name}: ${device.detail}`]));
    const what = wanted === 'gpu' ? 'No GPU is usable on this machine' : `${wanted} is not usable on this machine`;
    const reason = why.length > 0 ? ` (${why.join('; ')})` : '';
    const message = `${what}${reason}. Usable: ${usable.join(', ') || 'cpu'}. \`device: auto\` takes the best of these.`;
    return [{ path: 'device', message }];
  },
};

export const machineRules: readonly ConfigRule[] = [deviceUnavailable];
