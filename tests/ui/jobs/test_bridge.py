import threading

from app.engine.events import Progress, StateChanged
from app.ui.bridge import EngineBridge


class Listeners:
    def __init__(self):
        self.listeners = []

    def subscribe(self, listener):
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def say_from_another_thread(self, event):
        thread = threading.Thread(target=lambda: [listener(event) for listener in self.listeners])
        thread.start()
        thread.join()


def test_an_event_from_another_thread_arrives_on_the_windows_thread(qtbot):
    engine = Listeners()
    bridge = EngineBridge(engine)
    threads = []
    bridge.progressed.connect(lambda _event: threads.append(threading.current_thread()))
    with qtbot.waitSignal(bridge.progressed) as caught:
        engine.say_from_another_thread(Progress(7, 3, 10, "plane"))
    assert caught.args == [Progress(7, 3, 10, "plane")]
    assert threads == [threading.main_thread()]


def test_a_job_in_another_state_changes_the_list_of_jobs(qtbot):
    engine = Listeners()
    bridge = EngineBridge(engine)
    with qtbot.waitSignals([bridge.state_changed, bridge.jobs_changed]):
        engine.say_from_another_thread(StateChanged(1, "running"))


def test_progress_does_not_change_the_list_of_jobs(qtbot):
    engine = Listeners()
    bridge = EngineBridge(engine)
    with qtbot.assertNotEmitted(bridge.jobs_changed), qtbot.waitSignal(bridge.progressed):
        engine.say_from_another_thread(Progress(1, 1, 2, "plane"))


def test_a_closed_bridge_hears_nothing(qtbot):
    engine = Listeners()
    EngineBridge(engine).close()
    assert engine.listeners == []
