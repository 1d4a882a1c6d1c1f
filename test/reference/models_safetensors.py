"""Reads a safetensors file that we wrote, and writes one of our dtypes for us to read."""
import json, sys
import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file

request = json.load(sys.stdin)
answer = {"tensors": {}}
with safe_open(request["ours"], "pt") as file:
    answer["metadata"] = file.metadata()
    for name in file.keys():
        tensor = file.get_tensor(name)
        answer["tensors"][name] = {
            "dtype": str(tensor.dtype),
            "shape": list(tensor.shape),
            "hex": tensor.reshape(-1).view(torch.uint8).numpy().tobytes().hex() if tensor.numel() else "",
        }
generator = torch.Generator().manual_seed(1)
values = torch.randn(3, 5, generator=generator)
tensors = {"a": values, "b": values.half(), "c": values.bfloat16(), "mask": torch.ones(2, dtype=torch.bool)}
save_file(tensors, request["theirs"], {"format": "pt"})
answer["theirs"] = {name: tensors[name].float().numpy().tobytes().hex() for name in "abc"}
# What torch makes of our float32 values when it rounds them.
given = torch.from_numpy(np.frombuffer(bytes.fromhex(request["values"]), dtype=np.float32).copy())
answer["half"] = given.half().view(torch.uint8).numpy().tobytes().hex()
answer["bfloat"] = given.bfloat16().view(torch.uint8).numpy().tobytes().hex()
print(json.dumps(answer))
