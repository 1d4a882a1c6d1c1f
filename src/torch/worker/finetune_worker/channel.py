"""The private channel to the trainer: frames of a JSON line and raw bytes, requests in, answers and beats out.

A frame is one line of JSON, `{…, "bytes": [n, …]}`, then the n bytes of each part. Libraries may print what they like:
standard output becomes standard error before the first of them is imported.
"""

from __future__ import annotations

import ctypes
import json
import os
import queue
import signal
import sys
import threading
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from .activity import activity

#: Seconds between two signs of life.
BEAT_INTERVAL = 1.0


@dataclass(frozen=True)
class Frame:
    """One message: plain data, and raw bytes beside it."""

    head: dict[str, Any]
    parts: list[bytes] = field(default_factory=list)


def read_frame(stream: BinaryIO) -> Frame | None:
    """The next frame; None when the other side has closed the channel, also in the middle of a frame."""
    line = stream.readline()
    if not line.endswith(b"\n"):
        return None
    head: dict[str, Any] = json.loads(line)
    parts: list[bytes] = []
    for size in head.pop("bytes", []):
        part = stream.read(size)
        if len(part) != size:
            return None
        parts.append(part)
    return Frame(head, parts)


def write_frame(stream: BinaryIO, head: dict[str, Any], parts: list[bytes]) -> None:
    """Writes one frame and flushes it."""
    sizes = {"bytes": [len(part) for part in parts]} if parts else {}
    stream.write(json.dumps({**head, **sizes}, allow_nan=False).encode() + b"\n")
    for part in parts:
        stream.write(part)
    stream.flush()


class Channel:
    """Requests come from a thread of their own, so that the end of the trainer is noticed during a computation too."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._outgoing = outgoing
        self._writing = threading.Lock()
        self._requests: queue.SimpleQueue[Frame] = queue.SimpleQueue()
        threading.Thread(target=self._read, args=(incoming,), daemon=True).start()
        threading.Thread(target=self._beat, daemon=True).start()

    def next_request(self) -> Frame:
        """Waits for the next request."""
        return self._requests.get()

    def send(self, head: dict[str, Any], parts: list[bytes] | None = None) -> None:
        """Sends one answer. When nobody is there any more, the process ends."""
        try:
            with self._writing:
                write_frame(self._outgoing, head, parts or [])
        except OSError:
            os._exit(0)

    def _read(self, incoming: BinaryIO) -> None:
        while (frame := read_frame(incoming)) is not None:
            self._requests.put(frame)
        # The trainer is gone: whatever is being computed is for nobody.
        os._exit(0)

    def _beat(self) -> None:
        stop = threading.Event()
        while not stop.wait(BEAT_INTERVAL):
            self.send({"beat": activity.report()})


def open_channel() -> Channel:
    """Takes standard input and output for the channel. Call it before anything else is imported."""
    die_with_parent()
    incoming = os.fdopen(os.dup(0), "rb")
    outgoing = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    # Ctrl+C in a terminal reaches the whole group; the trainer decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return Channel(incoming, outgoing)


def die_with_parent() -> None:
    """On Linux the system ends this process with its parent, even where it is stopped or hangs (prctl(2))."""
    if sys.platform != "linux":
        return
    parent = os.getppid()
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
    # It may have died before the call.
    if os.getppid() != parent:
        os._exit(0)
