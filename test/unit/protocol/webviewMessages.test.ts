// What a panel says is untrusted: ten thousand broken messages are refused, none throws, none is taken for a request.
import { expect, test } from 'vitest';
import { isHostMessage, panelRequests, readPanelMessage } from '../../../src/protocol/webviewMessages.ts';
import { packNumbers, unpackNumbers } from '../../../src/protocol/wireNumbers.ts';
import { malformed, nested } from '../../support/malformed.ts';

const requests = [
  { type: 'request', id: 1, method: 'setLearningRate', params: { value: 1e-4 } },
  { type: 'request', id: 2, method: 'openRow', params: { id: 'data/train.jsonl:12' } },
  { type: 'request', id: 3, method: 'series', params: { from: 0, to: Infinity, buckets: 800, smoothing: 0.9 } },
  { type: 'request', id: 4, method: 'applyRemedyAndResume', params: { index: 0 } },
  { type: 'request', id: 5, method: 'savePng', params: { png: new Uint8Array([137, 80, 78, 71]) } },
  { type: 'trouble', text: 'something' },
];

test('what is right arrives, NaN and infinity too', () => {
  for (const request of requests) {
    expect(readPanelMessage(unpackNumbers(structuredClone(packNumbers(request))))).toEqual(request);
  }
});

test('10,000 broken messages of a panel: each is refused or harmless', () => {
  let refused = 0;
  for (const message of malformed(requests, 10_000, 'panel')) {
    const read = readPanelMessage(unpackNumbers(message));
    if (read.type === 'malformed') refused += 1;
    // What passes is a request of a known method with parameters that its guard accepts.
    if (read.type === 'request') expect(panelRequests[read.method].isParams(read.params)).toBe(true);
  }
  expect(refused).toBeGreaterThan(7000);
});

test('names of the prototype are no methods, and nesting without end uses up no stack', () => {
  for (const method of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    expect(readPanelMessage({ type: 'request', id: 1, method, params: {} }).type).toBe('malformed');
  }
  const deep = nested(100_000);
  expect(readPanelMessage(unpackNumbers(deep)).type).toBe('malformed');
  expect(readPanelMessage(unpackNumbers({ type: 'trouble', text: deep })).type).toBe('malformed');
  expect(isHostMessage(unpackNumbers({ type: 'reply', id: deep }))).toBe(false);
});
