"""The processes of one run: who this one is, how they find each other, and what they say to each other."""

from __future__ import annotations

import os
import socket
import sys
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist
from torch.distributed import TCPStore  # type: ignore[attr-defined]

from .activity import activity

#: Nobody waits longer in a collective; the trainer, which sees all ranks, notices most faults much earlier.
LONGEST_WAIT = timedelta(minutes=30)
#: A rank that is slow to start is waited for this long.
LONGEST_START = timedelta(minutes=5)


class RanksError(Exception):
    """The processes did not become a group, as a sentence."""


@dataclass(frozen=True)
class Ranks:
    """This process among the others."""

    rank: int
    size: int
    #: Among the processes of its machine: the number of its GPU.
    local_rank: int

    @property
    def are_several(self) -> bool:
        """Whether there is anybody to talk to."""
        return self.size > 1

    def device(self, kind: str) -> torch.device:
        """The device of this rank."""
        return torch.device(kind, self.local_rank) if kind == "cuda" else torch.device(kind)

    def all_agree(self, fine: bool, about: str) -> bool:
        """True when it is true on every rank."""
        doubts = torch.tensor([0.0 if fine else 1.0])
        return float(self.add_up(doubts, about)) == 0.0

    def add_up(self, values: torch.Tensor, about: str) -> torch.Tensor:
        """The sums of the values of all ranks on every rank, in place; on the CPU."""
        if self.are_several:
            with activity.collective(f"all_reduce of {about}"):
                dist.all_reduce(values)
        return values

    def spread(self, values: torch.Tensor, about: str) -> torch.Tensor:
        """The values of rank 0 on every rank, in place; on the CPU."""
        if self.are_several:
            with activity.collective(f"broadcast of {about}"):
                dist.broadcast(values, src=0)
        return values


ALONE = Ranks(0, 1, 0)

#: Rank 0 keeps the place where the others find each other, for as long as it lives.
meeting_place: list[TCPStore] = []


def open_meeting(size: int, listen: str) -> int:
    """Opens the place where the ranks meet, on rank 0, at a free port of an address. Returns the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
        listening.bind((listen, 0))
        listening.listen(128)
        port = int(listening.getsockname()[1])
        store = TCPStore(
            "127.0.0.1", port, size, True, LONGEST_START, wait_for_workers=False, master_listen_fd=listening.detach()
        )
    meeting_place[:] = [store]
    return port


def join(ranks: Ranks, address: str, port: int, interface: str | None, device: str) -> None:
    """Makes this process one of the group, and makes sure that everybody is there. Raises RanksError otherwise."""
    if interface is not None:
        # Otherwise they take the address that the machine's name has, which may be none at all.
        os.environ.setdefault("GLOO_SOCKET_IFNAME", interface)
        os.environ.setdefault("NCCL_SOCKET_IFNAME", interface)
    if device == "cuda":
        torch.cuda.set_device(ranks.local_rank)
    own = meeting_place[0] if ranks.rank == 0 else None
    store = own or TCPStore(address, port, ranks.size, False, LONGEST_START, wait_for_workers=False)
    backend = "cpu:gloo,cuda:nccl" if device == "cuda" else "gloo"
    with activity.collective("meeting of all ranks"):
        dist.init_process_group(backend, store=store, rank=ranks.rank, world_size=ranks.size, timeout=LONGEST_WAIT)
    for kind in dict.fromkeys(("cpu", device)):
        there = torch.ones(1, device=ranks.device(kind))
        with activity.collective("all_reduce that counts the ranks"):
            dist.all_reduce(there)
            count = int(there)
        if count != ranks.size or dist.get_world_size() != ranks.size:
            raise RanksError(f"{ranks.size} processes were started, and {count} take part on {kind}")
    print(f"rank {ranks.rank} of {ranks.size} is on {socket.gethostname()}, {backend}", file=sys.stderr)
