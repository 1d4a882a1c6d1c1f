"""A GGUF file of random blocks of every type, and the float32 values that gguf-py makes of them."""
import json, sys
import numpy as np
from gguf import GGUFWriter
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType as Type
from gguf.quants import dequantize

request = json.load(sys.stdin)
random = np.random.default_rng(request["seed"])
scales = {  # byte offsets of the halves in a block; anything else may be any byte
    "Q4_0": [0], "Q5_0": [0], "Q8_0": [0], "Q4_1": [0, 2], "Q5_1": [0, 2],
    "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208],
}
writer = GGUFWriter(request["file"], "llama")
values = {}
for name in ["F16", "BF16", *scales]:
    kind = Type[name]
    elements, size = GGML_QUANT_SIZES[kind]
    rows, blocks = 40, 8 if elements > 1 else 256
    data = random.integers(0, 256, (rows * blocks, size), dtype=np.uint8)
    if elements == 1:  # finite numbers: NaN payloads have no one value
        floats = random.normal(size=rows * blocks).astype(np.float32)
        data = floats.astype(np.float16) if name == "F16" else (floats.view(np.uint32) >> 16).astype(np.uint16)
        data = data.view(np.uint8)
    for at in scales.get(name, []):
        halves = (random.normal(size=len(data)) * 10.0 ** random.integers(-6, 2, len(data))).astype(np.float16)
        data[:, at : at + 2] = halves.view(np.uint8).reshape(-1, 2)
    data = data.reshape(rows, -1)
    writer.add_tensor(name, data, raw_dtype=kind)
    values[name] = dequantize(data, kind).astype(np.float32).reshape(-1)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
np.concatenate(list(values.values())).tofile(request["values"])
print(json.dumps({name: len(array) for name, array in values.items()}))
