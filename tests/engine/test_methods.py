from dataclasses import replace

import pytest

from app.engine.codec import encode
from app.engine.methods import methods_text
from app.engine.specs import Input, RestoreSpec
from app.images.record import Provenance

RECORD = Provenance(
    version="0.1.0",
    spec=encode(RestoreSpec((Input("/a/cells.tif"),), "pssr-em-x4")),
    model_id="pssr-em-x4",
    model_version="1",
    model_sha256="0123456789abcdef" * 4,
    device="cpu",
    precision="float32",
    tile=512,
    halo=48,
    seed=7,
    input_path="/a/cells.tif",
)


def test_one_result_is_told_with_everything_needed_to_repeat_it():
    text = methods_text([RECORD], citation="Doe et al. 2026")
    for part in (
        "One image was restored with Micrographia 0.1.0",
        '"pssr-em-x4"',
        "version 1",
        "0123456789ab",
    ):
        assert part in text
    assert "tiles of 512 px with a margin of 48 px" in text
    assert "the processor in float32 (seed 7)" in text
    assert text.endswith("The model is described in Doe et al. 2026.")


def test_what_is_the_same_is_said_once():
    text = methods_text([RECORD, replace(RECORD, input_path="/a/other.tif")])
    assert text.count("pssr-em-x4") == 1
    assert "2 images were restored" in text


def test_results_made_differently_are_told_apart():
    text = methods_text([RECORD, replace(RECORD, device="cuda:0", precision="bfloat16")])
    assert text.count("One image was restored") == 2
    assert "a graphics processor (cuda:0) in bfloat16" in text


def test_changed_settings_remarks_and_missing_planes_are_not_kept_silent():
    spec = RestoreSpec((Input("/a/cells.tif"),), "m", values=(("noise_level", 3),))
    marked = replace(RECORD, spec=encode(spec), remarks=("Smaller pieces were used.",), complete=False)
    text = methods_text([marked, replace(RECORD, input_path="/a/other.tif")])
    assert "noise level 3" in text
    assert "Smaller pieces were used (cells.tif)." in text
    assert "1 of 1 was ended early" in text


def test_a_record_without_facts_makes_no_empty_sentences():
    assert methods_text([Provenance(model_id="m")]) == 'One image was restored with Micrographia, model "m".'


def test_no_results_are_a_fault_of_the_program():
    with pytest.raises(ValueError, match="no results"):
        methods_text([])
