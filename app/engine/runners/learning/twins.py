"""Real pairs of a training: the bad image of every good one, as named or by the same name in a folder."""

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import ClassVar

import numpy as np

from app.engine.runners.learning.exams import SIDE, SMALLEST, few
from app.engine.runners.learning.images import MOST_PIXELS, Chosen, middle_of, planes_of
from app.engine.runners.learning.order import Exam, Order
from app.engine.specs import Input, TrainSpec
from app.images.errors import ImageError, NoPartner
from app.images.folders import list_images, stem
from app.images.open import open_image
from models.errors import UserError
from models.training.patches import Plane
from models.training.real_pairs import RealSpecimen, Twin, prepared
from models.training.registration import check_sides
from models.watch import Silent, Watch

SMALLEST_SIDE = 512  # pixels of the good image that are read of a large one, however many there are


class OtherPlanes(ImageError):
    """The images of a pair have other numbers of planes."""

    code: ClassVar[str] = "train.other_planes"


class Twins:
    """Reads good images with their bad ones, laid on each other.

    Attributes
    ----------
    names : set of str
        Of the images that can be used.
    """

    def __init__(self, order: Order, watch: Watch) -> None:
        self.names: set[str] = set()
        self._order = order
        self._watch = watch
        self._partners = _partners(order.spec)
        self._sizes: list[float] = []
        self._images = 1  # that are kept together

    @property
    def pixel_sizes_um(self) -> tuple[float, ...]:
        """The pixel sizes that the good files state."""
        return tuple(self._sizes)

    def read(self, images: Sequence[Chosen]) -> list[RealSpecimen]:
        """Return the planes of those of `images` that have a partner and lie on it."""
        found: list[RealSpecimen] = []
        self._images = max(self._images, len(images))
        for one in images:
            self._watch.check()
            try:
                twins = self._twins(one)
            except ImageError as error:
                self._order.context.remark("train.left_out", f"{error.sentence} It was left out.")
                continue
            except UserError as error:
                self._order.context.remark("train.pairs", f"{one.name} was left out: {error.sentence}")
                continue
            specimens, said = prepared(twins, self._order.traits.scale)
            for sentence in dict.fromkeys(said):
                self._order.context.remark("train.pairs", sentence)
            if specimens:
                self.names.add(one.name)
            found += specimens
        return found

    def _twins(self, one: Chosen) -> list[Twin]:
        path = Path(one.input.path)
        partner = self._partners(one.input)
        limit = self._order.recipe.data.planes_per_channel
        with (
            closing(open_image(path, one.input.scene, one.input.reading)) as good,
            closing(open_image(Path(partner.path), partner.scene, partner.reading)) as bad,
        ):
            if good.info.shape[:3] != bad.info.shape[:3]:
                raise OtherPlanes(f"{path.name} has other planes than its bad image.")
            scale = self._order.traits.scale
            sides = bad.info.shape[3:], good.info.shape[3:]
            check_sides(*sides, scale)
            box = [middle_of(side, self._most(good.info.shape) // scale) for side in sides[0]]
            if [start for start, _ in box] != [0, 0]:
                self._order.context.remark(
                    "train.cut", f"{path.name} is large: only its middle is learned from."
                )
            finer = [(start * scale, stop * scale) for start, stop in box]
            size = good.info.pixel_size_um.x
            self._sizes += [size] if size else []
            pairs = zip(
                planes_of(bad, limit, (box[0], box[1])),
                planes_of(good, limit, (finer[0], finer[1])),
                strict=True,
            )
            return [
                Twin(one.name, np.asarray(poor, np.float32), np.asarray(fine, np.float32))
                for poor, fine in pairs
            ]

    def _most(self, shape: tuple[int, ...]) -> int:
        """Return the side that is read of a good image, so that all like it fit into memory."""
        t, c, z, *_ = shape
        planes = c * min(t * z, self._order.recipe.data.planes_per_channel)
        return max(SMALLEST_SIDE, int((MOST_PIXELS / (self._images * planes)) ** 0.5))


def _partners(spec: TrainSpec) -> Callable[[Input], Input]:
    """Return what finds the bad image of a good one."""
    if spec.paired:
        inputs = (*spec.learn, *spec.tune, *spec.test)
        named = {(one.path, one.scene): bad for one, bad in zip(inputs, spec.paired, strict=True)}
        return lambda one: named[one.path, one.scene]
    folder = Path(spec.paired_dir)
    files = {stem(path): path for path in list_images(folder, recursive=True)}

    def by_name(one: Input) -> Input:
        path = Path(one.path)
        if stem(path) not in files:
            raise NoPartner(f"{path.name} has no image of the same name in {folder.name}.")
        return Input(str(files[stem(path)]))

    return by_name


def real_exams(order: Order, images: Sequence[Chosen], most: int) -> list[Exam]:
    """Return unseen real pairs, of up to `most` images."""
    twins = Twins(order, Silent())
    exams = []
    for one in few(images, most):
        sides = [
            (bad[None], good)
            for specimen in few(twins.read([one]))
            for bad, good in [_cut(specimen, order.traits.scale)]
            if min(bad.shape) >= SMALLEST
        ]
        if sides:
            exams.append(Exam(one.name, one.sample, is_real=True, sides=sides))
    return exams


def _cut(specimen: RealSpecimen, scale: int) -> tuple[Plane, Plane]:
    """Return the middle of both sides."""
    tall, wide = (min(side, SIDE // scale) for side in specimen.bad.shape)
    top, left = (specimen.bad.shape[0] - tall) // 2, (specimen.bad.shape[1] - wide) // 2
    good = specimen.good[top * scale : (top + tall) * scale, left * scale : (left + wide) * scale]
    return specimen.bad[top : top + tall, left : left + wide], good
