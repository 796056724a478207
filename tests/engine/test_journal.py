import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine import journal
from app.engine.errors import JournalNotWritten
from app.engine.journal import Journal, committed_units


def written(folder, units):
    book = Journal(folder)
    for unit in units:
        book.commit(unit)
    book.close()


def test_a_later_process_knows_what_is_committed_and_noted(tmp_path):
    book = Journal(tmp_path)
    book.commit("t0c0z0")
    book.note("output", "a.tif")
    book.note("output", "b.tif")
    book.close()
    again = Journal(tmp_path)
    assert again.has("t0c0z0")
    assert not again.has("t0c0z1")
    assert again.noted("output") == "b.tif"
    again.close()


@given(data=st.data())
def test_a_journal_torn_anywhere_holds_exactly_the_whole_lines(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("job")
    names = data.draw(st.lists(st.text(min_size=1), min_size=1, max_size=5, unique=True))
    written(folder, names)
    file = folder / journal.JOURNAL_FILE
    content = file.read_bytes()
    cut = data.draw(st.integers(0, len(content)))
    file.write_bytes(content[:cut])
    whole = content[:cut].count(b"\n")
    assert committed_units(folder) == set(names[:whole])
    written(folder, ["next"])
    assert committed_units(folder) == {*names[:whole], "next"}


def test_zeros_after_a_power_cut_do_not_count(tmp_path):
    written(tmp_path, ["a"])
    with (tmp_path / journal.JOURNAL_FILE).open("ab") as file:
        file.write(b"\0" * 20 + b"\n")
    written(tmp_path, ["b"])
    assert committed_units(tmp_path) == {"a", "b"}


def test_a_full_disk_is_told_in_a_sentence(tmp_path, monkeypatch):
    def is_full(_file):
        raise OSError(errno.ENOSPC, "No space left on device")

    book = Journal(tmp_path)
    monkeypatch.setattr("os.fsync", is_full)
    with pytest.raises(JournalNotWritten, match="No space left"):
        book.commit("a")
    assert not book.has("a")
    book.close()


def test_a_line_that_the_disk_refused_does_not_hide_later_ones(tmp_path, monkeypatch):
    def is_full(_file):
        raise OSError(errno.ENOSPC, "No space left on device")

    book = Journal(tmp_path)
    monkeypatch.setattr("os.fsync", is_full)
    with pytest.raises(JournalNotWritten):
        book.commit("a")
    monkeypatch.undo()
    book.commit("b")
    book.close()
    assert committed_units(tmp_path) == {"b"}


def test_the_end_of_the_log_is_found_without_reading_all_of_it(tmp_path):
    (tmp_path / journal.LOG_FILE).write_text("\n".join(f"line {number}" for number in range(100_000)))
    assert journal.last_lines(tmp_path, 2) == ("line 99998", "line 99999")
    assert journal.last_lines(tmp_path / "nothing", 2) == ()
