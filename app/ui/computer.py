"""What is known of this computer without torch: processor, memory, graphics card and driver. No Qt."""

import contextlib
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from app.text import _, ngettext

PATIENCE_SECONDS = 10.0
GB = 1e9


@dataclass(frozen=True, slots=True)
class Gpu:
    """A graphics card as its driver describes it."""

    name: str
    memory_gb: float
    driver: str


@dataclass(frozen=True, slots=True)
class Computer:
    """What computes here.

    `torch` is the version of PyTorch that workers use, empty if it is not installed; `complaint` is what the
    graphics driver said instead of an answer.
    """

    system: str
    processor: str
    cores: int
    memory_gb: float
    torch: str
    gpu: Gpu | None = None
    is_apple: bool = False
    complaint: str = ""

    @property
    def can_use_gpu(self) -> bool:
        """Whether a worker is likely to find a GPU."""
        return self.is_apple or (self.gpu is not None and "+cpu" not in self.torch)

    @property
    def device_words(self) -> str:
        """What a job would run on, as long as none has told."""
        if self.gpu is not None and self.can_use_gpu:
            return _("{name}, {memory:.0f} GB").format(name=self.gpu.name, memory=self.gpu.memory_gb)
        if self.is_apple:
            return _("Apple GPU")
        return ngettext("CPU, {n} core", "CPU, {n} cores", self.cores).format(n=self.cores)

    def devices(self) -> tuple[tuple[str, str], ...]:
        """The devices that can be chosen, each by its name for the engine and in words."""
        found = [("auto", _("what is fastest")), ("cpu", _("the processor"))]
        if self.gpu is not None and self.can_use_gpu:
            found.append(("cuda", self.gpu.name))
        if self.is_apple:
            found.append(("mps", _("the Apple GPU")))
        return tuple(found)

    def why_no_gpu(self, wanted: str) -> str:
        """Say in one sentence why no GPU is used; empty if one is."""
        if wanted == "cpu" and self.can_use_gpu:
            return _("The GPU is not used because the processor was chosen in the preferences.")
        if self.can_use_gpu:
            return ""
        if self.gpu is not None:
            return _(
                "The graphics card is not used because this installation computes on the processor only; "
                "the GPU pack adds what is missing."
            )
        if self.complaint:
            return _("The graphics card is not used because its driver does not answer: {complaint}").format(
                complaint=self.complaint
            )
        return _("No GPU is used because this computer has none that can compute, or no driver for it.")

    def facts(self, worker: str) -> tuple[tuple[str, str], ...]:
        """Everything in pairs of name and value."""
        gpu = _("none found")
        if self.gpu is not None:
            gpu = _("{name}, {memory:.1f} GB").format(name=self.gpu.name, memory=self.gpu.memory_gb)
        rows = [
            (_("Last job ran on"), worker or _("nothing has run yet")),
            (_("Processor"), _("{name}, {cores} usable").format(name=self.processor, cores=self.cores)),
            (_("Memory"), _("{memory:.1f} GB").format(memory=self.memory_gb)),
            (_("Graphics card"), _("Apple GPU") if self.is_apple else gpu),
            (_("Graphics driver"), self.gpu.driver if self.gpu else _("none found")),
            (_("PyTorch"), self.torch or _("not installed")),
            (_("System"), self.system),
        ]
        return tuple(rows)


def probe() -> Computer:
    """Look at this computer; for a thread."""
    gpu, complaint = _nvidia()
    return Computer(
        system=platform.platform(terse=True),
        processor=_processor(),
        cores=_cores(),
        memory_gb=_memory() / GB,
        torch=_torch(),
        gpu=gpu,
        is_apple=sys.platform == "darwin" and platform.machine() == "arm64",
        complaint=complaint,
    )


def _nvidia() -> tuple[Gpu | None, str]:
    """Ask the driver's own tool; return the first card, or what it complained of."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return None, ""
    query = ["--query-gpu=name,memory.total,driver_version", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(
            [tool, *query], capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return None, str(error)
    return (
        parse_nvidia(done.stdout) if done.returncode == 0 else (None, _first_line(done.stdout + done.stderr))
    )


def parse_nvidia(text: str) -> tuple[Gpu | None, str]:
    """Return the first card named in the tool's answer, or the answer's first line as a complaint."""
    for line in text.splitlines():
        parts = [part.strip() for part in line.split(",")]
        if len(parts) == 3 and parts[1].isdigit():
            return Gpu(parts[0], int(parts[1]) * 1024**2 / GB, parts[2]), ""
    return None, _first_line(text)


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory() -> int:
    import psutil

    return int(psutil.virtual_memory().total)


def _torch() -> str:
    try:
        return metadata.version("torch")
    except metadata.PackageNotFoundError:
        return ""
