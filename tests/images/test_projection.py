import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from app.images import projection as projections
from app.images.cache import CachedSource
from app.images.errors import NoPixels
from app.images.projection import KINDS, ProjectedSource, Projection, Stream, row_of
from models.source import Region
from tests.images.test_cache import CountedSource

NUMPY = {
    "maximum": lambda stack: stack.max(0),
    "minimum": lambda stack: stack.min(0),
    "mean": lambda stack: stack.mean(0, dtype=np.float64),
    "sum": lambda stack: stack.astype(object).sum(0).astype(float),
    "deviation": lambda stack: (
        stack.astype(float).std(0, ddof=1) if len(stack) > 1 else np.zeros(stack.shape[1:])
    ),
}
DTYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64", "bool")


class Stack(CountedSource):
    """An image made of one stack (z, y, x), or of what has five axes already."""

    def __init__(self, planes):
        super().__init__(planes if planes.ndim == 5 else planes[None, None])


def stacks(dtype):
    shape = st.tuples(st.integers(1, 9), st.integers(1, 4), st.integers(1, 5))
    numbers = {"allow_nan": False, "width": 32} if np.dtype(dtype).kind == "f" else {}
    limits = {"min_value": -1e6, "max_value": 1e6} if np.dtype(dtype).kind == "f" else {}
    elements = st.floats(**limits, **numbers) if limits else None
    return arrays(dtype, shape, elements=elements)


def project(planes, kind, between=None):
    source = ProjectedSource(Stack(planes), Projection(kind, between))
    return source.read(source.info.plane())[0, 0, 0]


@pytest.mark.parametrize("kind", [row.key for row in KINDS])
@pytest.mark.parametrize("dtype", DTYPES)
@settings(deadline=None)
@given(data=st.data())
def test_a_projection_is_what_numpy_makes_of_the_whole_stack(kind, dtype, data):
    planes = data.draw(stacks(dtype))
    expected = NUMPY[kind](planes)
    np.testing.assert_allclose(project(planes, kind).astype(float), expected, rtol=2e-6, atol=2e-6 * 1e6)


@settings(deadline=None)
@given(planes=stacks("uint16"), first=st.integers(-3, 12), more=st.integers(0, 12))
def test_a_range_takes_its_planes_and_no_others(planes, first, more):
    start, stop = Projection("sum", (first, first + more)).over(len(planes))
    assert 0 <= start < stop <= len(planes)
    expected = planes[start:stop].sum(0)
    np.testing.assert_array_equal(project(planes, "sum", (first, first + more)), expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_maximum_and_minimum_keep_the_type(dtype):
    planes = np.ones((3, 2, 2), dtype)
    assert project(planes, "maximum").dtype == planes.dtype
    assert project(planes, "minimum").dtype == planes.dtype


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16", "uint32", "int32"])
def test_a_sum_of_the_largest_values_does_not_overflow(dtype):
    planes = np.full((300, 1, 1), np.iinfo(dtype).max, dtype)
    assert int(project(planes, "sum")[0, 0]) == 300 * np.iinfo(dtype).max


def test_what_is_no_number_is_left_out():
    planes = np.array([[[1.0, np.nan]], [[np.nan, np.nan]], [[3.0, np.nan]]], np.float32)
    for kind, expected in (("maximum", 3), ("minimum", 1), ("mean", 2), ("sum", 4), ("deviation", 2**0.5)):
        found = project(planes, kind)
        assert found[0, 0] == pytest.approx(expected)
        assert found[0, 1] == 0 if kind == "sum" else np.isnan(found[0, 1])


def test_a_projection_says_what_it_is():
    source = ProjectedSource(Stack(np.zeros((4, 3, 5), np.uint16)), Projection("mean"))
    assert source.info.shape == (1, 1, 1, 3, 5)
    assert source.info.dtype == "float32"


def test_a_stream_shows_what_it_has_and_goes_on():
    planes = np.arange(5, dtype=np.uint8)[:, None, None] * np.ones((5, 2, 2), np.uint8)
    stream = Stream(Stack(planes), Region((0, 1), (0, 1), (0, 1), (0, 2), (0, 2)), Projection("maximum"))
    seen = []
    while stream.done < stream.total:
        stream.go_on(0)
        seen.append((stream.done, int(stream.result().max())))
    assert seen == [(1, 0), (2, 1), (3, 2), (4, 3), (5, 4)]


def test_a_result_that_was_handed_out_does_not_grow():
    planes = np.arange(3, dtype=np.uint8)[:, None, None] * np.ones((3, 1, 1), np.uint8)
    for row in KINDS:
        source = ProjectedSource(Stack(planes), Projection(row.key), seconds=0)
        first = source.read(source.info.plane())
        before = first.copy()
        source.read(source.info.plane())
        np.testing.assert_array_equal(first, before)


def test_reading_for_a_while_only_goes_on_at_the_next_call():
    source = ProjectedSource(Stack(np.zeros((3, 2, 2), np.uint8)), Projection(), seconds=0)
    plane = source.info.plane()
    progress = [source.progress(plane)]
    for _ in range(4):
        source.read(plane)
        progress.append(source.progress(plane))
    assert progress == [(0, 3), (1, 3), (2, 3), (3, 3), (3, 3)]


def test_no_plane_is_read_twice_and_results_are_kept_until_forgotten():
    stack = Stack(np.zeros((7, 2, 2), np.uint8))
    source = ProjectedSource(stack, Projection("sum"))
    source.read(source.info.plane())
    source.read(source.info.plane())
    assert stack.reads == 7
    source.forget()
    source.read(source.info.plane())
    assert stack.reads == 14


def test_times_and_channels_are_projected_each_for_itself():
    planes = np.arange(2 * 3 * 4 * 2 * 2, dtype=np.uint16).reshape(2, 3, 4, 2, 2)
    source = ProjectedSource(Stack(planes), Projection("maximum", (1, 3)))
    for t in range(2):
        for c in range(3):
            found = source.read(source.info.plane(t, c))[0, 0, 0]
            np.testing.assert_array_equal(found, planes[t, c, 1:3].max(0))


def test_a_part_of_a_plane_is_projected_alone():
    planes = np.arange(4 * 6 * 6, dtype=np.uint16).reshape(4, 6, 6)
    source = ProjectedSource(Stack(planes), Projection("mean"))
    region = Region((0, 1), (0, 1), (0, 1), (1, 3), (2, 6))
    np.testing.assert_allclose(source.read(region)[0, 0, 0], planes[:, 1:3, 2:6].mean(0))


def test_a_large_stack_does_not_drive_other_pictures_out_of_the_memory():
    cached = CachedSource(Stack(np.zeros((20, 10, 10), np.uint8)), 1000)
    looked_at = cached.info.plane(z=3)
    cached.read(looked_at)
    source = ProjectedSource(cached, Projection())
    source.read(source.info.plane())
    assert cached.remembered(looked_at) is not None
    assert cached.nbytes == 100


def test_a_small_stack_is_read_once_for_all_kinds():
    stack = Stack(np.zeros((4, 10, 10), np.uint8))
    cached = CachedSource(stack, 10_000)
    for row in KINDS:
        source = ProjectedSource(cached, Projection(row.key))
        source.read(source.info.plane())
    assert stack.reads == 4


def test_results_are_kept_within_bounds(monkeypatch):
    monkeypatch.setattr(projections, "KEPT_BYTES", 250)
    stack = Stack(np.zeros((5, 1, 2, 10, 10), np.uint8))
    source = ProjectedSource(stack, Projection())
    for t in range(5):
        source.read(source.info.plane(t))
    assert source.progress(source.info.plane(4)) == (2, 2)
    assert source.progress(source.info.plane(0)) == (0, 2)


def test_every_kind_has_its_row():
    assert {row.key for row in KINDS} == set(NUMPY)
    assert row_of("sum").title == "Sum"


class CutStack(Stack):
    """A stack whose file ends before its last planes."""

    def missing_planes(self):
        return frozenset((0, 0, z) for z in (4, 5))

    def read(self, region):
        assert region.z[0] < 4
        return super().read(region)


def test_planes_that_a_file_has_not_are_left_out():
    source = ProjectedSource(CutStack(np.arange(6, dtype=np.uint8)[:, None, None]), Projection())
    assert source.read(source.info.plane())[0, 0, 0, 0, 0] == 3
    assert source.progress(source.info.plane()) == (4, 4)


def test_where_no_plane_is_left_a_sentence_says_so():
    source = ProjectedSource(CutStack(np.zeros((6, 1, 1), np.uint8)), Projection("mean", (4, 6)))
    with pytest.raises(NoPixels, match="none of these planes"):
        source.read(source.info.plane())


def test_who_draws_and_who_measures_may_read_the_same_projection_at_once():
    planes = np.arange(40, dtype=np.uint16).repeat(6).reshape(40, 2, 3)
    stack = Stack(planes)
    begun, gate = threading.Event(), threading.Event()
    read = stack.read

    def slowly(region):
        begun.set()
        assert gate.wait(10)
        return read(region)

    stack.read = slowly
    source = ProjectedSource(stack, Projection("sum"))
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(source.read, source.info.plane())
        assert begun.wait(10)
        second = pool.submit(source.read, source.info.plane())
        gate.set()
        for answer in (first, second):
            np.testing.assert_array_equal(answer.result()[0, 0, 0], planes.sum(0))
    assert stack.reads == 40
