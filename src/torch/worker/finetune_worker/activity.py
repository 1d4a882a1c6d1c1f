"""What the main thread is doing, told with each sign of life: a rank that waits differs from one that hangs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Activity:
    """`count` grows with everything that is begun or ended: while it stands still, so does the process."""

    def __init__(self) -> None:
        self._doing = "waiting for a request"
        self._collective = False
        self._count = 0

    def begin(self, doing: str) -> None:
        """From here on the main thread does this."""
        self._doing = doing
        self._count += 1

    @contextmanager
    def collective(self, name: str) -> Iterator[None]:
        """A call that returns when every rank has made it."""
        before = self._doing
        self._collective = True
        self.begin(name)
        yield
        # After an exception it stays as it is: that is where the group broke.
        self._collective = False
        self.begin(before)

    def report(self) -> dict[str, Any]:
        """For a sign of life: seconds of processor time tell whether anything is computed."""
        return {
            "doing": self._doing,
            "collective": self._collective,
            "count": self._count,
            "cpuSeconds": time.process_time(),
        }


#: Of this process.
activity = Activity()
