"""Weights where they lie: the trainer tells file, offset, type and shape; nothing is copied before it is used."""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from typing import Any

import torch

DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


@dataclass(frozen=True)
class StoredTensor:
    """Where the bytes of one tensor lie."""

    name: str
    dtype: torch.dtype
    shape: list[int]
    file: str
    offset: int
    size: int

    @staticmethod
    def parse(entry: dict[str, Any]) -> StoredTensor:
        """From the trainer's plain data."""
        dtype = DTYPES[entry["dtype"]]
        return StoredTensor(entry["name"], dtype, entry["shape"], entry["file"], entry["offset"], entry["byteLength"])


def map_weights(entries: list[StoredTensor]) -> dict[str, torch.Tensor]:
    """Tensors by name, backed by their files (copy on write: a write never reaches the disk)."""
    maps: dict[str, mmap.mmap] = {}
    tensors: dict[str, torch.Tensor] = {}
    for entry in entries:
        if entry.file not in maps:
            with open(entry.file, "rb") as file:
                maps[entry.file] = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        count = entry.size // entry.dtype.itemsize
        # A tensor may begin at an odd place of the file: then its bytes are copied.
        if entry.offset % entry.dtype.itemsize == 0:
            flat = torch.frombuffer(maps[entry.file], dtype=entry.dtype, count=count, offset=entry.offset)
        else:
            piece = bytearray(maps[entry.file][entry.offset : entry.offset + entry.size])
            flat = torch.frombuffer(piece, dtype=entry.dtype)
        tensors[entry.name] = flat.view(entry.shape)
    return tensors
