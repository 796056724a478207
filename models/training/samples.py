"""Which images show the same sample, and what is set aside so that a verdict is worth something.

Images of one sample look alike, so a model must be tested on samples that it has not learned from; where
there are too few samples for that, the split says so. Free of torch: the window and the command line use it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Generic, TypeVar

import numpy as np

P = TypeVar("P", bound=PurePath | str)

SHARE = 0.2  # of the images, to choose the best state by, and again to test on
FEWEST_SAMPLES = 3  # from here on those to learn from, to choose by and to test on are different samples

_SUFFIXES = re.compile(r"(\.ome)?\.[a-z0-9]{1,5}$", re.IGNORECASE)
_PLACE = re.compile(  # the last word of a name, where it says which field, position, time, depth or channel
    r"(?:^|[\s_.,()#-]+)"
    r"(?:fields?|fov|f|pos(?:ition)?|p|xy|scene|site|series|tile|m|time(?:point)?|tp|t|depth|slice|plane|z"
    r"|frame|stack|image|img|im|ch(?:annel)?|c|w|nr|no)?[\s_.#-]*\d+[\s)]*$",
    re.IGNORECASE,
)
_SAMPLE = re.compile(  # a last word that says which sample; its number stays
    r"(?:sample|specimen|animal|mouse|rat|fish|fly|worm|embryo|larva|patient|donor|subject|case|slide|section"
    r"|biopsy|tissue|culture|dish|well|plate|replicate|rep|experiment|exp|day|date|batch|run)[\s_.#-]*\d+$",
    re.IGNORECASE,
)
_DATE = re.compile(r"(?<!\d)(?:19|20)\d\d[-_.]?[01]\d[-_.]?[0-3]\d$")
_COUNTER = re.compile(r"(?<=[^\W\d_]{2})\d+$")  # a number right behind a word of two letters or more


@dataclass(frozen=True, slots=True)
class Split(Generic[P]):
    """Images by what they are used for.

    Attributes
    ----------
    learn : tuple of path
    tune : tuple of path
        To choose the best state by. The same as `test` where only one image can be set aside.
    test : tuple of path
        For the verdict.
    is_same_sample : bool
        Whether a sample of `tune` or `test` is learned from too.
    """

    learn: tuple[P, ...]
    tune: tuple[P, ...]
    test: tuple[P, ...]
    is_same_sample: bool = False


def sample_of(path: P, paths: Sequence[P]) -> str:
    """Return the name of the sample that `path` shows, seen among all `paths`.

    Where the images lie in several folders the folder is the sample; else their names up to trailing
    numbers of field, position, time, depth or channel. A number that counts samples or is a date stays.
    """
    return _seen_among(path, {PurePath(one).parent for one in paths})


def _seen_among(path: PurePath | str, folders: set[PurePath]) -> str:
    own = PurePath(path).parent
    if len(folders) > 1:
        return _below(own, folders)
    name = _SUFFIXES.sub("", PurePath(path).name)
    return _without_places(name) or own.name or name


def samples_of(paths: Sequence[P]) -> dict[P, str]:
    """Return the sample of every one of `paths`."""
    folders = {PurePath(one).parent for one in paths}
    return {path: _seen_among(path, folders) for path in paths}


def named_samples(paths: Sequence[P]) -> dict[P, str]:
    """Return the samples where somebody divided the images by patterns: a folder may then hold several."""
    parents = {path: PurePath(path).parent for path in paths}
    return {path: f"{parent}/{_seen_among(path, {parent})}" for path, parent in parents.items()}


def _below(folder: PurePath, folders: set[PurePath]) -> str:
    """Return `folder` as seen from the deepest folder that holds all of `folders`."""
    shared = [
        part for part, *others in zip(*(one.parts for one in folders), strict=False) if {part} >= set(others)
    ]
    rest = folder.parts[len(shared) :]
    return "/".join(rest) or folder.name


def _without_places(name: str) -> str:
    while True:
        if _DATE.search(name) or _SAMPLE.search(name):
            return name
        shorter = _PLACE.sub("", name)
        if shorter == name:
            return _COUNTER.sub("", name)
        name = shorter


def split(paths: Sequence[P], samples: Mapping[P, str], seed: int = 0) -> Split[P]:
    """Set about a fifth of the images aside to choose by and another to test on, whole samples if possible.

    With three samples or more, those to learn from, to choose by and to test on are different ones. With two,
    the larger is learned from and the other is divided. With one, it is divided by images, those that are
    set aside next to each other in the order of their names.

    Parameters
    ----------
    paths : sequence of path
    samples : mapping of path to str
        As `samples_of` or a person says.
    seed : int
        Which samples are set aside.

    Returns
    -------
    Split
        From two images on something is always set aside.
    """
    groups: dict[str, list[P]] = {}
    for path in sorted(set(paths), key=_order):
        groups.setdefault(samples[path], []).append(path)
    rng = np.random.default_rng(seed)
    if len(groups) >= FEWEST_SAMPLES:
        return _by_sample(groups, rng)
    if len(groups) == 2:
        smaller, larger = sorted(groups.values(), key=len)
        tune, test = _halves(smaller, rng)
        return Split(tuple(larger), tune, test)
    files = [path for group in groups.values() for path in group]
    if len(files) < 2:
        return Split(tuple(files), (), ())
    aside = min(len(files) - 1, max(2, 2 * round(SHARE * len(files))))
    kept, apart = files[:-aside], files[-aside:]
    if rng.random() < 0.5:
        kept, apart = files[aside:], files[:aside][::-1]
    tune, test = _parts(apart)
    return Split(tuple(kept), tune, test, is_same_sample=True)


def _by_sample(groups: Mapping[str, list[P]], rng: np.random.Generator) -> Split[P]:
    names = sorted(groups, key=lambda name: (-len(groups[name]), _order(name)))
    rest = [names[1 + int(i)] for i in rng.permutation(len(names) - 1)]  # the largest is learned from
    wanted = SHARE * sum(map(len, groups.values()))
    sides: list[tuple[P, ...]] = []
    for later in (1, 0):  # sides that still need a sample after this one
        taken: list[P] = []
        while len(rest) > later and (not taken or len(taken) + len(groups[rest[-1]]) <= wanted):
            taken += groups[rest.pop()]
        sides.append(tuple(sorted(taken, key=_order)))
    test, tune = sides
    learn = [path for name in (names[0], *rest) for path in groups[name]]
    return Split(tuple(sorted(learn, key=_order)), tune, test)


def _halves(files: list[P], rng: np.random.Generator) -> tuple[tuple[P, ...], tuple[P, ...]]:
    return _parts(files if rng.random() < 0.5 else files[::-1])


def _parts(files: list[P]) -> tuple[tuple[P, ...], tuple[P, ...]]:
    """Divide `files` in two, both of them all where there is only one."""
    if len(files) == 1:
        return tuple(files), tuple(files)
    half = len(files) // 2
    return tuple(sorted(files[:half], key=_order)), tuple(sorted(files[half:], key=_order))


def _order(path: PurePath | str) -> tuple[tuple[tuple[int, int, str], ...], str]:
    """Return a key under which ``plane2`` comes before ``plane10``."""
    parts = re.split(r"(\d+)", str(path).casefold())
    key = tuple((1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts)
    return key, str(path)
