"""Keeps the memory of planes that have gone by from piling up in one heap per thread."""

import ctypes
import sys

M_ARENA_MAX = -8  # of glibc's malloc.h


def share_one_heap() -> None:
    """Let all threads take memory from one heap, where planes read by one are reused by the next.

    Glibc gives every thread a heap of its own; going through a stack then holds the memory of dozens of
    planes that nobody looks at. Other systems do as they do.
    """
    if not sys.platform.startswith("linux"):
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(M_ARENA_MAX, 1)
