"""A person's reward function in a process of its own: it may print, throw or hang, and the run can say so.

`python -m finetune_worker.reward_function FILE NAME` is that process: a JSON line in, a JSON line out.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import queue
import subprocess
import sys
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

from .activity import activity
from .channel import BEAT_INTERVAL, die_with_parent


class RewardError(Exception):
    """What is wrong with a reward function, as a sentence."""


class RewardFunction:
    """`rewards.py:name`: takes `completions` and the columns of their rows by name, gives a number for each."""

    def __init__(self, file: str, name: str, patience: float) -> None:
        """`patience`: seconds that one call may take, the first one with all that the file imports."""
        self.name = name
        self.shown = f"{Path(file).name}:{name}"
        self._patience = patience
        command = [sys.executable, "-s", "-m", __name__, file, name]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()
        try:
            self._answer()
        except RewardError:
            self.close()
            raise

    def __call__(self, completions: list[str], columns: dict[str, list[Any]]) -> list[float]:
        """Rewards of the answers. Raises RewardError."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps([completions, columns]) + "\n")
            self._process.stdin.flush()
        except OSError:
            pass  # its end tells more
        rewards = self._answer()
        if not isinstance(rewards, list) or len(rewards) != len(completions):
            count = len(rewards) if isinstance(rewards, list) else 0
            raise RewardError(
                f"{self.shown} gave {count} {'reward' if count == 1 else 'rewards'} for {len(completions)} answers"
            )
        for place, reward in enumerate(rewards):
            if not isinstance(reward, int | float) or not math.isfinite(reward):
                raise RewardError(f"{self.shown} gave {reward!r} as a reward, for the answer {completions[place]!r}")
        return [float(reward) for reward in rewards]

    def close(self) -> None:
        """Ends the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put("")

    def _wait(self) -> str:
        begun = time.monotonic()
        while (left := begun + self._patience - time.monotonic()) > 0:
            # Told again and again: a process among several that only waits would be taken for one that hangs.
            activity.begin(f"waiting for {self.shown}")
            with suppress(queue.Empty):
                return self._answers.get(timeout=min(BEAT_INTERVAL, left))
        self.close()
        raise RewardError(f"{self.shown} did not answer within {self._patience:g} seconds, so it was ended")

    def _answer(self) -> Any:
        line = self._wait()
        if line == "":
            code = self._process.wait()
            raise RewardError(f"the process of {self.shown} ended with code {code}")
        answer = json.loads(line)
        if "error" in answer:
            raise RewardError(f"{self.shown} failed: {answer['error']}")
        return answer["value"]


def serve(file: str, name: str) -> None:
    """Answers calls until standard input ends. What the function prints goes to standard error."""
    die_with_parent()
    outgoing = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def send(answer: dict[str, Any]) -> None:
        outgoing.write(json.dumps(answer) + "\n")
        outgoing.flush()

    try:
        function = load(file, name)
        send({"value": None})
    except BaseException as error:  # noqa: BLE001 (whatever it is, the person hears of it)
        send({"error": told(error, file)})
        return
    for line in sys.stdin:
        completions, columns = json.loads(line)
        try:
            rewards = function(completions=completions, **columns)
            send({"value": [plain(reward) for reward in rewards]})
        except BaseException as error:  # noqa: BLE001
            traceback.print_exc()
            send({"error": told(error, file)})


def load(file: str, name: str) -> Any:
    """The function of that name; what lies beside its file can be imported."""
    sys.path.insert(0, str(Path(file).resolve().parent))
    spec = importlib.util.spec_from_file_location("finetune_rewards", file)
    if spec is None or spec.loader is None or not Path(file).is_file():
        raise FileNotFoundError(f"there is no Python file {file}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = getattr(module, name, None)
    if not callable(found):
        names = [one for one, value in vars(module).items() if callable(value) and not one.startswith("_")]
        raise LookupError(f"it has no function {name}; it has {', '.join(names) or 'none'}")
    return found


def plain(reward: Any) -> Any:
    """Numbers of NumPy and PyTorch as plain ones; what is no finite number as its text, to be told."""
    number = reward.item() if hasattr(reward, "item") else reward
    is_fine = isinstance(number, int | float) and math.isfinite(number)
    return number if is_fine else repr(number)


def told(error: BaseException, file: str) -> str:
    """The error and where in the person's own file it came up."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).resolve() == Path(file).resolve()]
    where = f" ({Path(file).name}, line {own[-1].lineno})" if own else ""
    return f"{type(error).__name__}: {error}{where}"


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2])
