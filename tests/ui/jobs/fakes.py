"""An engine that does only what a test says, and the services around it."""

import itertools
import time
from dataclasses import replace

from PySide6.QtCore import QCoreApplication
from shiboken6 import delete, isValid

from app.engine.events import StateChanged
from app.engine.job import Job
from app.engine.specs import Input, RestoreSpec
from app.library.store import Library
from app.paths import find_paths
from app.ui.background import Background
from app.ui.bridge import EngineBridge
from app.ui.panels import Services
from app.ui.preferences.holder import SettingsHolder
from app.ui.session import Session


class FakeEngine:
    """Keeps jobs in a list, remembers what it was asked, and says what it is told to say."""

    def __init__(self):
        self.listeners = []
        self.rows = []
        self.asked = []
        self.previews = []
        self.promised = {}
        self.log = ("first line", "last line")
        self._numbers = itertools.count(1)
        self._previews = itertools.count(-1, -1)

    def say(self, *events):
        for event in events:
            for listener in tuple(self.listeners):
                listener(event)

    def put(self, **values):
        """Add a job, or change the one with this id, and say so."""
        number = values.pop("id", None) or next(self._numbers)
        known = {job.id: job for job in self.rows}
        spec = values.pop("spec", RestoreSpec((Input("/pictures/stack.tif"),), "simple-smoothing"))
        blank = Job(number, "restore", "waiting", spec, created=time.time())
        known[number] = replace(known.get(number, blank), **values)
        self.rows = [known[key] for key in sorted(known)]
        self.say(StateChanged(number, known[number].state))
        return number

    # What the window asks of an engine

    def subscribe(self, listener):
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener) if listener in self.listeners else None

    def jobs(self):
        return tuple(self.rows)

    def submit(self, spec):
        self.asked.append(("submit", spec))
        return self.put(spec=spec)

    def preview(self, spec):
        number = next(self._previews)
        self.previews.append((number, spec))
        return number

    def cancel(self, number):
        self.asked.append(("cancel", number))

    def pause(self, number):
        self.asked.append(("pause", number))

    def resume(self, number):
        self.asked.append(("resume", number))

    def remove(self, number):
        self.asked.append(("remove", number))

    def repeat(self, number):
        self.asked.append(("repeat", number))
        return self.put()

    def promise(self, kind, model, device, megapixels):
        speed = self.promised.get(model)
        return None if speed is None else speed * megapixels

    def log_lines(self, number, count=50):
        return self.log

    def warm_up(self):
        self.asked.append(("warm_up", 0))

    def close(self):
        self.listeners.clear()


class FakeNotices:
    """Remembers what would have been said."""

    def __init__(self):
        self.told = []
        self.buttons = []
        self.errors = []

    def tell(self, sentence, buttons=(), *, seconds=8.0):
        self.told.append(sentence)
        self.buttons.append(dict(buttons))

    def show_error(self, error):
        self.errors.append(error)


def fake_services(parent=None):
    """Return services with a fake engine and fake notices; everything else is real."""
    paths = find_paths()
    background = Background(parent)
    engine = FakeEngine()
    return Services(
        paths,
        SettingsHolder(paths, background, parent),
        engine,
        Library(paths),
        Session(background, lambda: 10**7, parent),
        EngineBridge(engine, parent),
        background,
        FakeNotices(),
    )


def let_go(services):
    """Close everything; answers that are still on their way reach nobody. Calling it twice does no harm."""
    if not isValid(services.background):
        return
    services.bridge.close()
    for _round in range(2):  # what is opened meanwhile is closed, too
        services.background._pool.waitForDone(10000)
        QCoreApplication.processEvents()
    services.session.close_all()
    services.background.close()
    delete(services.background)
