"""How a model lies over the ranks: whole on each (DDP), or in shards that are gathered layer by layer (FSDP2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
import torch.distributed as dist

from .activity import activity
from .ranks import Ranks

#: Gradients that travel together, in bytes: large enough for the network, small beside the model.
BUCKET_BYTES = 25 << 20


def sum_gradients(parameters: Iterable[torch.nn.Parameter], ranks: Ranks) -> None:
    """Each gradient becomes the sum over all ranks, bit-equal on all of them. A rank that has none counts as zeros."""
    if not ranks.are_several:
        return
    gradients = []
    for parameter in parameters:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
        gradients.append(parameter.grad)
    buckets = list(into_buckets(gradients))
    for number, bucket in enumerate(buckets, 1):
        flat = torch.cat([gradient.reshape(-1) for gradient in bucket])
        with activity.collective(f"all_reduce of gradients, bucket {number} of {len(buckets)}"):
            dist.all_reduce(flat)
            if flat.is_cuda:
                torch.cuda.synchronize()
        start = 0
        for gradient in bucket:
            gradient.copy_(flat[start : start + gradient.numel()].view_as(gradient))
            start += gradient.numel()


def into_buckets(tensors: list[torch.Tensor]) -> Iterator[list[torch.Tensor]]:
    """Tensors of one type each, in their order, as many as fit together."""
    bucket: list[torch.Tensor] = []
    size = 0
    for tensor in tensors:
        if bucket and (size + tensor.nbytes > BUCKET_BYTES or tensor.dtype != bucket[0].dtype):
            yield bucket
            bucket, size = [], 0
        bucket.append(tensor)
        size += tensor.nbytes
    if bucket:
        yield bucket
