"""Parts of the torch engine's worker that need no model: frames, groups of the optimiser, plain SGD, mapped weights."""

from __future__ import annotations

import io
import json
import sys
import tempfile
import unittest
from itertools import product
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src/torch/worker"))

import torch  # noqa: E402
from finetune_worker.channel import Frame, read_frame, write_frame  # noqa: E402
from finetune_worker.losses import Losses, Objective  # noqa: E402
from finetune_worker.model import refuse_other_weights, remove_dropout  # noqa: E402
from finetune_worker.optimizer import create_optimizer, set_learning_rate, used_learning_rate  # noqa: E402
from finetune_worker.plan import OptimizerPlan  # noqa: E402
from finetune_worker.ranks import ALONE  # noqa: E402
from finetune_worker.sequences import Sequence, idle_sequence  # noqa: E402
from finetune_worker.session import Session, Share, mask_seed  # noqa: E402
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


class Dropped(Objective):
    """A loss that remembers what dropout left of it."""

    updates = 3

    def __init__(self) -> None:
        self.seen: list[list[float]] = []

    def losses(self, model: torch.nn.Module, sequence: Sequence, autocast: torch.autocast) -> Losses:
        """What is left of ones, times a parameter."""
        left = model[1](torch.ones(64))  # type: ignore[index, operator]
        self.seen.append(left.tolist())
        return Losses((left[None] @ model[0].weight.T).flatten())  # type: ignore[index, operator, union-attr]


class Masks(unittest.TestCase):
    """Dropout of another seed, step, update or place in it is another one."""

    def test_each_has_its_own(self) -> None:
        drawn = set()
        seeds, steps = (0, 1, 2, 3, 42, 44, 2**32 - 1), (1, 2, 100_000)
        for seed, step, update, place in product(seeds, steps, range(3), range(3)):
            torch.manual_seed(mask_seed(seed, step, update, place))
            drawn.add(float(torch.rand(1, dtype=torch.float64)))
        self.assertEqual(len(drawn), 7 * 3 * 3 * 3)

    def test_a_single_update_has_the_masks_of_earlier_versions(self) -> None:
        self.assertEqual(mask_seed(42, 7, 0, 2), 4204138832236797227)

    def test_each_update_of_a_step_has_its_own_and_a_step_done_again_has_them_again(self) -> None:
        first, again, other = self.masks_of(5), self.masks_of(5), self.masks_of(6)
        self.assertEqual(first, again)
        self.assertEqual(len({tuple(mask) for mask in [*first, *other]}), 2 * 3 * 2)

    def masks_of(self, step: int) -> list[list[float]]:
        """Of the two sequences in each of the three updates, by the session's own step."""
        session = object.__new__(Session)
        session.plan = SimpleNamespace(seed=1, sharding=None, optimizer=plan(), mixed_precision="no")  # type: ignore[assignment]
        session.ranks, session.device = ALONE, torch.device("cpu")
        session.model = torch.nn.Sequential(torch.nn.Linear(64, 1, bias=False), torch.nn.Dropout(0.5))
        session.trained = {"weight": session.model[0].weight}  # type: ignore[dict-item]
        session.optimizer = create_optimizer(session.trained, plan())
        session.objective = dropped = Dropped()
        sequences = [idle_sequence(session.device) for _ in range(2)]
        session.step(step, 0.1, Share(sequences, [0, 1], 2, 2))
        return dropped.seen


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
