"""Poisson counts, fast on any device: exact for few photons, a tested approximation for many.

*Few*, below `FEW` photons. A Poisson count of mean m is the sum of two independent ones of means m' and
m - m'. The first mean is m rounded down to the next of `PER_PHOTON` steps a photon, and its count is looked
up in a table made by the alias method (Walker 1977), one uniform number and one look-up per pixel. The mean
that is left is so small that its count is found by comparing with four probabilities. Both are exact to the
24 bits of a uniform number.

*Many*. The quantile function of Cornish and Fisher (1938) for the law that has the cumulants of the Poisson
law once it is rounded, hence the variance m - 1/12. With s = sqrt(m - 1/12) and z standard normal

    count = round(m + s z + (z^2 - 1) / 6 + (z - z^3) / (72 s))

From 30 photons on its probabilities differ from those of the Poisson law by less than 1 in 10 000 altogether.
"""

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

FEW = 30  # photons
PER_PHOTON = 16
COLUMNS = 128  # counts that are possible below `FEW` photons; more have a probability below 1e-30
THRESHOLDS = 1 << 17  # 24 bits of a uniform number, 7 of which choose the column
REST_COUNTS = 4  # five photons of a mean below 1 / 16 have a probability below 1e-8


def poisson(mean: Tensor, generator: Generator) -> Tensor:
    """Draw a count of photons for every pixel.

    Parameters
    ----------
    mean : float32, any shape
        Not negative and not NaN.
    generator : torch.Generator
        On the device of `mean`; the same state gives the same counts.

    Returns
    -------
    float32, shape of `mean`
        Whole numbers.

    Raises
    ------
    ValueError
        If a mean is negative or NaN.
    """
    if not mean.numel():
        return mean.clone()
    lowest, highest = torch.aminmax(mean)
    if not bool(lowest >= 0):
        raise ValueError("means of counts are numbers from 0")
    if bool(lowest >= FEW):
        return many(mean, generator)
    if bool(highest < FEW):
        return few(mean, generator)
    counts = many(mean.clamp_min(FEW), generator)
    dark = (mean < FEW).flatten().nonzero().flatten()
    counts.view(-1)[dark] = few(mean.flatten()[dark], generator)
    return counts


def few(mean: Tensor, generator: Generator) -> Tensor:
    """Draw counts for means of at least 0 and below `FEW`."""
    rows = (mean * PER_PHOTON).int()
    rest = mean - rows / PER_PHOTON
    dice = torch.rand(mean.shape, generator=generator, device=mean.device).mul_(COLUMNS)
    columns = dice.int()
    dice -= columns
    found = _table(mean.device).index_select(0, rows.mul_(COLUMNS).add_(columns).flatten())
    found = found.view(mean.shape)
    other = found.floor()
    counts = torch.where(dice < found.sub_(other), columns, other)
    dice = torch.rand(mean.shape, generator=generator, device=mean.device)
    places = (dice < rest).flatten().nonzero().flatten()  # 1 - exp(-rest) < rest: the others stay as they are
    counts.view(-1)[places] += _rest_counts(rest.flatten()[places], dice.flatten()[places])
    return counts


def _rest_counts(mean: Tensor, dice: Tensor) -> Tensor:
    """Return how often the chance of so many photons or more, of a mean below 1 / `PER_PHOTON`, is met."""
    share = torch.exp(-mean)
    chance = 1 - share
    counts = torch.zeros_like(mean)
    for number in range(1, REST_COUNTS + 1):
        counts += dice < chance
        share *= mean / number
        chance -= share
    return counts


def many(mean: Tensor, generator: Generator) -> Tensor:
    """Draw counts for means of at least `FEW`."""
    z = torch.randn(mean.shape, generator=generator, device=mean.device)
    s = (mean - 1 / 12).sqrt_()
    bend = (z * z).sub_(1)
    counts = torch.add(mean, bend, alpha=1 / 6).addcmul_(z, s)
    return counts.addcdiv_(z.mul_(bend), s, value=-1 / 72).round_()


@lru_cache(maxsize=4)
def _table(device: torch.device) -> Tensor:
    """Return the rows of alias tables, one after the other, each cell ``other count + threshold``."""
    means = np.arange(FEW * PER_PHOTON) / PER_PHOTON
    return torch.from_numpy(np.concatenate([alias_row(mean) for mean in means])).to(device)


def alias_row(mean: float) -> NDArray[np.float32]:
    """Return the alias table of one mean, shape (COLUMNS,).

    The whole part of a cell is the count to take if the part of a uniform number that is left after choosing
    the cell is not below the cell's fraction; else the count is the number of the cell.
    """
    shares = np.zeros(COLUMNS)
    shares[0] = np.exp(-mean)
    for count in range(1, COLUMNS):
        shares[count] = shares[count - 1] * mean / count
    shares *= COLUMNS / shares.sum()
    other = np.arange(COLUMNS)
    threshold = np.zeros(COLUMNS)
    poor = [count for count in range(COLUMNS) if shares[count] < 1]
    rich = [count for count in range(COLUMNS) if shares[count] >= 1]
    while poor and rich:
        low, high = poor.pop(), rich[-1]
        other[low], threshold[low] = high, shares[low]
        shares[high] -= 1 - shares[low]
        if shares[high] < 1:
            poor.append(rich.pop())
    whole = np.round(threshold * THRESHOLDS)
    full = whole == THRESHOLDS
    return np.where(full, np.arange(COLUMNS), other + np.where(full, 0, whole) / THRESHOLDS).astype(
        np.float32
    )
