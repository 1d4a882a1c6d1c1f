"""transformers' models are scanned once, with the result of the scan that it would have made itself."""

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
from finetune_worker.model_scan import scan_models_once
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


class ModelScan(unittest.TestCase):
    """The second scan is spared."""

    def test_models_are_not_read_again(self) -> None:
        done = subprocess.run([sys.executable, "-c", PROGRAM, str(WORKER)], capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout.split(), ["0", "True", "True"])
