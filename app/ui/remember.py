"""What the viewer takes over from the settings and leaves there."""

from typing import Any

from app.ui.preferences.holder import SettingsHolder
from app.ui.viewer.pace import Pace, Turn


def remember_pace(
    viewer: Any, settings: SettingsHolder
) -> None:  # Any: the viewer is imported when it is made
    """Play as was chosen last, and store what is chosen from now on."""
    chosen = settings.current

    def store(pace: Pace) -> None:
        settings.change(
            play_per_second=pace.per_second,
            play_every_frame=pace.is_every_frame,
            play_back_and_forth=pace.turn == "bounce",
        )

    turn: Turn = "bounce" if chosen.play_back_and_forth else "loop"
    viewer.player.set_pace(Pace(chosen.play_per_second, chosen.play_every_frame, turn))
    viewer.player.pace_changed.connect(store)
