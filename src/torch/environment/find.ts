// Whether there is a Python for the torch engine, and in a sentence why not; starts nothing.

import { access } from 'node:fs/promises';
import { mendingOf } from './reasons.ts';
import { readTorchRecord, torchPlaces, type TorchPlaces, type TorchRecord } from './record.ts';

export type FoundTorch =
  { readonly ready: true; readonly record: TorchRecord } | { readonly ready: false; readonly reason: string };

export async function findTorch(places: TorchPlaces = torchPlaces()): Promise<FoundTorch> {
  const record = await readTorchRecord(places);
  if (!record) {
    return {
      ready: false,
      reason: 'The torch engine has no Python environment yet. Run `finetune setup torch` to make one.',
    };
  }
  try {
    await access(record.python);
    return { ready: true, record };
  } catch {
    return {
      ready: false,
      reason: `The Python of the torch engine is gone. ${mendingOf(record)}`,
    };
  }
}
