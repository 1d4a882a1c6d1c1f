"""Importing the libraries without what a run never uses of them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch


def leave_out_triton() -> None:
    """Where there is no GPU: Triton compiles kernels for them alone, and stays in memory with 70 MB once imported.

    Call it before anything but `torch` is imported. Whoever asks for the package finds none, as on other platforms.
    """
    if not torch.cuda.is_available() and not torch.xpu.is_available():
        sys.modules.setdefault("triton", None)  # type: ignore[arg-type]


def scan_models_once() -> None:
    """transformers reads all of its model files twice when it is loaded, half a second each; here it does so once.

    Call it before anything but `transformers` itself is imported of it.
    The package remembers its first scan by the folder `models`, and asks for the second by the file in it. A version
    that does otherwise is left as it is.
    """
    importlib.import_module("transformers")
    utils: Any = importlib.import_module("transformers.utils.import_utils")
    scan: Any = getattr(utils, "create_import_structure_from_path", None)
    if hasattr(scan, "cache_info"):
        utils.create_import_structure_from_path = by_folder(scan)


def by_folder(scan: Callable[[Path], Any]) -> Callable[[str | Path], Any]:
    """The scan of the folder that a file lies in, as transformers itself understands a file."""

    def scan_folder(place: str | Path) -> Any:
        path = Path(place)
        return scan(path.parent if path.is_file() else path)

    return scan_folder
