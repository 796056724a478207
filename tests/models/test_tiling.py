from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.restoration import tiling

AXES = {
    "length": st.integers(1, 700),
    "halo": st.integers(0, 40),
    "blend": st.integers(0, 20),
    "multiple": st.sampled_from([1, 2, 4, 8]),
    "more": st.integers(0, 200),
}


def spans(length, halo, blend, multiple, more):
    tile = tiling.smallest_tile(halo, blend, multiple) + more
    return tiling.plan_tiles(
        length, length, tile=(tile, tile), halo=halo, blend=blend, multiple=multiple
    ).rows, tile


@given(**AXES)
def test_tiles_start_and_extend_over_multiples_and_are_all_of_one_size(length, halo, blend, multiple, more):
    rows, tile = spans(length, halo, blend, multiple, more)
    sizes = {stop - start for start, stop in (one.read for one in rows)}
    assert len(sizes) == 1
    assert max(sizes) <= tile
    assert all(one.read[0] % multiple == 0 == one.read[1] % multiple for one in rows)


@given(**AXES)
def test_cores_cover_every_pixel_and_overlap_by_the_blend(length, halo, blend, multiple, more):
    rows, _ = spans(length, halo, blend, multiple, more)
    assert rows[0].core[0] == 0
    assert rows[-1].core[1] == length
    assert all(
        before.core[1] - after.core[0] >= min(blend, length - after.core[0])
        for before, after in pairwise(rows)
    )


@given(**AXES)
def test_what_is_kept_is_a_halo_away_from_every_inner_edge_of_its_tile(length, halo, blend, multiple, more):
    rows, _ = spans(length, halo, blend, multiple, more)
    assert all(after.core[0] - after.read[0] >= halo for after in rows[1:])
    assert all(before.read[1] - before.core[1] >= halo for before in rows[:-1])


@given(scale=st.sampled_from([1, 2, 4]), **AXES)
def test_weights_add_up_to_one_at_every_output_pixel(length, halo, blend, multiple, more, scale):
    rows, _ = spans(length, halo, blend, multiple, more)
    total = np.zeros(length * scale)
    for span, window in zip(rows, tiling.windows(rows, blend, scale), strict=True):
        assert window.min() > 0
        total[span.core[0] * scale : span.core[1] * scale] += window
    np.testing.assert_allclose(total, 1, atol=1e-6)


@given(**AXES)
def test_finished_rows_follow_one_another_to_the_end(length, halo, blend, multiple, more):
    rows, _ = spans(length, halo, blend, multiple, more)
    finished = tiling.finished_rows(rows)
    assert finished[0][0] == 0
    assert finished[-1][1] == length
    assert all(before[1] == after[0] for before, after in pairwise(finished))


@given(largest=st.integers(1, 900), **AXES)
def test_an_even_tile_needs_no_more_tiles_than_the_largest_one(length, halo, blend, multiple, more, largest):
    smallest = tiling.smallest_tile(halo, blend, multiple)
    largest = max(largest, smallest)
    side = tiling.even_tile(length, largest, halo=halo, blend=blend, multiple=multiple)
    assert side <= largest

    def count(tile):
        return len(
            tiling.plan_tiles(length, 1, tile=(tile, 64), halo=halo, blend=blend, multiple=multiple).rows
        )

    assert count(side) == count(largest)


def test_a_plane_that_fits_is_one_tile():
    plan = tiling.plan_tiles(100, 90, tile=(140, 140), halo=30)
    assert plan.tile == (132, 122)
    assert (len(plan.rows), len(plan.columns)) == (1, 1)


def test_a_tile_that_is_all_halo_is_refused():
    with pytest.raises(ValueError, match="too small for a halo of 30"):
        tiling.plan_tiles(500, 500, tile=(70, 70), halo=30)


@pytest.mark.parametrize(
    ("span", "length", "places"),
    [
        ((-2, 3), 5, [2, 1, 0, 1, 2]),
        ((3, 7), 5, [3, 4, 3, 2]),
        ((-4, 5), 2, [0, 1, 0, 1, 0, 1, 0, 1, 0]),
        ((-1, 2), 1, [0, 0, 0]),
    ],
)
def test_places_outside_mirror_those_inside(span, length, places):
    assert tiling.mirrored(span, length).tolist() == places


@given(
    length=st.integers(1, 500), data=st.data(), halo=st.integers(0, 40), multiple=st.sampled_from([1, 4, 8])
)
def test_a_box_is_read_with_its_halo_but_never_beyond_the_margin(length, data, halo, multiple):
    start = data.draw(st.integers(0, length - 1))
    stop = data.draw(st.integers(start + 1, length))
    low, high = tiling.box_range((start, stop), length, halo, multiple)
    first, last = tiling.whole_range(length, halo, multiple)
    assert low % multiple == 0 == high % multiple
    assert low == first or low <= start - halo
    assert high == last or high >= stop + halo
    assert first <= low < high <= last
