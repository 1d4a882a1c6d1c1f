"""Entry point: the trainer starts `python src/torch/worker`."""

from finetune_worker.channel import open_channel

# Before any library is imported: from here on only answers reach the trainer, whatever libraries print.
channel = open_channel()

from finetune_worker.serve import serve  # noqa: E402

serve(channel)
