"""Three simple filters and the noise level they are steered by: the yardstick of every network.

All take one plane, ``(h, w)``, on any linear intensity scale and give a plane of the same shape and
scale. Every filter has a finite reach (`reach`), so that tiles can be restored one by one.

References
----------
Buades et al., CVPR 2005 (non-local means). Rudin et al., Physica D 1992; Beck and Teboulle, IEEE TIP 2009
(total variation and the fast dual method). Immerkaer, CVIU 1996; Donoho and Johnstone, Biometrika 1994
(noise level). Maekitalo and Foi, IEEE TIP 2011 (inverse of the Anscombe transform).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Plane = NDArray[np.float32]  # (h, w)
Method = Literal["gaussian", "nlm", "tv"]

METHODS: tuple[Method, ...] = ("gaussian", "nlm", "tv")
GRIDS: dict[Method, tuple[float, ...]] = {
    "gaussian": (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.25, 2.5),
    "nlm": (0.6, 0.8, 1.0, 1.2),
    "tv": (0.02, 0.03, 0.045, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5),
}

NLM_PATCH = 5
NLM_SEARCH = 6
TV_STEPS = 48


@dataclass(frozen=True, slots=True)
class NoiseModel:
    """Noise of a camera: variance ``gain * (value - offset) + read_sd ** 2`` at the mean `value`."""

    gain: float
    read_sd: float = 0.0
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter with its strength fixed, so that every tile of an image is treated alike.

    Attributes
    ----------
    method : {"gaussian", "nlm", "tv"}
    parameter : float
        gaussian: sigma in pixels. nlm: h in units of `noise_sd`. tv: weight in units of `span`.
    noise_sd : float
        Standard deviation of the noise, on the scale of the image.
    span : float
        Robust range of the image, on the same scale.
    """

    method: Method
    parameter: float
    noise_sd: float
    span: float

    def __call__(self, image: Plane) -> Plane:
        """Return the filtered plane, ``(h, w)`` float32."""
        if self.method == "gaussian":
            return gaussian(image, self.parameter)
        if self.method == "nlm":
            return nlm(image, self.noise_sd, self.parameter)
        return tv(image, self.parameter * self.span)

    @property
    def reach(self) -> int:
        """Pixels farther away than this have no influence."""
        if self.method == "gaussian":
            return gaussian_reach(self.parameter)
        return NLM_SEARCH + NLM_PATCH // 2 + 1 if self.method == "nlm" else TV_STEPS + 1


def measured_filter(image: Plane, method: Method, parameter: float) -> Filter:
    """Return `method` at `parameter` with the noise level and range measured in `image`, ``(h, w)``."""
    return Filter(method, parameter, noise_sd=wavelet_sd(image), span=robust_span(image))


def smooth(image: Plane, method: Method, parameter: float) -> Plane:
    """Filter one plane by `method`; `parameter` as in `Filter`, one of ``GRIDS[method]`` as a rule."""
    return measured_filter(image, method, parameter)(image)


def gaussian_reach(sigma: float) -> int:
    """Radius in pixels at which the Gaussian window of `gaussian` is cut."""
    return int(4 * sigma + 0.5)


def gaussian(image: Plane, sigma: float) -> Plane:
    """Convolve a plane with a Gaussian of `sigma` pixels, cut at four sigma; edges are reflected."""
    from scipy import ndimage

    filtered = ndimage.gaussian_filter(np.asarray(image, np.float32), sigma, truncate=4.0, mode="reflect")
    return np.asarray(filtered, np.float32)


def nlm(image: Plane, sigma_noise: float, factor: float, *, noise: NoiseModel | None = None) -> Plane:
    """Average every pixel with those whose surroundings look alike (non-local means).

    Patches of 5 x 5 pixels are compared within 6 pixels along each axis; ``h = factor * sigma_noise``.

    Parameters
    ----------
    image : (h, w) float32
    sigma_noise : float
        Standard deviation of the noise on the scale of the image; ignored where `noise` is given.
    factor : float
        Strength; 0.6 to 1.2 are useful.
    noise : NoiseModel, optional
        Where given, the plane is filtered after the generalised Anscombe transform, in which the noise
        has unit variance, and brought back without bias.
    """
    if noise is not None:
        return unstabilised(nlm(stabilised(image, noise), 1.0, factor), noise)
    from skimage.restoration import denoise_nl_means

    if sigma_noise <= 0 or factor <= 0:
        return np.asarray(image, np.float32).copy()
    # In double precision: the running sums of the fast mode would tell one tile from another otherwise.
    filtered = denoise_nl_means(
        np.asarray(image, np.float64),
        patch_size=NLM_PATCH,
        patch_distance=NLM_SEARCH,
        h=factor * sigma_noise,
        sigma=sigma_noise,
        fast_mode=True,
    )
    return np.asarray(filtered, np.float32)


def tv(image: Plane, weight: float, *, steps: int = TV_STEPS) -> Plane:
    """Return the plane u that minimises ``|u - image|^2 / 2 + weight * TV(u)``.

    The isotropic total variation, by `steps` steps of the fast dual method: a fixed number, so that the
    reach is finite and the same in every tile. `weight` has the unit of the intensities.
    """
    noisy = np.asarray(image, np.float32)
    if weight <= 0:
        return noisy.copy()
    dual = np.zeros((2, *noisy.shape), np.float32)
    ahead = dual
    momentum = 1.0
    for _ in range(steps):
        step = _gradient(noisy + _divergence(ahead))
        step *= 1 / 8  # one over the squared norm of the gradient
        step += ahead
        step /= np.maximum(1, np.sqrt(step[0] ** 2 + step[1] ** 2) / np.float32(weight))
        grown = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = step + np.float32((momentum - 1) / grown) * (step - dual)
        dual, momentum = step, grown
    return noisy + _divergence(dual)


def _gradient(plane: Plane) -> NDArray[np.float32]:
    """Forward differences along y and x, zero at the far edges; (2, h, w)."""
    slopes = np.zeros((2, *plane.shape), np.float32)
    np.subtract(plane[1:], plane[:-1], out=slopes[0, :-1])
    np.subtract(plane[:, 1:], plane[:, :-1], out=slopes[1, :, :-1])
    return slopes


def _divergence(field: NDArray[np.float32]) -> Plane:
    """The negative adjoint of `_gradient`; (h, w)."""
    spread: Plane = field[0] + field[1]
    spread[1:] -= field[0, :-1]
    spread[:, 1:] -= field[1, :, :-1]
    return spread


def immerkaer_sd(image: Plane) -> float:
    """Noise standard deviation from a filter that is blind to planes and smooth curvature.

    Fast and good for smooth pictures; fine texture counts as noise. At least 3 x 3 pixels.
    """
    plane = np.asarray(image, np.float64)
    if min(plane.shape) < 3:
        return 0.0
    along_y = plane[:-2] - 2 * plane[1:-1] + plane[2:]
    both = along_y[:, :-2] - 2 * along_y[:, 1:-1] + along_y[:, 2:]
    return float(np.sqrt(np.pi / 2) * np.mean(np.abs(both)) / 6)


def wavelet_sd(image: Plane) -> float:
    """Noise standard deviation from the finest diagonal Haar coefficients, robust against structure.

    The median of their absolute values over 0.6745; exact zeros (clipped or padded places) are left out.
    """
    plane = np.asarray(image, np.float64)
    height, width = (extent - extent % 2 for extent in plane.shape)
    if not height or not width:
        return 0.0
    even = plane[:height:2, :width:2] - plane[:height:2, 1:width:2]
    odd = plane[1:height:2, :width:2] - plane[1:height:2, 1:width:2]
    diagonal = np.abs(even - odd) / 2
    diagonal = diagonal[diagonal > 0]
    return float(np.median(diagonal) / 0.6745) if diagonal.size else 0.0


def robust_span(image: ArrayLike) -> float:
    """Distance between the 0.1 and the 99.9 percentile; 1 where that is zero."""
    low, high = np.percentile(np.asarray(image), (0.1, 99.9))
    return float(high - low) or 1.0


def stabilised(image: Plane, noise: NoiseModel) -> Plane:
    """Generalised Anscombe transform: the noise has about unit variance above four photons."""
    inside = noise.gain * (np.asarray(image, np.float64) - noise.offset)
    inside += 3 / 8 * noise.gain**2 + noise.read_sd**2
    return np.asarray(2 / noise.gain * np.sqrt(np.maximum(inside, 0)), np.float32)


def unstabilised(plane: Plane, noise: NoiseModel) -> Plane:
    """Inverse of `stabilised` that keeps the mean: closed form of the exact unbiased inverse."""
    root = np.maximum(np.asarray(plane, np.float64), 2 * np.sqrt(3 / 8))
    bend = np.sqrt(3 / 2)
    photons = root**2 / 4 + bend / 4 / root - 11 / 8 / root**2 + 5 / 8 * bend / root**3 - 1 / 8
    value = noise.gain * (photons - (noise.read_sd / noise.gain) ** 2) + noise.offset
    return np.asarray(value, np.float32)
