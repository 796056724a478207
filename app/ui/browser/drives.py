"""The drives of this computer: disks, what can be taken out, what lies on the network; for threads."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from app.paths import NETWORK_FILE_SYSTEMS, is_on_network
from app.text import _

DriveKind = Literal["disk", "removable", "network"]

SYSTEM_PLACES = ("/boot", "/dev", "/etc", "/private", "/proc", "/snap", "/sys", "/var", "/System")
TAKEN_OUT_OF = ("/media/", "/run/media/", "/Volumes/")


@dataclass(frozen=True, slots=True)
class Drive:
    """One drive: its root and what a person calls it."""

    folder: Path
    name: str
    kind: DriveKind


def find_drives() -> tuple[Drive, ...]:
    """Return the drives that are connected; no drive of the network is asked anything."""
    import psutil

    found = {}
    for part in psutil.disk_partitions(all=True):
        folder = Path(part.mountpoint)
        kind = _kind(part.mountpoint, part.device, part.fstype, part.opts)
        if kind is not None:
            found[folder] = Drive(folder, _name(folder, kind), kind)
    return tuple(sorted(found.values(), key=lambda drive: str(drive.folder)))


def are_missing(folders: Iterable[Path], *, on_network: bool) -> frozenset[Path]:
    """Return those of `folders` that are not there now; only those on the network, or only all others."""
    asked = (folder for folder in folders if is_on_network(folder) == on_network)
    return frozenset(folder for folder in asked if not _is_folder(folder))


def _kind(place: str, device: str, file_system: str, options: str) -> DriveKind | None:
    if sys.platform == "win32":
        if "remote" in options:
            return "network"
        return "removable" if "removable" in options or "cdrom" in options else "disk"
    if file_system in NETWORK_FILE_SYSTEMS:
        return "network"
    if place == "/":
        return "disk"
    is_system = any(place == one or place.startswith(one + "/") for one in SYSTEM_PLACES)
    is_taken_out = place.startswith(TAKEN_OUT_OF)
    if is_system or (place.startswith("/run/") and not is_taken_out):
        return None
    if not device.startswith("/dev/") or device.startswith("/dev/loop") or not _is_folder(Path(place)):
        return None
    return "removable" if is_taken_out or _can_be_taken_out(device) else "disk"


def _can_be_taken_out(device: str) -> bool:
    disk = Path("/sys/class/block") / Path(device).name
    for place in (disk, disk.resolve().parent):
        try:
            return (place / "removable").read_text().strip() == "1"
        except OSError:
            continue
    return False


def _name(folder: Path, kind: DriveKind) -> str:
    root = str(folder)
    if kind == "network":
        return _("{name} (network)").format(name=folder.name or root)
    from PySide6.QtCore import QStorageInfo

    label = QStorageInfo(root).name()
    if root == "/":
        return _("This computer")
    shown = root.rstrip("\\/") if sys.platform == "win32" else ""
    name = label or folder.name or root
    return f"{name} ({shown})" if shown and shown != name else name


def _is_folder(folder: Path) -> bool:
    try:
        return folder.is_dir()
    except OSError:
        return False
