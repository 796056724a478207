"""Which device does the work, why, and how much memory it may take."""

import os
from dataclasses import dataclass

import torch

from app.settings import Settings
from models.errors import UserError
from models.restoration.budget import Budget
from models.restoration.family import Precision

MIB, GIB = 1 << 20, 1 << 30
CPU_BUDGET = Budget(tile_bytes=900 * MIB, band_bytes=400 * MIB)  # more is not faster on a processor
GPU_TILE_BYTES = 8 * GIB


class NoSuchDevice(UserError):
    """The device that was asked for is not in this computer or cannot be used."""

    code = "engine.device"


@dataclass(frozen=True, slots=True)
class Device:
    """A device and what a person should know of it.

    Attributes
    ----------
    name : str
        As torch calls it: ``"cpu"``, ``"cuda:0"``, ``"mps"``.
    words : str
        Such as ``"NVIDIA RTX 4070, 12 GB"`` or ``"CPU, 2 cores"``.
    reason : str
        Why it was chosen, in one sentence.
    free_bytes : int
        Memory that was free when it was chosen.
    threads : int
        Threads that torch uses on the processor.
    """

    name: str
    words: str
    reason: str
    free_bytes: int
    threads: int

    def precision(self, checked: tuple[Precision, ...]) -> Precision:
        """Return the fastest precision of this device among those a model was checked in."""
        if self.name.startswith("cuda"):
            for half in ("bfloat16", "float16"):
                if half in checked and (half == "float16" or torch.cuda.is_bf16_supported()):
                    return half
        if self.name == "cpu" and "bfloat16" in checked and _has_fast_bfloat16():
            return "bfloat16"
        return "float32"

    def budget(self, settings: Settings) -> Budget:
        """Return what a restoration may use of the memory that is free, or of the person's limit."""
        host = free_memory() // 2
        if settings.memory_limit_gb:
            host = min(host, int(settings.memory_limit_gb * GIB))
        bands = min(CPU_BUDGET.band_bytes, host // 3)
        if self.name == "cpu":
            return Budget(min(CPU_BUDGET.tile_bytes, host * 2 // 3), bands)
        return Budget(min(GPU_TILE_BYTES, self.free_bytes * 2 // 3), bands)


def chosen_device(wish: str, settings: Settings | None = None) -> Device:
    """Return the device for a job.

    Parameters
    ----------
    wish : str
        ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``.
    settings : Settings, optional
        What ``"auto"`` stands for; by default the best device there is.

    Raises
    ------
    NoSuchDevice
        If one was asked for by name that cannot be used.
    """
    chosen_by_hand = wish != "auto"
    if not chosen_by_hand and settings is not None and settings.device != "auto":
        wish, chosen_by_hand = settings.device, True
    lack = "" if wish == "cpu" else _lack_of_gpu(wish)
    if wish == "cpu":
        return _processor("The processor was chosen in the settings or for this job.")
    if not lack:
        return _gpu(wish, "It was asked for." if chosen_by_hand else "It is the fastest device here.")
    if chosen_by_hand:
        raise NoSuchDevice(
            f"The device {wish} cannot be used: {lack}",
            hint="Choose the processor or automatic choice.",
            device=wish,
        )
    return _processor(f"The processor is used: {lack}")


def free_memory() -> int:
    """Return how many bytes of main memory are free for programs; 4 GB where the system does not say."""
    try:
        import psutil  # optional: a computer that only trains may lack it

        return int(psutil.virtual_memory().available)
    except ImportError:
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 4 * GIB


def _processor(reason: str) -> Device:
    cores = torch.get_num_threads()
    words = f"CPU, {cores} core" if cores == 1 else f"CPU, {cores} cores"
    return Device("cpu", words, reason, free_memory(), cores)


def _gpu(wish: str, reason: str) -> Device:
    threads = torch.get_num_threads()
    if wish == "mps" or not torch.cuda.is_available():
        return Device("mps", "Apple GPU", reason, free_memory(), threads)
    index = _index(wish)
    free, total = torch.cuda.mem_get_info(index)
    words = f"{torch.cuda.get_device_name(index)}, {round(total / GIB)} GB"
    return Device(f"cuda:{index}", words, reason, free, threads)


def _lack_of_gpu(wish: str) -> str:
    """Return why the GPU that `wish` stands for cannot be used; empty if it can."""
    if wish in ("auto", "mps") and torch.backends.mps.is_available():
        return ""
    if wish == "mps":
        return "this computer has no Apple GPU."
    if torch.version.cuda is None:
        return "this program came without support for NVIDIA GPUs."
    if not torch.cuda.is_available():
        return "no NVIDIA GPU with a working driver was found."
    if _index(wish) >= torch.cuda.device_count():
        return f"this computer has {torch.cuda.device_count()} GPU, counted from 0."
    return ""


def _index(wish: str) -> int:
    _, _, number = wish.partition(":")
    return int(number) if number.isdigit() else 0


def _has_fast_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 faster than float32: only where it multiplies tiles.

    With AVX-512 alone our networks were measured to be a third slower in bfloat16.
    """
    abilities = torch.cpu.get_capabilities()
    return bool(abilities.get("amx_bf16") or abilities.get("amx_tile"))
