"""The end of the program while another process reads."""

import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import h5py
import numpy as np
import pytest

from app.images.errors import ImageError, ReadingFailed
from app.images.isolated import Host, IsolatedSource

PATIENCE = 10.0  # seconds; a request may take sixty


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "stack.h5"
    with h5py.File(path, "w") as file:
        file["pixels"] = np.ones((3, 8, 8), np.uint8)
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="processes cannot be stopped there")
def test_the_program_ends_at_once_although_a_drive_does_not_answer(file):
    host = Host("app.images.readers.hdf5")
    source = IsolatedSource(host, file, 0, is_partial=False)
    os.kill(host._process.pid, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(source.read, source.info.plane())
        while host.lock.acquire(blocking=False):
            host.lock.release()
            time.sleep(0.01)
        began = time.monotonic()
        host.leave()
        with pytest.raises(ImageError):
            reading.result(PATIENCE)
        assert time.monotonic() - began < PATIENCE
    assert host._process is None


def test_nothing_is_read_after_the_end(file):
    host = Host("app.images.readers.hdf5")
    source = IsolatedSource(host, file, 0, is_partial=False)
    host.leave()
    with pytest.raises(ReadingFailed):
        source.read(source.info.plane())
    assert host._process is None


@pytest.mark.skipif(sys.platform == "win32", reason="processes cannot be stopped there")
def test_who_closes_a_file_waits_for_nothing(file):
    host = Host("app.images.readers.hdf5")
    source = IsolatedSource(host, file, 0, is_partial=False)
    os.kill(host._process.pid, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(source.close).result(PATIENCE)
        host.leave()


def test_a_closed_file_does_not_get_in_the_way_of_others(file):
    host = Host("app.images.readers.hdf5")
    first, second = (IsolatedSource(host, file, 0, is_partial=False) for _number in range(2))
    first.close()
    np.testing.assert_array_equal(second.read(second.info.plane()), 1)
    host.leave()
