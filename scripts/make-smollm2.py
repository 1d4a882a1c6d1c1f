"""Turns SmolLM2-135M-Instruct.Q4_1.gguf into an fp32 safetensors folder, the real model of the tests.

Usage: python make-smollm2.py <file.gguf> <folder>
"""

import os
import sys

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TQDM_DISABLE", "1")

import torch  # noqa: E402
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM  # noqa: E402


def main() -> None:
    source, target = sys.argv[1], sys.argv[2]
    folder, name = os.path.split(os.path.abspath(source))
    read = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    config = read.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    # The model as read remembers that it came from GGUF and would not be saved as plain safetensors.
    model = LlamaForCausalLM(config)
    model.load_state_dict(read.state_dict())
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)


main()
