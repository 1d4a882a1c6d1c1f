// Which device a config's `device` means on this machine.

import type { Device, DeviceFact } from './facts.ts';
import type { FinetuneConfig } from './schema.generated.ts';

export interface DeviceChoice {
  readonly device: Device;
  readonly reason: string;
  /** False where what was asked for is not usable here; the rule `config/device-unavailable` says so. */
  readonly available: boolean;
}

/** `auto`: the first usable device; `gpu`: the first usable GPU; a name: that one. `devices` is ordered best first. */
export function chooseDevice(
  wanted: NonNullable<FinetuneConfig['device']>,
  devices: readonly DeviceFact[],
): DeviceChoice {
  if (wanted !== 'auto' && wanted !== 'gpu') {
    const usable = wanted === 'cpu' || devices.some((device) => device.name === wanted && device.usable);
    return { device: wanted, reason: 'as asked for', available: usable };
  }
  const candidates = devices.filter((device) => device.usable && (wanted === 'auto' || device.kind === 'gpu'));
  const best = candidates[0];
  if (best) {
    const what = best.detail === undefined ? '' : ` (${best.detail})`;
    const why =
      wanted === 'gpu' ? 'the best usable GPU' : best.kind === 'gpu' ? 'the best usable device' : whyCpu(devices);
    return { device: best.name, reason: `${why}${what}`, available: true };
  }
  return { device: 'cpu', reason: whyCpu(devices), available: wanted === 'auto' };
}

function whyCpu(devices: readonly DeviceFact[]): string {
  const unusable = devices.filter((device) => device.kind === 'gpu' && !device.usable);
  if (unusable.length === 0) return 'no GPU was found';
  const reasons = unusable.map((device) => `${device.name}: ${device.detail ?? 'not usable'}`);
  return `no GPU is usable (${reasons.join('; ')})`;
}
