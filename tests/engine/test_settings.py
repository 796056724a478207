import logging
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.settings import (
    PERSON_FILE,
    Settings,
    SettingsNotSaved,
    load_settings,
    locked_settings,
    save_settings,
)

choices = st.builds(
    Settings,
    results_dir=st.text(),
    memory_limit_gb=st.floats(0, 100),
    theme=st.sampled_from(["system", "light", "dark"]),
    network=st.booleans(),
    recent=st.lists(st.text(), max_size=3).map(tuple),
)


@given(chosen=choices)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_saved_is_loaded_again(chosen, paths):
    save_settings(paths, chosen)
    readable = tuple(
        name for name in chosen.recent if name.isprintable() or name.encode("utf-8", "ignore") == name
    )
    loaded = load_settings(paths)
    assert replace(loaded, recent=()) == replace(chosen, recent=())
    assert set(readable) <= set(loaded.recent) <= set(chosen.recent)


def test_without_files_the_defaults_hold(paths):
    assert load_settings(paths) == Settings()


def test_a_bad_key_costs_only_itself(paths, caplog):
    paths.config.mkdir(parents=True)
    (paths.config / PERSON_FILE).write_text(
        'device = 3\ntheme = "pink"\ncache_gb = -1\nno_such = 1\nnetwork = false\ntext_scale = 2\n'
    )
    with caplog.at_level(logging.WARNING):
        loaded = load_settings(paths)
    assert loaded == Settings(network=False, text_scale=2.0)
    for name in ("device", "theme", "cache_gb", "no_such"):
        assert name in caplog.text


def test_a_file_that_is_no_toml_costs_nothing_but_a_line_in_the_log(paths, caplog):
    paths.config.mkdir(parents=True)
    (paths.config / PERSON_FILE).write_bytes(b"\xff\x00 =")
    assert load_settings(paths) == Settings()
    assert PERSON_FILE in caplog.text


def test_the_facility_wins_and_its_choices_are_locked(paths, tmp_path):
    policy = tmp_path / "policy.toml"
    policy.write_text("network = false\n")
    save_settings(paths, Settings(network=True, cache_gb=2.0), policy=policy)
    assert load_settings(paths, policy=policy) == Settings(network=False, cache_gb=2.0)
    assert locked_settings(policy=policy) == {"network"}


def test_names_that_are_no_text_are_left_out_of_the_recent_files(paths):
    save_settings(paths, Settings(recent=("\udcff.tif", "a.tif")))
    assert load_settings(paths).recent == ("a.tif",)


def test_a_folder_that_cannot_be_written_is_told_in_a_sentence(paths):
    paths.config.parent.mkdir(parents=True, exist_ok=True)
    paths.config.touch()
    with pytest.raises(SettingsNotSaved, match="could not be written"):
        save_settings(paths, Settings(cache_gb=2.0))
