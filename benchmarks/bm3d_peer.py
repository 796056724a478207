"""BM3D after variance stabilisation, in an environment of its own: it is free for non-commercial use alone.

``PYTHON bm3d_peer.py FOLDER``: FOLDER has low.npz, one plane (h, w) per name, and noise.json with ``gain``,
``offset`` and ``read_noise`` of each in gray levels. Writes restored.npz. This file imports nothing of ours.

References
----------
Dabov et al., IEEE TIP 16, 2080 (2007): BM3D. Makitalo and Foi, IEEE TIP 22, 91 (2013): the stabilisation and
its exact unbiased inverse, here in its closed form.
"""

import json
import sys
from pathlib import Path

import bm3d
import numpy as np

SMALLEST_GAIN = 1e-6  # gray levels per photon; below it the noise does not follow the brightness


def restored(low: np.ndarray, gain: float, offset: float, read_noise: float) -> np.ndarray:
    """Return the denoised plane."""
    if gain < SMALLEST_GAIN:
        return bm3d.bm3d(low, read_noise)
    sigma2 = (read_noise / gain) ** 2
    photons = (low - offset) / gain
    stable = 2 * np.sqrt(np.maximum(photons + 0.375 + sigma2, 0))  # noise of standard deviation 1
    clean = np.maximum(bm3d.bm3d(stable, 1.0), 2 * np.sqrt(0.375))
    root = np.sqrt(1.5)
    photons = clean**2 / 4 + root / 4 / clean - 11 / 8 / clean**2 + 5 / 8 * root / clean**3 - 1 / 8 - sigma2
    return photons * gain + offset


def main(folder: Path) -> None:
    """Denoise every plane of the folder."""
    noise = json.loads((folder / "noise.json").read_text())
    with np.load(folder / "low.npz") as low:
        planes = {name: restored(low[name].astype(np.float64), **noise[name]) for name in low.files}
    np.savez(folder / "restored.npz", **planes)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
