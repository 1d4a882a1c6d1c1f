// Frames of the channel to the Python worker come out as they went in, however the pipe cuts them.

import { expect, test } from 'vitest';
import { bytesOf, createFrameDecoder, encodeFrame, floatsOf, type Frame } from '../../../src/torch/session/frames.ts';

const frames: Frame[] = [
  { head: { id: 1, text: 'line\nbreak' }, parts: [] },
  { head: { id: 2 }, parts: [new Uint8Array(0), Uint8Array.from([10, 123, 125, 10]), new Uint8Array(0)] },
  { head: { beat: true }, parts: [] },
  { head: { id: 3 }, parts: [bytesOf(Float32Array.of(1.5, -2, NaN))] },
];
const wire = Buffer.concat(frames.flatMap((frame) => encodeFrame(frame)));

test.each([1, 2, 3, 7, wire.length])('in pieces of %i bytes', (size) => {
  const decoder = createFrameDecoder();
  const out: Frame[] = [];
  for (let at = 0; at < wire.length; at += size) out.push(...decoder.push(wire.subarray(at, at + size)));
  expect(out).toEqual(frames);
  expect([...floatsOf(out[3]!.parts[0]!)]).toEqual([1.5, -2, NaN]);
});

test('numbers that do not begin at a multiple of four are read as well', () => {
  const shifted = new Uint8Array(9);
  shifted.set(bytesOf(Float32Array.of(1, 2)), 1);
  expect([...floatsOf(shifted.subarray(1))]).toEqual([1, 2]);
});

test.each(['hello\n', '[]\n', '{"bytes":[-1]}\n', '{"bytes":"x"}\n'])('%j is no frame', (text) => {
  expect(() => createFrameDecoder().push(Buffer.from(text))).toThrow();
});
