"""A preview runner: waits at its gate if the model is named after a file, then writes an array."""

import os
import threading
from pathlib import Path

import numpy as np

from app.engine.events import Finished


def run(spec, context):
    made = []
    kept = context.keep("model", lambda: made.append(1) or os.getpid())
    context.metric("kept by", len(made), kept)
    while spec.model.startswith("/") and not Path(spec.model).exists():
        context.check()
        threading.Event().wait(0.01)
    path = context.folder / "preview.npy"
    np.save(path, np.zeros((1, 2, 2), np.float32))
    context.preview(path)
    return Finished(context.job)
