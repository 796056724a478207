"""Packs a model so that other programs can run it: a zip file as the BioImage Model Zoo describes it.

The network is traced on an image and run again from what was traced: only a package that gives the very
same result is written.
"""

import io
import warnings
from contextlib import closing
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from app.engine.context import JobContext
from app.engine.events import Finished
from app.engine.runners.loading import UnknownFamily
from app.engine.specs import PackSpec
from app.images.open import open_image
from app.images.picture import png
from app.images.samples import samples_folder
from app.images.writers.growing import write_whole
from app.library.bioimage import Traced, package, smallest_side
from app.library.card import ModelCard
from app.library.store import Library, model_in
from models.errors import UserError
from models.pssr.family import Pssr, PssrRestorer
from models.restoration.family import Traits
from models.restoration.intensity import limits_of
from models.training.verdict import VerdictUnreadable, read_verdict, sentence

Plane = NDArray[np.float32]
Stack = NDArray[np.float32]  # (frames, h, w)

SIDE = 192  # of the example, where the network does not need more
COVER_SIDE = 256  # pixels of each half of the cover
EXAMPLES = {"electron": "em_mitochondria_er.ome.tif"}
EXAMPLE = "actin_noisy.ome.tif"
BAD, VERDICT = "history/bad.npy", "verdict.json"
LARGEST_EXAMPLE = 64 << 20
NOBODY = "not named"


class CannotPack(UserError):
    """A model has nothing that could run elsewhere, or does not run the same."""

    code = "pack.network"


def run(spec: PackSpec, context: JobContext) -> Finished:
    """Pack as `spec` says; the zip file is the only output.

    Raises
    ------
    LibraryError, UnknownFamily, CannotPack, DiskFull, CannotWrite
        And what the family raises on weights that do not fit.
    """
    context.started("")
    context.stage("Packing the model")
    card, weights, folder = _model(spec, context)
    restorer = _restorer(card, weights)
    example = _example(card, folder, restorer.traits)
    context.check()
    traced = traced_network(restorer.network, restorer.traits, example)
    context.check()
    picture = cover(example[len(example) // 2], traced.answer[0, 0])
    data = package(card, traced, picture, spec.authors or (NOBODY,), _tested(folder))
    output = Path(spec.output)
    if not output.name.lower().endswith(".zip"):
        output = output.with_name(f"{output.name}.zip")
    return Finished(context.job, (str(write_whole(output, data)),))


def traced_network(network: nn.Module, traits: Traits, example: Stack) -> Traced:
    """Return `network` as other programs run it, tried on `example`, ``(frames, h, w)``.

    Raises
    ------
    CannotPack
        If what was traced does not give the same result, also on another size.
    """
    seen = torch.from_numpy(limits_of(example).normalised(example))[None]  # (1, frames, h, w)
    network = network.float().cpu().eval()
    network = network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    with torch.inference_mode(mode=False), torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch says that tracing is old; the zoo asks for it
        script = torch.jit.trace(network, seen, check_trace=False)  # type: ignore[no-untyped-call]
        file = io.BytesIO()
        torch.jit.save(script, file)
        again = torch.jit.load(io.BytesIO(file.getvalue()))  # type: ignore[no-untyped-call]
        answer: Tensor = again(seen)
        smaller = torch.roll(seen, 3, -1)[..., traits.multiple :, :].repeat(2, 1, 1, 1)
        for one in (seen, smaller):
            if not torch.allclose(again(one), network(one), rtol=1e-4, atol=1e-5):
                raise CannotPack(
                    "This network cannot be packed: outside the program it would not give the same result.",
                    hint="Share the model's folder instead, for use with this program.",
                )
    return Traced(
        weights=file.getvalue(),
        torch_version=torch.__version__.split("+")[0],
        scale=traits.scale,
        halo=traits.halo,
        multiple=traits.multiple,
        frames=len(example),
        example=example[None],
        answer=answer.numpy(),
    )


def cover(before: Plane, after: Plane) -> bytes:
    """Return the bad image beside the restored one as a PNG, twice as wide as high."""
    halves = []
    for plane in (before, after):
        low, high = np.percentile(plane, (0.5, 99.5))
        grey = np.clip((plane - low) / max(float(high - low), 1e-9), 0, 1)
        rows, columns = (
            (np.arange(COVER_SIDE) * min(plane.shape) // COVER_SIDE) + (extent - min(plane.shape)) // 2
            for extent in plane.shape
        )
        halves.append((grey[np.ix_(rows, columns)] * 255).astype(np.uint8))
    return png(np.repeat(np.hstack(halves)[..., None], 3, axis=2))


def _model(spec: PackSpec, context: JobContext) -> tuple[ModelCard, bytes, Path | None]:
    if spec.folder:
        return *model_in(Path(spec.folder)), Path(spec.folder)
    library = Library(context.paths)
    return library.card(spec.model), library.weights(spec.model), library.folder(spec.model)


def _restorer(card: ModelCard, weights: bytes) -> PssrRestorer:
    if card.weights is None:
        raise CannotPack(
            f"{card.name} has no network that could be packed.", hint="Pack a model that was trained."
        )
    if card.family != "pssr":
        raise UnknownFamily(
            f"{card.name} is of the family {card.family}, which cannot be packed.",
            hint="Share the model's folder instead, for use with this program.",
            model=card.id,
        )
    restorer = Pssr().load(card.network.encode(), weights, Pssr.params(), "cpu", "float32")
    assert isinstance(restorer, PssrRestorer)
    return restorer


def _example(card: ModelCard, folder: Path | None, traits: Traits) -> Stack:
    """Return a bad image as the network needs it: that of the training, else a shipped sample."""
    least = smallest_side(traits.halo, traits.multiple) + 2 * traits.multiple
    side = max(-(-SIDE // traits.multiple) * traits.multiple, least)
    planes = _planes_of_training(folder, least)
    if planes is None:
        name = EXAMPLES.get(card.modality, EXAMPLE)
        with closing(open_image(samples_folder() / name)) as source:
            planes = source.read(source.info.plane())[0, 0].astype(np.float32)
    height, width = (min(side, extent // traits.multiple * traits.multiple) for extent in planes.shape[1:])
    lacks = [(0, max(0, least - extent)) for extent in (height, width)]
    crop = np.pad(planes[:, :height, :width], [(0, 0), *lacks], mode="symmetric")
    frames = getattr(traits, "frames", 1)
    return np.ascontiguousarray(crop if len(crop) == frames else np.repeat(crop[:1], frames, axis=0))


def _planes_of_training(folder: Path | None, least: int) -> Stack | None:
    """Return the unseen bad crop of the training, if it is there, sound and large enough."""
    file = folder / BAD if folder is not None else None
    if file is None or not file.is_file() or file.stat().st_size > LARGEST_EXAMPLE:
        return None
    try:
        pixels = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    planes = pixels[None] if pixels.ndim == 2 else pixels
    if planes.ndim != 3 or planes.dtype != np.float32 or not np.isfinite(planes).all():
        return None
    return planes if min(planes.shape[1:]) >= least else None


def _tested(folder: Path | None) -> str:
    try:
        return "" if folder is None else sentence(read_verdict(folder / VERDICT))
    except VerdictUnreadable:
        return ""
