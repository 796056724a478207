"""Train CAREamics' Noise2Void on a noisy stack for so many minutes; run by the Python of its environment.

``python peer.py FOLDER MINUTES THREADS``: reads ``noisy.npy`` (n, h, w) float32, writes ``restored.npy`` and
prints a line of JSON. Everything is left as the package's own function sets it, but for the time.
"""

import json
import sys
import time
from pathlib import Path


def main(folder: Path, minutes: float, threads: int) -> None:
    import numpy as np
    import torch
    from careamics import CAREamist
    from careamics.config import create_advanced_n2v_config

    torch.set_num_threads(threads)
    noisy = np.load(folder / "noisy.npy")
    config = create_advanced_n2v_config(
        experiment_name="peer", data_type="array", axes="SYX", patch_size=(64, 64), batch_size=16,
        num_epochs=10_000, num_workers=0, seed=1,
        trainer_params={"accelerator": "cpu", "max_time": {"seconds": round(60 * minutes)}},
    )  # fmt: skip
    began = time.monotonic()
    careamist = CAREamist(config, work_dir=folder / "work", enable_progress_bar=False)
    careamist.train(train_data=noisy)
    trained = time.monotonic() - began
    made, _ = careamist.predict(pred_data=noisy, tile_size=(128, 128), tile_overlap=(48, 48))
    images = np.asarray(made, dtype=np.float32).reshape(noisy.shape)
    np.save(folder / "restored.npy", images)
    steps = int(careamist.trainer.global_step)
    sys.stdout.write(json.dumps({"steps": steps, "seconds": trained, "cpu_s": time.process_time()}) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
