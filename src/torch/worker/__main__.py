"""Entry point: the trainer starts `python src/torch/worker`."""

import gc

from finetune_worker.channel import open_channel

# Before any library is imported: from here on only answers reach the trainer, whatever libraries print.
channel = open_channel()

# Libraries make a million objects and hardly any garbage: looking for some would take a sixth of their time.
gc.disable()

from finetune_worker.imports import leave_out_triton, scan_models_once  # noqa: E402

leave_out_triton()
scan_models_once()

from finetune_worker.serve import serve  # noqa: E402

gc.freeze()
gc.enable()

serve(channel)
