"""Tells what this Python has for the torch engine, as one line of JSON: versions, and each device with a reason."""

from __future__ import annotations

import importlib.metadata
import json
import os
import sys
from typing import Any

PACKAGES = ("torch", "transformers", "peft", "safetensors", "bitsandbytes")


def versions() -> dict[str, str]:
    """Installed versions, without importing anything."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def cuda() -> dict[str, Any]:
    """CUDA or ROCm, which PyTorch calls cuda as well."""
    import torch

    if torch.version.cuda is None and torch.version.hip is None:
        return {"name": "cuda", "usable": False, "detail": "this PyTorch is built without CUDA and ROCm"}
    try:
        torch.cuda.init()  # type: ignore[no-untyped-call]
        properties = torch.cuda.get_device_properties(0)
        free, _ = torch.cuda.mem_get_info(0)
        product = float((torch.ones(2, 2, device="cuda") @ torch.ones(2, 2, device="cuda")).sum())
        if product != 8.0:
            return {"name": "cuda", "usable": False, "detail": "it computes wrong numbers"}
        return {
            "name": "cuda",
            "usable": True,
            "detail": properties.name,
            "bfloat16": bool(torch.cuda.is_bf16_supported(including_emulation=False)),
            "freeBytes": free,
            "count": torch.cuda.device_count(),
        }
    except Exception as error:
        return {"name": "cuda", "usable": False, "detail": str(error).split("\n", 1)[0]}


def mps() -> dict[str, Any]:
    """Apple's GPUs."""
    import torch

    if torch.backends.mps.is_available():
        return {"name": "mps", "usable": True, "detail": "Metal", "count": 1}
    built = torch.backends.mps.is_built()
    detail = "Metal is not available (macOS 14 or newer is needed)" if built else "only macOS has it"
    return {"name": "mps", "usable": False, "detail": detail}


def main() -> None:
    """Imports everything once, which also compiles it for the next start."""
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    report: dict[str, Any] = {"versions": versions(), "devices": []}
    try:
        # With PYTHONSAFEPATH a script's folder is not looked in by itself.
        sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
        # What the worker imports, by name: a folder that has lost its files can still be imported as an empty package.
        import finetune_worker.serve  # noqa: F401
        from peft import LoraConfig, get_peft_model  # noqa: F401
        from transformers import LlamaForCausalLM  # noqa: F401

        report["devices"] = [cuda(), mps()]
    except Exception as error:
        report["error"] = f"{type(error).__name__}: {error}".split("\n", 1)[0]
    print(json.dumps(report), file=answer)


main()
