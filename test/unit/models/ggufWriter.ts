// A small GGUF writer for tests: metadata with explicit types, tensors as raw bytes.

export type TypedValue =
  | {
      readonly type: 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'f32' | 'u64' | 'i64' | 'f64';
      readonly value: number;
    }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'array'; readonly of: TypedValue['type']; readonly value: readonly TypedValue[] };

export interface RawTensor {
  readonly name: string;
  /** As PyTorch shows it; the file has the reverse. */
  readonly shape: readonly number[];
  readonly typeId: number;
  readonly bytes: Uint8Array;
}

const typeIds = {
  u8: 0,
  i8: 1,
  u16: 2,
  i16: 3,
  u32: 4,
  i32: 5,
  f32: 6,
  bool: 7,
  string: 8,
  array: 9,
  u64: 10,
  i64: 11,
  f64: 12,
};

export interface GgufParts {
  readonly metadata: Readonly<Record<string, TypedValue>>;
  readonly tensors: readonly RawTensor[];
  readonly version?: number;
  readonly alignment?: number;
}

export function encodeGguf({ metadata, tensors, version = 3, alignment = 32 }: GgufParts): Buffer {
  const pairs = Object.entries(metadata);
  const offsets: number[] = [];
  let end = 0;
  for (const tensor of tensors) {
    offsets.push(end);
    end += Math.ceil(tensor.bytes.length / alignment) * alignment;
  }
  const header = Buffer.concat([
    Buffer.from('GGUF'),
    number('u32', version),
    number('u64', tensors.length),
    number('u64', pairs.length),
    ...pairs.flatMap(([key, value]) => [text(key), number('u32', typeIds[value.type]), encode(value)]),
    ...tensors.flatMap((tensor, i) => [
      text(tensor.name),
      number('u32', tensor.shape.length),
      ...[...tensor.shape].reverse().map((size) => number('u64', size)),
      number('u32', tensor.typeId),
      number('u64', offsets[i]!),
    ]),
  ]);
  const padding = (length: number) => Buffer.alloc(Math.ceil(length / alignment) * alignment - length);
  const data = tensors.flatMap(({ bytes }) => [bytes, padding(bytes.length)]);
  return Buffer.concat([header, padding(header.length), ...data]);
}

export const u32 = (value: number): TypedValue => ({ type: 'u32', value });
export const f32 = (value: number): TypedValue => ({ type: 'f32', value });
export const bool = (value: boolean): TypedValue => ({ type: 'bool', value });
export const string = (value: string): TypedValue => ({ type: 'string', value });
export const strings = (values: readonly string[]): TypedValue => ({
  type: 'array',
  of: 'string',
  value: values.map(string),
});
export const numbers = (of: 'f32' | 'i32' | 'u8', values: readonly number[]): TypedValue => ({
  type: 'array',
  of,
  value: values.map((value) => ({ type: of, value })),
});

/** A tensor of float32 values. */
export function floatTensor(name: string, shape: readonly number[], value: (i: number) => number): RawTensor {
  const count = shape.reduce((product, size) => product * size, 1);
  return {
    name,
    shape,
    typeId: 0,
    bytes: new Uint8Array(Float32Array.from({ length: count }, (_, i) => value(i)).buffer),
  };
}

function encode(value: TypedValue): Buffer {
  switch (value.type) {
    case 'string':
      return text(value.value);
    case 'bool':
      return number('u8', value.value ? 1 : 0);
    case 'array':
      return Buffer.concat([
        number('u32', typeIds[value.of]),
        number('u64', value.value.length),
        ...value.value.map((item) => encode(item)),
      ]);
    default:
      return number(value.type, value.value);
  }
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([number('u64', bytes.length), bytes]);
}

function number(type: Exclude<TypedValue['type'], 'bool' | 'string' | 'array'>, value: number): Buffer {
  const bytes = Buffer.alloc({ u8: 1, i8: 1, u16: 2, i16: 2, u32: 4, i32: 4, f32: 4, u64: 8, i64: 8, f64: 8 }[type]);
  switch (type) {
    case 'u64':
      bytes.writeBigUInt64LE(BigInt(value));
      return bytes;
    case 'i64':
      bytes.writeBigInt64LE(BigInt(value));
      return bytes;
    case 'f32':
      bytes.writeFloatLE(value);
      return bytes;
    case 'f64':
      bytes.writeDoubleLE(value);
      return bytes;
    default:
      if (value < 0) bytes.writeIntLE(value, 0, bytes.length);
      else bytes.writeUIntLE(value, 0, bytes.length);
      return bytes;
  }
}
