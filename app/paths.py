"""Where the program keeps its own files; MICROGRAPHIA_HOME moves all of them (tests, USB sticks)."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

HOME_VARIABLE = "MICROGRAPHIA_HOME"
NETWORK_FILE_SYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "fuse.sshfs", "9p"})


@dataclass(frozen=True, slots=True)
class Paths:
    """The four folders of the program; they exist only once something is written.

    Attributes
    ----------
    data : Path
        Jobs, history, installed models: worth a backup.
    config : Path
        Settings of this person.
    cache : Path
        What can be made again.
    log : Path
        What the processes wrote down.
    """

    data: Path
    config: Path
    cache: Path
    log: Path


def find_paths() -> Paths:
    """Return the folders of this person on this computer, without making them."""
    home = os.environ.get(HOME_VARIABLE)
    if home:
        root = Path(home).expanduser().absolute()
        return Paths(root / "data", root / "config", root / "cache", root / "log")
    from platformdirs import PlatformDirs

    places = PlatformDirs("micrographia", appauthor=False)
    return Paths(
        data=places.user_data_path,
        config=places.user_config_path,
        cache=places.user_cache_path,
        log=places.user_log_path,
    )


def is_on_network(folder: Path) -> bool:
    """Whether `folder` lies on another computer, as far as the system says.

    Databases need other precautions there. Where the system cannot be asked the answer is no.
    """
    if sys.platform == "win32":
        return _is_network_drive(folder)
    mounts = Path("/proc/self/mounts")
    if not mounts.exists():
        return False
    best, kind = "", ""
    wanted = str(folder.absolute())
    for line in mounts.read_text("utf-8", "surrogateescape").splitlines():
        _device, place, file_system, *_ = line.split(" ")
        place = place.replace("\\040", " ")
        is_above = place == "/" or wanted == place or wanted.startswith(place + "/")
        if is_above and len(place) >= len(best):
            best, kind = place, file_system
    return kind in NETWORK_FILE_SYSTEMS


def _is_network_drive(folder: Path) -> bool:
    if sys.platform != "win32":
        return False
    import ctypes

    root = folder.absolute().anchor
    remote = 4  # DRIVE_REMOTE
    return root.startswith("\\\\") or ctypes.windll.kernel32.GetDriveTypeW(root) == remote
