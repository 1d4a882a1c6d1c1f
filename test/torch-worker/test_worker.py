"""Parts of the torch engine's worker that need no model: frames, groups of the optimiser, plain SGD, mapped weights."""

from __future__ import annotations

import io
import json
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src/torch/worker"))

import torch  # noqa: E402
from finetune_worker.channel import Frame, read_frame, write_frame  # noqa: E402
from finetune_worker.model import refuse_other_weights, remove_dropout  # noqa: E402
from finetune_worker.optimizer import create_optimizer, set_learning_rate, used_learning_rate  # noqa: E402
from finetune_worker.plan import OptimizerPlan  # noqa: E402
from finetune_worker.session import mask_seed  # noqa: E402
from finetune_worker.weights import StoredTensor, map_weights  # noqa: E402
from transformers import GPT2Config  # noqa: E402


def plan(kind: str = "adamw", decay: float = 0.1) -> OptimizerPlan:
    """An optimiser with LoRA+."""
    return OptimizerPlan(kind, 0.9, 0.999, 1e-8, decay, 1.0, 0.5, 16.0)


class Frames(unittest.TestCase):
    """What is written is read; what is broken off is the end."""

    def test_round_trip(self) -> None:
        stream = io.BytesIO()
        write_frame(stream, {"id": 1, "text": "line\nbreak"}, [b"", b"\n{}\n"])
        write_frame(stream, {"id": 2}, [])
        stream.seek(0)
        self.assertEqual(read_frame(stream), Frame({"id": 1, "text": "line\nbreak"}, [b"", b"\n{}\n"]))
        self.assertEqual(read_frame(stream), Frame({"id": 2}, []))
        self.assertIsNone(read_frame(stream))

    def test_broken_off(self) -> None:
        stream = io.BytesIO()
        write_frame(stream, {"id": 1}, [b"abcdef"])
        whole = stream.getvalue()
        for length in range(len(whole)):
            self.assertIsNone(read_frame(io.BytesIO(whole[:length])))

    def test_no_number_is_refused(self) -> None:
        with self.assertRaises(ValueError):
            write_frame(io.BytesIO(), {"loss": float("nan")}, [])


class Masks(unittest.TestCase):
    """Dropout of another seed, step or place in it is another one."""

    def test_each_has_its_own(self) -> None:
        drawn = set()
        for seed in (0, 1, 2, 3, 42, 44, 2**32 - 1):
            for step in (1, 2, 100_000):
                for place in range(3):
                    torch.manual_seed(mask_seed(seed, step, place))
                    drawn.add(float(torch.rand(1, dtype=torch.float64)))
        self.assertEqual(len(drawn), 7 * 3 * 3)


class Groups(unittest.TestCase):
    """Which tensors decay, and which learn faster."""

    def test_full(self) -> None:
        trained = {
            "model.embed_tokens.weight": torch.nn.Parameter(torch.ones(3, 2)),
            "model.norm.weight": torch.nn.Parameter(torch.ones(2)),
            "model.layers.0.mlp.up_proj.weight": torch.nn.Parameter(torch.ones(2, 2)),
        }
        optimizer = create_optimizer(trained, plan())
        decaying = [g for g in optimizer.param_groups if g["weight_decay"] > 0]
        self.assertEqual([len(g["params"]) for g in decaying], [1])
        self.assertIs(decaying[0]["params"][0], trained["model.layers.0.mlp.up_proj.weight"])

    def test_lora_plus(self) -> None:
        trained = {
            "q.lora_A.weight": torch.nn.Parameter(torch.ones(2, 2)),
            "q.lora_B.weight": torch.nn.Parameter(torch.ones(2, 2)),
        }
        optimizer = create_optimizer(trained, plan())
        set_learning_rate(optimizer, 0.1)
        self.assertAlmostEqual(used_learning_rate(optimizer), 0.1)
        self.assertEqual([round(g["lr"], 9) for g in optimizer.param_groups], [0.05, 0.8])

    def test_sgd_decays_apart_from_the_gradient(self) -> None:
        parameter = torch.nn.Parameter(torch.full((2, 2), 2.0))
        optimizer = create_optimizer({"w.weight": parameter}, plan("sgd", 0.5))
        parameter.grad = torch.full((2, 2), 3.0)
        set_learning_rate(optimizer, 0.1)
        optimizer.step()
        self.assertTrue(torch.allclose(parameter, torch.full((2, 2), 2.0 * (1 - 0.05) - 0.3)))


class Weights(unittest.TestCase):
    """Tensors lie where they are said to lie, and writing to them does not touch the file."""

    def test_mapped(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "weights.bin"
            values = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
            # The second copy begins at an odd place.
            file.write_bytes(values.numpy().tobytes() + b"x" + values.bfloat16().view(torch.int16).numpy().tobytes())
            even = StoredTensor("even", torch.float32, [2, 2], str(file), 0, 16)
            odd = StoredTensor("odd", torch.bfloat16, [2, 2], str(file), 17, 8)
            mapped = map_weights([even, odd])
            self.assertTrue(torch.equal(mapped["even"], values))
            self.assertTrue(torch.equal(mapped["odd"].float(), values))
            before = file.read_bytes()
            mapped["even"].zero_()
            self.assertEqual(file.read_bytes(), before)


class Models(unittest.TestCase):
    """What is built is what the plan says, whatever a config or a library adds."""

    def test_dropout_of_the_model(self) -> None:
        config = GPT2Config(resid_pdrop=0.1, attn_pdrop=0.2, summary_first_dropout=0.3, hidden_size=64)  # type: ignore[call-arg]
        remove_dropout(config)
        shares = [config.resid_pdrop, config.embd_pdrop, config.attn_pdrop, config.summary_first_dropout]
        self.assertEqual(shares, [0.0] * 4)
        self.assertEqual(config.n_embd, 64)

    def test_weights_that_transformers_does_not_know(self) -> None:
        refuse_other_weights({"missing_keys": set(), "unexpected_keys": set(), "error_msgs": []}, set())
        with self.assertRaisesRegex(ValueError, "missing .*lm_head.weight"):
            refuse_other_weights({"missing_keys": {"lm_head.weight"}, "unexpected_keys": set()}, {"score.weight"})


class Plans(unittest.TestCase):
    """The trainer's plan is plain JSON."""

    def test_stored_tensor(self) -> None:
        text = '{"name": "a", "dtype": "BF16", "shape": [1], "file": "f", "offset": 8, "byteLength": 2}'
        self.assertEqual(StoredTensor.parse(json.loads(text)).dtype, torch.bfloat16)


if __name__ == "__main__":
    unittest.main()
