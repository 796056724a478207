"""From a verdict to the Restore page, in the real window."""

from tests.ui.training.reports import write_training


def test_a_model_that_was_just_saved_is_picked_for_the_bad_image(make_house, stack, tmp_path, qtbot):
    house = make_house([])
    folder = write_training(tmp_path / "actin")
    house.services.library.add(folder)
    house.desk.go("train")
    train = house.window.places["train"].make()
    qtbot.waitUntil(lambda: train is not None)
    house.desk.use_model("my-actin", [stack])
    qtbot.waitUntil(lambda: house.services.session.current is not None)
    restore = house.window.places["restore"].content
    qtbot.waitUntil(lambda: restore._card is not None and restore._card.id == "my-actin", timeout=10000)
    assert restore.isVisible()
