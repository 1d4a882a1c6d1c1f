"""Runs the torch engine's worker as Python would, with the trouble of FINETUNE_TROUBLE: `<name>` or `<name>@<step>`.

argv: what Python was called with. The check of the environment knows `driver` and `broken` alone.
"""

from __future__ import annotations

import os
import resource
import runpy
import sys
from pathlib import Path
from typing import Any

arguments = [argument for argument in sys.argv[1:] if argument != "-s"]
name, _, at = os.environ.get("FINETUNE_TROUBLE", "").partition("@")


class Broken:
    """An environment in which PEFT cannot be imported."""

    def find_spec(self, module: str, _path: object, _target: object = None) -> None:
        """Finds nothing; for PEFT it breaks off."""
        if module == "peft":
            raise ImportError("libpeft.so: cannot open shared object file")


def old_driver() -> None:
    """What PyTorch says where the driver is older than its CUDA."""
    import torch

    def refuse() -> None:
        raise RuntimeError("The NVIDIA driver on your system is too old (found version 11040). Please update it.")

    torch.version.cuda = "13.0"
    torch.cuda.init = refuse  # type: ignore[assignment]


def not_a_number(session: Any) -> None:
    """A trained tensor that is no number any more."""
    next(iter(session.trained.values())).data.fill_(float("nan"))


def too_little_memory(_session: Any) -> None:
    """What is there may be kept, and a step that wants more is refused by the system."""
    import torch

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + (64 << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    torch.empty(1 << 30)


def serve_with(trouble: Any) -> None:
    """The worker's own entry point, and a trouble right before a step, or before one is tried."""
    sys.path.insert(0, arguments[0])
    from finetune_worker.channel import open_channel

    channel = open_channel()
    from finetune_worker import serve, session

    method = "probe_memory" if name == "probe" else "step"
    own = getattr(session.Session, method)

    def troubled(self: Any, number: int, *rest: Any) -> Any:
        if at in ("", str(number)):
            trouble(self)
        return own(self, number, *rest)

    setattr(session.Session, method, troubled)
    serve.serve(channel)


troubles = {"nan": not_a_number, "memory": too_little_memory, "probe": too_little_memory}
if name == "broken":
    sys.meta_path.insert(0, Broken())
if name == "driver":
    old_driver()
if name in troubles and os.path.basename(arguments[0]) == "worker":
    serve_with(troubles[name])
else:
    sys.argv = arguments
    runpy.run_path(arguments[0], run_name="__main__")
