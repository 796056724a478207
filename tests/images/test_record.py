import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.images.errors import FileGone
from app.images.record import FORMAT, Provenance, read_record
from tests.makers import cells, write_imagej, write_ome

texts = st.text(max_size=30)
records = st.builds(
    Provenance,
    spec=texts,
    model_id=texts,
    input_path=texts,
    tile=st.integers(0, 10**6),
    seed=st.integers(0, 2**63),
    input_range=st.none() | st.tuples(st.floats(allow_nan=False, allow_infinity=False), st.just(1e9)),
    remarks=st.lists(texts, max_size=3).map(tuple),
    complete=st.booleans(),
)


@given(records)
def test_a_record_survives_json(record):
    assert Provenance.from_json(record.to_json()) == record


@pytest.mark.parametrize("odd", [math.nan, math.inf])
def test_a_range_that_json_cannot_tell_is_left_out(odd):
    text = Provenance(input_range=(0.0, odd)).to_json()
    assert json.loads(text)["input_range"] is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "other"}', f'{{"format": "{FORMAT}"}}'])
def test_another_text_is_no_record(text):
    with pytest.raises(ValueError):
        Provenance.from_json(text)


def test_files_of_others_carry_no_record(tmp_path):
    pixels = cells((1, 1, 2, 30, 40))
    (tmp_path / "a.txt").write_text("Dear diary")
    assert read_record(write_ome(tmp_path / "a.ome.tif", pixels)) is None
    assert read_record(write_imagej(tmp_path / "b.tif", pixels)) is None
    assert read_record(tmp_path / "a.txt") is None


def test_a_file_that_is_gone_is_said(tmp_path):
    with pytest.raises(FileGone):
        read_record(tmp_path / "gone.tif")
