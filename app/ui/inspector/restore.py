"""The Restore page at work: from the current image to a preview, a promise and a job."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.engine.job import Job
from app.engine.specs import Input, PreviewSpec, RestoreSpec
from app.library.card import ModelCard
from app.text import _
from app.ui.computer import Computer, probe
from app.ui.inspector.restore_follow import ResultFollower
from app.ui.inspector.restore_look import look_at
from app.ui.inspector.restore_offers import Offers, find_offers
from app.ui.inspector.restore_page import RestorePage
from app.ui.inspector.restore_preview import Previewer
from app.ui.inspector.restore_promise import Promises
from app.ui.inspector.restore_words import free_name, picture_sentence, promise_words, run_words
from app.ui.jobs.watch import JobsWatch
from app.ui.panels import Services
from app.ui.session import OpenImage
from app.ui.viewer.state import Box, ViewState
from models.errors import UserError
from models.knobs import N_
from models.source import ImageInfo, Reading

FIRST_DEVICES = (("auto", N_("what is fastest")), ("cpu", N_("the processor")))


class RestorePanel(QWidget):
    """Shows the page for the current image, keeps its preview fresh and submits its jobs."""

    preview_box_wanted = Signal(bool)
    preview_made = Signal(object, object)  # Box, pixels (c, h, w)
    unfinished_changed = Signal(object)  # frozenset of planes (t, c, z) of the original
    plane_arrived = Signal(int, int, int)  # t, c, z of the original: its restored plane is there

    def __init__(self, services: Services, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._services = services
        engine, bridge, background = services.engine, services.bridge, services.background
        self._image: OpenImage | None = None
        self._offers = Offers()
        self._card: ModelCard | None = None
        self._wish = ""  # id of the model that the person picked
        self._box: Box | None = None
        self._shown: tuple[int, ...] = ()  # channels that the viewer draws
        self._wants_preview = True
        self._is_submitting = False
        self.page = RestorePage(FIRST_DEVICES)
        self.watch = JobsWatch(engine, bridge, background, self)
        self.previewer = Previewer(engine, bridge, background, self)
        self.promises = Promises(engine, background, self)
        self.follower = ResultFollower(services.session, bridge, self.watch, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.page)
        self._connect()
        engine.warm_up()
        background.run(probe, self._take_computer, priority=-1)
        self.watch.refresh()
        QTimer.singleShot(0, self, self._begin)  # when the panel is connected with the viewer

    def _begin(self) -> None:
        self.show_image(self._services.session.current)

    def _connect(self) -> None:
        session, page, bar = self._services.session, self.page, self.page.bar
        session.current_changed.connect(self.show_image)
        session.image_opened.connect(self._count_images)
        session.image_opened.connect(self._make_way)
        session.image_closed.connect(self._count_images)
        self._services.settings.changed.connect(self._show_offer)
        page.model_picked.connect(self._pick)
        page.settings_changed.connect(self._refresh)
        page.preview_toggled.connect(self._wish_preview)
        bar.run_clicked.connect(self._run_one)
        bar.run_all_clicked.connect(self._run_all)
        bar.cancel_clicked.connect(self._cancel)
        self.previewer.made.connect(self.preview_made)
        self.previewer.said.connect(page.show_preview_words)
        self.previewer.timed.connect(self.promises.note_pace)
        self.promises.changed.connect(self._show_offer)
        self._services.bridge.measured.connect(self._ask_promises)
        self._services.bridge.item_done.connect(self._show_offer)
        self.follower.unfinished_changed.connect(self.unfinished_changed)
        self.follower.plane_arrived.connect(self.plane_arrived)
        self.watch.changed.connect(self._show_job)
        self.watch.moved.connect(self._show_job)

    # What the viewer tells

    def move_preview_box(self, box: Box) -> None:
        """Restore another part of the picture, or another plane."""
        self._box = box
        self._want_preview()

    def show_view_state(self, state: ViewState) -> None:
        """Restore the channels that are seen, and no others, in the box."""
        if state.shown != self._shown:
            self._shown = state.shown
            self._want_preview()

    # The image at hand

    def choose(self, model: str) -> None:
        """Use a model for this image and those that come, unless it is for others altogether."""
        self._wish = model
        if self._image is not None:
            self.show_image(self._image)

    def show_image(self, image: OpenImage | None) -> None:
        """Begin anew with another image."""
        self.previewer.stop()
        self._image, self._offers, self._card, self._box, self._shown = image, Offers(), None, None, ()
        self.preview_box_wanted.emit(False)
        if image is None:
            self.page.show_empty()
            return
        info = image.info
        self.page.show_picture(picture_sentence(info))
        self.page.bar.show_offer(_("Restore"), "", output="", reason=_("Looking for a model that fits…"))
        self._show_job()
        self._count_images()
        background, notices = self._services.background, self._services.notices
        find = partial(find_offers, self._services.library, info)
        background.run(find, partial(self._take_offers, image), notices.show_error, priority=1)
        has_result = self._services.session.result_for(image.key) is not None
        self._switch_preview(on=self._wants_preview and not has_result)
        look = partial(look_at, image.source)
        background.run(look, partial(self._take_look, image), partial(self._cannot_look, image))

    def _is_current(self, image: OpenImage) -> bool:
        return self._image is image

    def _take_offers(self, image: OpenImage, offers: Offers) -> None:
        if not self._is_current(image):
            return
        self._offers = offers
        wished = offers.fit(self._wish)
        keeps_wish = wished is not None and wished.level != "outside"
        self.page.show_offers(offers.ranked, self._wish if keeps_wish else "")

    def _take_look(self, image: OpenImage, noise: str) -> None:
        if self._is_current(image):
            self.page.show_picture(picture_sentence(image.info, _(noise) if noise else ""))

    def _cannot_look(self, image: OpenImage, error: Exception) -> None:
        if not isinstance(error, UserError):
            raise error
        if self._is_current(image):
            self.page.show_preview_words(_(error.sentence), "bad")

    def _take_computer(self, computer: Computer) -> None:
        self.page.settings.show_devices(computer.devices())

    # Choosing

    def _pick(self, card: ModelCard) -> None:
        """Use a model; what was set for another one is set anew."""
        image = self._image
        if image is None:
            return
        if self._card is not None:
            self._wish = card.id
        self._card = card
        self.page.settings.show_for(image.info, card, self._services.settings.current.device)
        self._refresh()

    def _refresh(self) -> None:
        self._show_offer()
        self._ask_promises()
        self._want_preview()

    def _channels(self, info: ImageInfo) -> tuple[int, ...]:
        return self.page.settings.choices().channels or tuple(range(info.shape[1]))

    def _wish_preview(self, is_wanted: bool) -> None:  # noqa: FBT001 - a slot of `toggled`
        self._wants_preview = is_wanted
        self._switch_preview(on=is_wanted)

    def _make_way(self, image: OpenImage) -> None:
        """Take the box away from a result, which it would hide."""
        if self._image is not None and image.result_of == self._image.key:
            self._switch_preview(on=False)

    def _switch_preview(self, *, on: bool) -> None:
        self.page.show_preview_switch(is_on=on)
        self.preview_box_wanted.emit(on)
        if on:
            self._want_preview()
        else:
            self.previewer.stop()

    def _want_preview(self) -> None:
        image, card, box = self._image, self._card, self._box
        if image is None or card is None or box is None or not self.page.preview.isChecked():
            return
        if fault := self._offers.fault(card.id):
            self.page.show_preview_words(fault, "bad")
            return
        choices = self.page.settings.choices()
        chosen = self._channels(image.info)
        channels = tuple(channel for channel in chosen if channel in self._shown) or chosen
        rows, columns = (box.y0, box.y0 + box.height), (box.x0, box.x0 + box.width)
        spec = PreviewSpec(
            input_of(image), card.id, box.t, channels, box.z, rows, columns, choices.device, choices.values
        )
        self.previewer.want(spec, replace(box, channels=channels))

    # The promise

    def _ask_promises(self, _measured: object = None) -> None:
        image = self._image
        if image is not None and self._offers.ranked:
            channels = len(self._channels(image.info))
            device = self.page.settings.choices().device
            self.promises.ask(image.info, channels, self._offers.cards, device)

    def _show_offer(self, _change: object = None) -> None:
        """Say what the button would do; the name of the result is looked up first."""
        image = self._image
        if image is None:
            return
        seconds = self.promises.seconds()
        self.page.choices.show_seconds(seconds)
        folder = Path(self._services.settings.current.results_dir or image.path.parent)
        look_up = partial(free_name, folder, RestoreSpec((), "").name_pattern, input_of(image))
        self._services.background.run(look_up, partial(self._show_named_offer, image), priority=1)

    def _show_named_offer(self, image: OpenImage, name: str) -> None:
        if not self._is_current(image):
            return
        card = self._card
        if card is None:  # models are still looked for
            return
        fit = self._offers.fit(card.id)
        anyway = fit is not None and fit.level == "outside"
        words = run_words(image.info, len(self._channels(image.info)), anyway=anyway)
        promise = promise_words(self.promises.seconds().get(card.id))
        self.page.bar.show_offer(words, promise, output=name, reason=self._offers.fault(card.id))

    def _count_images(self, _change: object = None) -> None:
        self.page.bar.show_all(len(self._originals()))

    def _originals(self) -> tuple[OpenImage, ...]:
        return tuple(image for image in self._services.session.images() if image.result_of is None)

    # The job

    def _run_one(self) -> None:
        if self._image is not None:
            self._submit((self._image,))

    def _run_all(self) -> None:
        self._submit(self._originals())

    def _submit(self, images: tuple[OpenImage, ...]) -> None:
        card = self._card
        if card is None or self._is_submitting:
            return
        self._is_submitting = True
        choices = self.page.settings.choices()
        same_channels = len({image.info.shape[1] for image in images}) == 1
        spec = RestoreSpec(
            tuple(input_of(image) for image in images),
            card.id,
            output_dir=self._services.settings.current.results_dir,
            channels=choices.channels if same_channels else (),
            device=choices.device,
            tile=choices.tile,
            dtype=choices.dtype,
            values=choices.values,
        )
        submit = partial(self._services.engine.submit, spec)
        self._services.background.run(submit, self._note_submitted, self._cannot_submit, priority=2)

    def _note_submitted(self, _number: int) -> None:
        self._is_submitting = False

    def _cannot_submit(self, error: Exception) -> None:
        self._is_submitting = False
        self._services.notices.show_error(error)

    def _cancel(self) -> None:
        job = self._job()
        if job is not None:
            self._services.engine.cancel(job.id)

    def _job(self) -> Job | None:
        """The job that restores the image at hand, if one runs or waits."""
        image = self._image
        if image is None:
            return None
        wanted = (str(image.path), image.info.scene)
        jobs = (job for job in self.watch.jobs if job.state in ("running", "waiting"))
        return next((job for job in jobs if wanted in _inputs(job)), None)

    def _show_job(self, _number: int = 0) -> None:
        job = self._job()
        if job is None:
            self.page.bar.show_idle()
        elif job.state == "waiting":
            self.page.bar.show_running(_("Waiting for the job before it."), None)
        else:
            self.page.bar.show_running(self.watch.sentence(job), self.watch.share(job))


def input_of(image: OpenImage) -> Input:
    """Say where an open image lies, with the person's corrections."""
    return Input(str(image.path), image.info.scene, image.reading or Reading())


def _inputs(job: Job) -> tuple[tuple[str, int], ...]:
    """Files and scenes that a job restores."""
    return (
        tuple((one.path, one.scene) for one in job.spec.inputs) if isinstance(job.spec, RestoreSpec) else ()
    )
