"""Small images and files that tests of several rooms need."""

from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

from models.source import Channel, ImageInfo, PixelSize, Shape5


def cells(shape: tuple[int, ...], dtype: str = "uint16", seed: int = 0) -> NDArray:
    """Return bright blobs on a dim, noisy ground; the last two axes are y and x."""
    rng = np.random.default_rng(seed)
    *stack, height, width = shape
    y, x = np.mgrid[:height, :width]
    planes = np.empty((int(np.prod(stack, dtype=int)), height, width))
    for plane in planes:
        plane[...] = 60 + rng.normal(0, 8, (height, width))
        for _ in range(6):
            cy, cx, size = rng.uniform(0, height), rng.uniform(0, width), rng.uniform(2, 6)
            plane += 120 * np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / (2 * size**2))
    kind = np.dtype(dtype)
    top = 255 if kind.kind == "f" else min(np.iinfo(kind).max, 4095)
    planes = np.clip(planes * top / 255, 0, top)
    return (planes if kind.kind == "f" else np.rint(planes)).astype(kind).reshape(shape)


def info_for(
    shape: Shape5,
    dtype: str = "uint16",
    *,
    channels: tuple[Channel, ...] = (),
    pixel_size_um: PixelSize | None = None,
    time_interval_s: float | None = None,
) -> ImageInfo:
    """Return the description of an image that is about to be written."""
    stack = "".join(axis for axis, size in zip("TCZ", shape[:3], strict=True) if size > 1)
    return ImageInfo(
        uri="",
        scene=0,
        scenes=("Image 1",),
        shapes=(shape,),
        dtype=dtype,
        axes=stack + "YX",
        pixel_size_um=pixel_size_um or PixelSize(),
        channels=channels or tuple(Channel("") for _ in range(shape[1])),
        time_interval_s=time_interval_s,
    )


def write_ome(
    path: Path, pixels: NDArray, *, size_um: float | None = 0.1, names: tuple[str, ...] = ()
) -> Path:
    """Write five-axis `pixels` (TCZYX) as OME-TIFF."""
    metadata: dict = {"axes": "TCZYX"}
    if size_um is not None:
        metadata |= {"PhysicalSizeX": size_um, "PhysicalSizeXUnit": "µm"}
        metadata |= {"PhysicalSizeY": size_um, "PhysicalSizeYUnit": "µm"}
    if names:
        metadata["Channel"] = {"Name": list(names)}
    tifffile.imwrite(path, pixels, ome=True, photometric="minisblack", metadata=metadata)
    return path


def write_imagej(path: Path, pixels: NDArray, **notes: object) -> Path:
    """Write five-axis `pixels` (TCZYX) as ImageJ does (TZCYX); `notes` go into the description."""
    tifffile.imwrite(path, pixels.transpose(0, 2, 1, 3, 4), imagej=True, metadata={"axes": "TZCYX", **notes})
    return path
