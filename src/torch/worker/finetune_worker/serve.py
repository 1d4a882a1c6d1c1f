"""Answers the trainer's requests one after another, errors included, until the trainer is gone."""

from __future__ import annotations

import importlib
import re
import struct
import sys
import traceback
from collections.abc import Callable
from typing import Any

import torch
import transformers

from .activity import activity
from .channel import Channel, Frame
from .generation import Generation
from .losses import Losses
from .memory import peak_bytes
from .optimizer import used_learning_rate
from .plan import Plan, learns_from_answers
from .quantization import load_bitsandbytes, without_bitsandbytes
from .ranks import ALONE, Ranks, RanksError, join, open_meeting
from .reward_function import RewardError
from .rollout import Draw, Sampling, draw_answers
from .scoring import Answers, Scoring
from .sequences import Sequence, read_sequences
from .session import Session, SessionError, Share
from .settings import effective_settings
from .shards import gathered, let_go

Answer = tuple[dict[str, Any], list[bytes]]


class Server:
    """Methods of a session by their names on the channel."""

    def __init__(self) -> None:
        self._session: Session | None = None
        self._generation: Generation | None = None
        self._ranks = ALONE
        self._scoring: Scoring | None = None

    @property
    def session(self) -> Session:
        """The session; there is none before `create`."""
        if self._session is None:
            raise SessionError("the session was not created")
        return self._session

    def load(self, request: Frame) -> Answer:
        """Imports what a session will need; it takes seconds, in which the trainer reads its rows."""
        if request.head["quantized"]:
            load_bitsandbytes()
        if request.head["adapters"]:
            with without_bitsandbytes():
                importlib.import_module("peft")
        return {}, []

    def open_meeting(self, request: Frame) -> Answer:
        """On rank 0: opens the place where the ranks meet."""
        return {"port": open_meeting(request.head["size"], request.head["listen"])}, []

    def join(self, request: Frame) -> Answer:
        """On every rank: meets the others."""
        head = request.head
        self._ranks = Ranks(head["rank"], head["size"], head["localRank"])
        join(self._ranks, head["address"], head["port"], head["interface"], head["device"])
        return {}, []

    def create(self, request: Frame) -> Answer:
        """Builds everything. The answer tells what was built and what it really uses."""
        self._session = Session(Plan.parse(request.head["plan"]), self._ranks)
        self._scoring = None
        versions = {"torch": torch.__version__, "transformers": transformers.__version__}
        return {**self.session.info(), "settings": effective_settings(self.session), "versions": versions}, []

    def step(self, request: Frame) -> Answer:
        """The norm as a float64, which may be no number, then losses of each sequence and what else was observed.

        Also the learning rate that the optimiser has now, without the factor of its group. The losses are of this
        rank's sequences only; the norm is that of the whole step.
        """
        head = request.head
        outcome = self.session.step(head["step"], head["learningRate"], self._share(request))
        names, losses = losses_to_bytes(outcome.losses)
        used = used_learning_rate(self.session.optimizer)
        value = {"peakBytes": self._peak(), "learningRate": used, "observed": names}
        return value, [struct.pack("<d", outcome.grad_norm), *losses]

    def evaluate(self, request: Frame) -> Answer:
        """Losses of each sequence, and what else was observed."""
        names, losses = losses_to_bytes(self.session.evaluate(self._sequences(request), request.head["passes"]))
        return {"peakBytes": self._peak(), "observed": names}, losses

    def draw(self, request: Frame) -> Answer:
        """Answers to prompts (one part each, int32): a part of int32 tokens each, `group` of them to a prompt.

        Where the model lies in shards all ranks are asked, also those without a prompt.
        """
        head = request.head
        sampling = Sampling(
            head["group"], head["longest"], head["temperature"], head["topP"], frozenset(head["stopTokenIds"])
        )
        prompts = read_tokens(request.parts)
        draw = Draw(head["seed"], head["promptsBefore"])
        model = self.session.model
        with gathered(model, self.session.plan):
            answers = draw_answers(model, prompts, sampling, draw, self.session.device) if prompts else []
        value = {"ended": [answer.is_ended for answer in answers]}
        return value, [struct.pack(f"<{len(answer.tokens)}i", *answer.tokens) for answer in answers]

    def score(self, request: Frame) -> Answer:
        """What answers are worth, by the name of each way to score them.

        A part for each answer has its int32 tokens behind those of its prompt.
        """
        if self._scoring is None:
            self._scoring = Scoring(self.session)
        head = request.head
        tokens = read_tokens(request.parts)
        answers = Answers(head["completions"], head["rows"], head["columns"], head["lengths"], tokens)
        return {"rewards": self._scoring(answers)}, []

    def keep_reference(self, _request: Frame) -> Answer:
        """The trained values as they are now are what objectives compare with."""
        self.session.keep_reference()
        return {}, []

    def probe(self, request: Frame) -> Answer:
        """Seconds of the passes and of an update."""
        [sequence] = self._sequences(request)
        seconds, update = self.session.probe(sequence)
        return {"seconds": seconds, "updateSeconds": update}, []

    def probe_memory(self, request: Frame) -> Answer:
        """Peak of this rank with its sequences of the step that needs the most."""
        self.session.probe_memory(request.head["step"], self._share(request))
        return {"peakBytes": self._peak()}, []

    def list_tensors(self, request: Frame) -> Answer:
        """Names and shapes."""
        tensors = self.session.tensors(request.head["kind"])
        return {"tensors": [{"name": name, "shape": list(t.shape)} for name, t in tensors.items()]}, []

    def read_tensor(self, request: Frame) -> Answer:
        """One tensor as float32, from rank 0."""
        tensor = self.session.read_tensor(request.head["kind"], request.head["name"])
        return {}, [to_bytes(tensor)] if self._ranks.rank == 0 else []

    def write_tensor(self, request: Frame) -> Answer:
        """Puts one tensor back; its values come to rank 0."""
        values = request.parts[0] if request.parts else None
        self.session.write_tensor(request.head["kind"], request.head["name"], values)
        return {}, []

    def set_steps_taken(self, request: Frame) -> Answer:
        """After tensors were put back."""
        self.session.set_steps_taken(request.head["steps"])
        return {}, []

    def generate(self, request: Frame) -> Answer:
        """Begins with prompts (one part each, int32); the answer has their logits [rows, vocabulary]."""
        self._generation = Generation(self.session.model, read_tokens(request.parts), self.session.device)
        return {}, [to_bytes(self._generation.logits)]

    def generate_next(self, request: Frame) -> Answer:
        """Goes on with one token a row."""
        if self._generation is None:
            raise SessionError("nothing is being generated")
        self._generation.advance(request.head["tokens"])
        return {}, [to_bytes(self._generation.logits)]

    def generate_end(self, _request: Frame) -> Answer:
        """Lets go of the cache."""
        self._generation = None
        let_go(self.session.model)
        return {}, []

    def _sequences(self, request: Frame) -> list[Sequence]:
        return read_sequences(request.parts, self.session.device, learns_from_answers(self.session.plan.objective))

    def _share(self, request: Frame) -> Share:
        head = request.head
        return Share(self._sequences(request), head["places"], head["terms"], head["passes"])

    def _peak(self) -> int:
        return peak_bytes(self.session.device)


def read_tokens(parts: list[bytes]) -> list[list[int]]:
    """Int32 tokens of each part."""
    return [list(struct.unpack(f"<{len(part) // 4}i", part)) for part in parts]


def losses_to_bytes(losses: list[Losses]) -> tuple[list[str], list[bytes]]:
    """Float32: losses of each sequence, then for each name its numbers over all terms in order."""
    names = list(losses[0].observed) if losses else []
    observed = [torch.cat([part.observed[name] for part in losses]) for name in names]
    return names, [to_bytes(values) for values in (*(part.values for part in losses), *observed)]


def to_bytes(values: torch.Tensor) -> bytes:
    """Float32, little-endian, row-major."""
    return values.detach().to("cpu", torch.float32).contiguous().numpy().tobytes()


def serve(channel: Channel) -> None:
    """Never returns: the process ends with the channel."""
    transformers.utils.logging.disable_progress_bar()
    server = Server()
    methods: dict[str, Callable[[Frame], Answer]] = {
        method.__name__: method
        for method in (
            server.load,
            server.open_meeting,
            server.join,
            server.create,
            server.step,
            server.evaluate,
            server.draw,
            server.score,
            server.keep_reference,
            server.probe,
            server.probe_memory,
            server.list_tensors,
            server.read_tensor,
            server.write_tensor,
            server.set_steps_taken,
            server.generate,
            server.generate_next,
            server.generate_end,
        )
    }
    while True:
        request = channel.next_request()
        number = request.head["id"]
        activity.begin(request.head["method"])
        try:
            value, parts = methods[request.head["method"]](request)
            activity.begin("waiting for a request")
            channel.send({"id": number, "ok": True, "value": value}, parts)
        except Exception as error:  # noqa: BLE001 (whatever it is, the trainer hears of it)
            traceback.print_exc(file=sys.stderr)
            sys.stderr.flush()
            channel.send({"id": number, "ok": False, "error": describe(error)})


#: What allocators, the libraries of GPUs and the system's loader say, which raise plain errors.
OUT_OF_MEMORY = re.compile(
    r"can(?:'t|not) allocate memory|\bout of memory\b|\bbad_alloc\b|_ALLOC_FAILED"
    r"|failed to map segment from shared object$",
    re.IGNORECASE,
)


def describe(error: Exception) -> dict[str, str]:
    """An error as plain data; running out of memory has many names."""
    text = str(error)
    memory = isinstance(error, MemoryError | torch.OutOfMemoryError) or OUT_OF_MEMORY.search(text) is not None
    refused = "refused" if isinstance(error, SessionError | RanksError) else "failed"
    own = "reward" if isinstance(error, RewardError) else refused
    kind = "out-of-memory" if memory else own
    return {"kind": kind, "type": type(error).__name__, "message": text}
