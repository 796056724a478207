"""Whatever is damaged, the answer is an image or a sentence: quickly, in bounded memory, without a crash."""

import json
import os
import struct
import subprocess
import sys
import zipfile
import zlib
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.images.fuzz import Case, cuts, flips
from tests.images.made_czi import Block, czi
from tests.images.test_arrays import dv, mrc
from tests.images.test_lif import channel, element, lif
from tests.makers import cells, write_imagej, write_ome

FILES = Path(__file__).parent / "files"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs forks and limits of memory")


def survives(cases: list[Case]) -> None:
    """Fail with the names of all cases that end in neither an image nor a sentence."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.images.fuzz"],
        input=json.dumps([asdict(case) for case in cases]),
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    wrong = [json.loads(line) for line in done.stdout.splitlines()]
    assert not wrong, "\n".join(
        f"{one['source']} {one['kind']} {one['seed']}: {one['wrong']}" for one in wrong
    )


# real and whole files, cut and with bytes changed


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> dict[str, Path]:
    """Return a small whole file of every format that no committed file has."""
    import h5py

    folder = tmp_path_factory.mktemp("whole")
    pixels = cells((1, 2, 3, 20, 24))
    write_ome(folder / "a.ome.tif", pixels, names=("a", "b"))
    write_imagej(folder / "b.tif", pixels)
    tifffile.imwrite(
        folder / "c.tif", pixels[0, 0], tile=(16, 16), compression="zlib", photometric="minisblack"
    )
    np.save(folder / "a.npy", pixels[0])
    np.savez_compressed(folder / "a.npz", first=pixels[0], second=pixels[0, 0])
    np.savez(folder / "b.npz", first=pixels[0])
    (folder / "a.mrc").write_bytes(mrc(pixels[0, 0].astype("f4"), 2))
    (folder / "a.dv").write_bytes(dv(pixels, 1))
    axes = [(1, 24, 8e-6, "m", 2), (2, 20, 7e-6, "m", 48), (3, 3, 1e-6, "m", 960)]
    described = element("a", axes, channel() + channel(2880, lut="Red"), "M1")
    (folder / "a.lif").write_bytes(lif([described], {"M1": pixels.tobytes()}))
    tiles = [Block(pixels[0, c, z], places={"C": c, "Z": z}) for c in range(2) for z in range(3)]
    (folder / "a.czi").write_bytes(czi(tiles))
    for name, version in (("a.h5", "earliest"), ("b.h5", "latest")):
        with h5py.File(folder / name, "w", libver=version) as file:
            for number in range(8):
                path = f"group {number // 4}/data {number}"
                data = file.create_dataset(path, data=pixels[0], chunks=(1, 2, 8, 8), compression="gzip")
                data.attrs["element_size_um"] = [1.0, 0.5, 0.5]
    return {path.name: path for path in sorted(folder.iterdir())}


def test_every_whole_file_survives_as_it_is(made):
    survives([Case(str(path), "as it is") for path in (*made.values(), *sorted(FILES.glob("*.[tj]*")))])


def test_files_cut_at_fifty_places(made):
    survives([case for path in made.values() for case in cuts(path)])


def test_real_files_cut_at_fifty_places():
    survives([case for path in sorted(FILES.glob("*.[tj]*")) for case in cuts(path)])


def test_two_hundred_files_with_changed_bytes(made):
    survives([case for path in made.values() for case in flips(path, 14)])
    survives([case for path in sorted(FILES.glob("*.[tj]*")) for case in flips(path, 14)])


def test_files_of_all_programs_with_changed_bytes(data_dir):
    files = [path for path in sorted((data_dir / "formats").iterdir()) if path.is_file()]
    survives([case for path in files for case in (*cuts(path, 5), *flips(path, 5))])


@pytest.mark.slow
def test_many_damaged_files_of_all_programs(data_dir, made):
    files = [path for path in sorted((data_dir / "formats").iterdir()) if path.is_file()]
    survives([case for path in files for case in (*cuts(path), *flips(path, 200))])
    survives([case for path in made.values() for case in flips(path, 1000, 100)])


# absurd heads


def tiff_of_a_billion_planes(folder: Path) -> Path:
    notes = "ImageJ=1.54f\nimages=1000000000\nslices=1000000000\n"
    tifffile.imwrite(folder / "a.tif", cells((20, 24)), description=notes, metadata=None)
    return folder / "a.tif"


def with_tag(folder: Path, name: str, value: object, **options: object) -> Path:
    tifffile.imwrite(folder / "a.tif", cells((40, 24)), metadata=None, rowsperstrip=8)
    with tifffile.TiffFile(folder / "a.tif", mode="r+b") as file:
        file.pages.first.tags[name].overwrite(value, **options)
    return folder / "a.tif"


def tiff_without_strips(folder: Path) -> Path:
    return with_tag(folder, "StripOffsets", [0, 0, 0, 0, 0])


def tiff_of_huge_strips(folder: Path) -> Path:
    return with_tag(folder, "StripByteCounts", [0xFFFFFFFF] * 5, dtype="I")


def tiff_of_huge_size(folder: Path) -> Path:
    return with_tag(folder, "ImageWidth", 0x7FFFFFFF, dtype="I")


def tiff_of_negative_size(folder: Path) -> Path:
    return with_tag(folder, "ImageLength", -5, dtype="i")


def tiff_in_a_circle(folder: Path) -> Path:
    tifffile.imwrite(folder / "a.tif", cells((2, 20, 24)), photometric="minisblack", metadata=None)
    with tifffile.TiffFile(folder / "a.tif") as file:
        first, second = (page.offset for page in file.pages)
    data = bytearray((folder / "a.tif").read_bytes())
    (count,) = struct.unpack_from("<H", data, second)
    struct.pack_into("<I", data, second + 2 + 12 * count, first)
    (folder / "a.tif").write_bytes(data)
    return folder / "a.tif"


def ome(folder: Path, text: str) -> Path:
    tifffile.imwrite(folder / "a.ome.tif", cells((20, 24)), description=text.encode(), metadata=None)
    return folder / "a.ome.tif"


def deep_ome_xml(folder: Path) -> Path:
    depth = 10_000
    return ome(folder, '<?xml version="1.0"?><OME>' + "<a>" * depth + "</a>" * depth + "</OME>")


def ome_xml_bomb(folder: Path) -> Path:
    laughs = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
    return ome(folder, f'<!DOCTYPE OME [<!ENTITY l0 "ha">{laughs}]><OME>&l11;</OME>')


def ome_xml_that_fetches(folder: Path) -> Path:
    return ome(folder, '<!DOCTYPE OME [<!ENTITY x SYSTEM "file:///etc/passwd">]><OME>&x;</OME>')


def ome_xml_of_absurd_sizes(folder: Path) -> Path:
    sizes = " ".join(f'Size{axis}="2000000000"' for axis in "TCZYX")
    pixels = f'<Pixels ID="P:0" DimensionOrder="XYZCT" Type="uint16" {sizes}><TiffData/></Pixels>'
    return ome(folder, f'<OME><Image ID="I:0">{pixels}</Image></OME>')


def npy_head(text: str) -> bytes:
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text.encode()


def npy(folder: Path, shape: str, kind: str = "<u2") -> Path:
    head = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}}}"
    (folder / "a.npy").write_bytes(npy_head(head) + bytes(100))
    return folder / "a.npy"


def npy_of_a_trillion_pixels(folder: Path) -> Path:
    return npy(folder, "(1000000, 1000, 1000)")


def npy_of_absurd_sizes(folder: Path) -> Path:
    return npy(folder, "(99999999999999999999, 99999999999999999999)")


def npy_of_objects(folder: Path) -> Path:
    return npy(folder, "(2, 5)", "|O")


def npy_nested_deep(folder: Path) -> Path:
    return npy(folder, "(" * 20_000 + ")" * 20_000)


def npz_bomb(folder: Path, order: str = "False") -> Path:
    head = npy_head(f"{{'descr': '|u1', 'fortran_order': {order}, 'shape': (512, 1024, 1024)}}")
    packed = zipfile.ZipFile(folder / "a.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1)
    with packed as file, file.open("bomb.npy", "w") as member:
        member.write(head)
        for _ in range(512):
            member.write(bytes(1 << 20))
    return folder / "a.npz"


def npz_bomb_in_columns(folder: Path) -> Path:
    return npz_bomb(folder, "True")


def npz_that_lies(folder: Path) -> Path:
    np.savez_compressed(folder / "a.npz", a=cells((20, 24)))
    data = bytearray((folder / "a.npz").read_bytes())
    struct.pack_into("<I", data, data.index(b"PK\1\2") + 24, 0xFFFFFFF0)  # unpacked size
    (folder / "a.npz").write_bytes(data)
    return folder / "a.npz"


def mrc_of_negative_size(folder: Path) -> Path:
    data = bytearray(mrc(np.zeros((2, 5, 7), "f4"), 2))
    struct.pack_into("<3i", data, 0, -5, -7, -1)
    (folder / "a.mrc").write_bytes(data)
    return folder / "a.mrc"


def mrc_of_a_billion_planes(folder: Path) -> Path:
    data = bytearray(mrc(np.zeros((2, 5, 7), "f4"), 2))
    struct.pack_into("<i", data, 8, 1_000_000_000)
    (folder / "a.mrc").write_bytes(data)
    return folder / "a.mrc"


def mrc_with_a_negative_gap(folder: Path) -> Path:
    data = bytearray(mrc(np.zeros((2, 5, 7), "f4"), 2))
    struct.pack_into("<i", data, 92, -(1 << 31))
    (folder / "a.mrc").write_bytes(data)
    return folder / "a.mrc"


def dv_of_absurd_counts(folder: Path) -> Path:
    data = bytearray(dv(cells((1, 2, 4, 5, 6)), 0))
    struct.pack_into("<3i", data, 0, 0x7FFFFFFF, 0x7FFFFFFF, 0x7FFFFFFE)
    (folder / "a.dv").write_bytes(data)
    return folder / "a.dv"


def czi_of_absurd_count(folder: Path) -> Path:
    data = bytearray(czi([Block(cells((20, 24)), places={"C": 0})]))
    struct.pack_into("<i", data, data.index(b"ZISRAWDIRECTORY") + 32, 0x7FFFFFFF)
    (folder / "a.czi").write_bytes(data)
    return folder / "a.czi"


def czi_of_absurd_size(folder: Path) -> Path:
    far = [Block(cells((20, 24)), x, x, places={"C": 0, "Z": z}) for z, x in enumerate((0, 2_000_000_000))]
    (folder / "a.czi").write_bytes(czi(far))
    return folder / "a.czi"


def czi_of_absurd_axes(folder: Path) -> Path:
    far = [Block(cells((20, 24)), places={"C": c, "Z": z, "S": c}) for c, z in ((0, 0), (1 << 30, 1 << 30))]
    (folder / "a.czi").write_bytes(czi(far))
    return folder / "a.czi"


def nd2(folder: Path, body: bytes, length: int | None = None) -> Path:
    name = b"ND2 FILE SIGNATURE CHUNK NAME01!"
    start = struct.pack("<IIQ", 0x0ABECEDA, 32, 64) + name + b"Ver3.0".ljust(64, b"\0")
    data = start.ljust(4096, b"\0")
    chunk = struct.pack("<IIQ", 0x0ABECEDA, 32, len(body) if length is None else length)
    data += chunk + b"ND2 FILEMAP SIGNATURE NAME 0001!" + body
    (folder / "a.nd2").write_bytes(data + b"ND2 CHUNK MAP SIGNATURE 0000001!" + struct.pack("<Q", 4096))
    return folder / "a.nd2"


def nd2_of_absurd_map(folder: Path) -> Path:
    return nd2(folder, b"ImageDataSeq|0!" + bytes(16), 1 << 62)


def nd2_of_many_frames(folder: Path) -> Path:
    places = b"".join(b"ImageDataSeq|%d!" % n + struct.pack("<QQ", 1 << 60, 1) for n in range(100_000))
    return nd2(folder, places + b"ND2 CHUNK MAP SIGNATURE 0000001!" + bytes(16))


def nd2_of_nothing(folder: Path) -> Path:
    return nd2(folder, b"ND2 CHUNK MAP SIGNATURE 0000001!" + bytes(16))


def lif_of(folder: Path, axes: list[tuple]) -> Path:
    (folder / "a.lif").write_bytes(lif([element("a", axes, channel(), "M1")], {"M1": bytes(100)}))
    return folder / "a.lif"


def lif_of_a_billion_planes(folder: Path) -> Path:
    return lif_of(folder, [(1, 9, 8e-6, "m", 2), (2, 8, 7e-6, "m", 18), (3, 10**9, 1.0, "m", 144)])


def lif_of_a_billion_tiles(folder: Path) -> Path:
    return lif_of(folder, [(1, 9, 8e-6, "m", 2), (2, 8, 7e-6, "m", 18), (10, 10**9, 0, "", 144)])


def lif_of_a_billion_wavelengths(folder: Path) -> Path:
    return lif_of(folder, [(1, 9, 8e-6, "m", 2), (2, 8, 7e-6, "m", 18), (5, 10**9, 0, "", 144)])


def lif_of_negative_steps(folder: Path) -> Path:
    return lif_of(folder, [(1, 9, 8e-6, "m", -2), (2, 8, 7e-6, "m", -18)])


def lif_nested_deep(folder: Path) -> Path:
    depth = 10_000
    inner = '<Element Name="x"><Children>' * depth + "</Children></Element>" * depth
    (folder / "a.lif").write_bytes(lif([inner], {}))
    return folder / "a.lif"


def png_of_a_billion_pixels(folder: Path) -> Path:
    head = b"IHDR" + struct.pack(">IIBBBBB", 31_623, 31_623, 8, 0, 0, 0, 0)
    data = b"IDAT" + zlib.compress(bytes(31_624) * 100)
    parts = b"".join(
        struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part))
        for part in (head, data, b"IEND")
    )
    (folder / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + parts)
    return folder / "a.png"


def h5_of_absurd_size(folder: Path) -> Path:
    import h5py

    with h5py.File(folder / "a.h5", "w") as file:
        file.create_dataset("a", (1 << 20, 1 << 20, 1 << 20), "f8", chunks=(1, 512, 512))
        file.create_dataset(
            "b", (4, 1 << 14, 1 << 14), "f8", chunks=(4, 1 << 13, 1 << 13), compression="gzip"
        )
    return folder / "a.h5"


def h5_nested_deep(folder: Path) -> Path:
    import h5py

    with h5py.File(folder / "a.h5", "w") as file:
        group: h5py.Group = file
        for _ in range(300):
            group = group.create_group("g")
        group.create_dataset("a", data=cells((20, 24)))
        file["circle"] = file["g"]
        file["g/circle"] = h5py.SoftLink("/g")
    return folder / "a.h5"


ABSURD = [
    tiff_of_a_billion_planes, tiff_without_strips, tiff_of_huge_strips, tiff_of_huge_size,
    tiff_of_negative_size, tiff_in_a_circle, deep_ome_xml, ome_xml_bomb, ome_xml_that_fetches,
    ome_xml_of_absurd_sizes, npy_of_a_trillion_pixels, npy_of_absurd_sizes, npy_of_objects, npy_nested_deep,
    npz_bomb, npz_bomb_in_columns, npz_that_lies, mrc_of_negative_size, mrc_of_a_billion_planes,
    mrc_with_a_negative_gap,
    dv_of_absurd_counts, czi_of_absurd_count, czi_of_absurd_size, czi_of_absurd_axes, nd2_of_absurd_map,
    nd2_of_many_frames, nd2_of_nothing, lif_of_a_billion_planes, lif_of_a_billion_tiles,
    lif_of_a_billion_wavelengths, lif_of_negative_steps, lif_nested_deep, png_of_a_billion_pixels,
    h5_of_absurd_size, h5_nested_deep,
]  # fmt: skip


def test_absurd_heads(tmp_path):
    cases = []
    for make in ABSURD:
        (tmp_path / make.__name__).mkdir()
        cases.append(Case(str(make(tmp_path / make.__name__)), "as it is"))
    survives(cases)


def test_a_reader_that_crashes_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setenv("MICROGRAPHIA_FUZZ_CRASH", "1")
    np.save(tmp_path / "a.npy", cells((20, 24)))
    with pytest.raises(AssertionError, match=r"a\.npy as it is 0: ended by signal 9"):
        survives([Case(str(tmp_path / "a.npy"), "as it is")])
