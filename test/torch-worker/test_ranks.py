"""Parts of a distributed run that need no second process: buckets of gradients, what a rank tells of itself."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src/torch/worker"))

import torch  # noqa: E402
from finetune_worker.activity import Activity  # noqa: E402
from finetune_worker.parallel import BUCKET_BYTES, into_buckets, sum_gradients  # noqa: E402
from finetune_worker.ranks import ALONE, Ranks  # noqa: E402


class Buckets(unittest.TestCase):
    """Gradients travel together as long as they fit and are of one type."""

    def test_sizes_and_types(self) -> None:
        large = torch.zeros(BUCKET_BYTES // 4)
        small = torch.zeros(10)
        half = torch.zeros(10, dtype=torch.bfloat16)
        buckets = list(into_buckets([small, small, large, small, half]))
        self.assertEqual([len(bucket) for bucket in buckets], [2, 1, 1, 1])
        self.assertEqual(list(into_buckets([])), [])

    def test_alone_nothing_is_summed(self) -> None:
        parameter = torch.nn.Parameter(torch.zeros(2))
        parameter.grad = torch.ones(2)
        sum_gradients([parameter], ALONE)
        self.assertEqual(parameter.grad.tolist(), [1.0, 1.0])


class Places(unittest.TestCase):
    """A rank has the GPU of its number on its machine."""

    def test_device(self) -> None:
        self.assertEqual(Ranks(5, 8, 1).device("cuda"), torch.device("cuda", 1))
        self.assertEqual(Ranks(5, 8, 1).device("cpu"), torch.device("cpu"))


class SignsOfLife(unittest.TestCase):
    """What the trainer learns of a rank."""

    def test_collective(self) -> None:
        activity = Activity()
        activity.begin("step 3")
        with activity.collective("all_reduce"):
            inside = activity.report()
        after = activity.report()
        self.assertEqual((inside["doing"], inside["collective"]), ("all_reduce", True))
        self.assertEqual((after["doing"], after["collective"]), ("step 3", False))
        self.assertLess(inside["count"], after["count"])

    def test_an_error_leaves_it_where_it_happened(self) -> None:
        activity = Activity()
        with self.assertRaises(RuntimeError), activity.collective("all_reduce"):
            raise RuntimeError("connection closed")
        self.assertEqual(activity.report()["doing"], "all_reduce")


if __name__ == "__main__":
    unittest.main()
