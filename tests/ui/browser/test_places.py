from pathlib import Path

import pytest

from app.ui.browser.drives import Drive, _kind, are_missing, find_drives
from app.ui.browser.history import History
from app.ui.browser.places import Place, PlacesTree, folders_in


@pytest.fixture
def drives(tmp_path):
    for name in ("stick", "share"):
        (tmp_path / name).mkdir()
    return [
        Drive(tmp_path / "stick", "My stick", "removable"),
        Drive(tmp_path / "share", "share (network)", "network"),
    ]


@pytest.fixture
def tree(qtbot, house, drives):
    tree = PlacesTree(house.background, lambda: tuple(drives))
    qtbot.addWidget(tree)
    qtbot.waitUntil(lambda: "My stick" in texts(tree))
    return tree


def texts(tree):
    return [tree.topLevelItem(row).text(0) for row in range(tree.topLevelItemCount())]


def test_places_begin_with_what_was_used_last(tree):
    assert texts(tree)[:3] == ["Recent images", "Recent folders", "Samples"]
    assert texts(tree)[-2:] == ["My stick", "share (network)"]


def test_a_drive_that_vanishes_is_shown_as_not_connected_and_comes_back(tree, qtbot, drives):
    stick = drives.pop(0)
    with qtbot.waitSignal(tree.drives_changed):
        tree.look_round()
    assert "My stick: not connected" in texts(tree)
    drives.append(stick)
    with qtbot.waitSignal(tree.drives_changed):
        tree.look_round()
    assert "My stick" in texts(tree)
    assert texts(tree).count("My stick") == 1


def test_pinned_folders_stand_above_home_and_say_when_they_are_missing(tree, qtbot, tmp_path):
    tree.show_pinned([str(tmp_path), str(tmp_path / "gone")])
    assert texts(tree)[3:6] == [tmp_path.name, "gone", "Home"]
    qtbot.waitUntil(lambda: texts(tree)[4] == "gone: not connected")
    tree.show_pinned([str(tmp_path)])
    assert texts(tree)[3:5] == [tmp_path.name, "Home"]


def test_recent_folders_are_unfolded(tree, tmp_path):
    tree.show_recent([str(tmp_path)])
    assert tree._recent.child(0).text(0) == tmp_path.name
    assert not tree._recent.isHidden()
    tree.show_recent([])
    assert tree._recent.isHidden()


def test_folders_are_unfolded_in_the_background(tree, qtbot, tmp_path):
    tree.show_pinned([str(tmp_path)])
    item = tree.topLevelItem(3)
    item.setExpanded(True)
    qtbot.waitUntil(lambda: item.childCount() > 0)
    assert item.child(0).text(0) == "home"
    tree.setCurrentItem(item.child(0))


def test_choosing_a_place_says_which(tree, qtbot):
    with qtbot.waitSignal(tree.place_chosen) as chosen:
        tree.setCurrentItem(tree.topLevelItem(2))
    assert chosen.args[0] == Place("samples")


def test_folders_are_listed_by_name_without_the_hidden_ones(tmp_path):
    for name in ("b 10", "b 2", "A", ".git"):
        (tmp_path / name).mkdir()
    assert [path.name for path in folders_in(tmp_path)] == ["A", "b 2", "b 10"]
    assert folders_in(Path("no such folder")) == []


def test_this_computer_is_among_the_drives():
    drives = find_drives()
    assert drives
    assert all(drive.name for drive in drives)


@pytest.mark.parametrize(
    ("place", "device", "file_system", "kind"),
    [
        ("/", "overlay", "overlay", "disk"),
        ("/mnt/lab", "server:/lab", "nfs4", "network"),
        ("/proc", "proc", "proc", None),
        ("/run/user/1000", "tmpfs", "tmpfs", None),
        ("/snap/core/1", "/dev/loop3", "squashfs", None),
        ("/boot/efi", "/dev/sda1", "vfat", None),
    ],
)
def test_drives_are_told_apart(place, device, file_system, kind, monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    assert _kind(place, device, file_system, "rw") == kind


def test_missing_folders_are_found(tmp_path):
    gone = tmp_path / "gone"
    assert are_missing([tmp_path, gone], on_network=False) == {gone}
    assert are_missing([tmp_path, gone], on_network=True) == frozenset()


def test_history_leads_back_and_forward():
    history = History()
    first, second, third = (Place("folder", Path(name)) for name in "abc")
    for place in (first, second, second):
        history.visit(place)
    assert history.can_back
    assert not history.can_forward
    assert history.step(-1) == first
    assert history.step(-1) is None
    assert history.step(1) == second
    history.step(-1)
    history.visit(third)
    assert history.step(1) is None
    assert history.step(-1) == first
