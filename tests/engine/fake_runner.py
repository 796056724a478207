"""A runner that writes one line per unit and then does what its spec asks for."""

import os
import signal
import threading
from pathlib import Path

from fake_kinds import FakeSpec

from app.engine.events import Finished, Stopped
from models.errors import Stopped as Stop
from models.errors import UserError


class TooDark(UserError):
    code = "fake.too_dark"


def run(spec: FakeSpec, context):
    """Do the units that are not committed; each leaves a line in ``done.txt``."""
    context.hold_device("cpu")
    context.started("CPU, for a test")
    done = context.folder / "done.txt"
    try:
        for unit in range(spec.units):
            context.check()
            if context.is_committed(f"u{unit}"):
                continue
            with done.open("a") as file:
                file.write(f"u{unit}\n")
            context.commit(f"u{unit}")
            context.progress(unit + 1, spec.units, "units")
            if unit == spec.at:
                _misbehave(spec, context)
    except Stop:
        return Stopped(context.job, (str(done),))
    context.measured(model="fake", device="cpu", megapixels=2.0, seconds=1.0)
    return Finished(context.job, (str(done),))


def _misbehave(spec, context):
    match spec.fault:
        case "kill":
            if context.noted("killed") is None:
                context.note("killed", "yes")
                os.kill(os.getpid(), signal.SIGKILL)
        case "dark":
            raise TooDark("The image is too dark.", hint="Use more light.", level=0.5)
        case "bug":
            raise RuntimeError("a bug")
        case "deaf":
            threading.Event().wait()
        case "wait":  # until somebody stops it
            while True:
                context.check()
                threading.Event().wait(0.01)
        case "gate":
            while not Path(spec.gate).exists():
                threading.Event().wait(0.01)
        case "crash":
            import faulthandler

            faulthandler._sigsegv()
        case "tell pid":
            context.metric("pid", 0, float(os.getpid()))
            threading.Event().wait()
        case "tell pid and wait":
            context.metric("pid", 0, float(os.getpid()))
            while True:
                context.check()
                threading.Event().wait(0.01)
        case "warm":
            made = []
            context.keep("model", lambda: made.append(1) or os.getpid())
            context.metric("made", 0, float(len(made)))
