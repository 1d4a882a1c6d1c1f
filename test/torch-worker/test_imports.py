"""What importing is spared: a second scan of transformers' models, and Triton where there is no GPU."""

from __future__ import annotations

import subprocess
import sys
import unittest
from pathlib import Path

WORKER = Path(__file__).resolve().parents[2] / "src/torch/worker"

# In a process of its own: in this one transformers may be loaded already.
PROGRAM = """
import os, sys
sys.path.insert(0, sys.argv[1])
import transformers
from transformers.utils import import_utils
from finetune_worker.imports import scan_models_once
scan = import_utils.create_import_structure_from_path
scan_models_once()
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
import transformers.models
print(sum(os.path.basename(name).startswith("modeling_") for name in opened))
once = import_utils.create_import_structure_from_path
place = os.path.join(os.path.dirname(transformers.__file__), "models", "__init__.py")
print(once(place) == scan.__wrapped__(place), len(once(place)) > 100)
"""

WORKER_WITHOUT_TRITON = """
import sys
sys.path.insert(0, sys.argv[1])
import torch
torch.cuda.is_available = torch.xpu.is_available = lambda: False
from finetune_worker.imports import leave_out_triton
leave_out_triton()
import finetune_worker.serve
from transformers.models.llama import modeling_llama
layer = torch.nn.Linear(2, 2)
torch.optim.AdamW(layer.parameters()).step()
print(sys.modules["triton"])
"""


class ModelScan(unittest.TestCase):
    """The second scan is spared."""

    def test_models_are_not_read_again(self) -> None:
        done = subprocess.run([sys.executable, "-c", PROGRAM, str(WORKER)], capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout.split(), ["0", "True", "True"])


class WithoutTriton(unittest.TestCase):
    """Nothing that a worker imports or computes insists on it."""

    def test_nothing_misses_it(self) -> None:
        command = [sys.executable, "-c", WORKER_WITHOUT_TRITON, str(WORKER)]
        self.assertEqual(subprocess.run(command, capture_output=True, text=True, check=True).stdout, "None\n")


if __name__ == "__main__":
    unittest.main()
