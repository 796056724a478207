"""``micrographia models``: what is in the library, and adding to it."""

import argparse
from pathlib import Path

from app.commands.run import absolute, run_job
from app.commands.voice import DONE, STOPPED, Voice
from app.engine import events
from app.engine.specs import PackSpec
from app.library.store import Library
from app.paths import Paths
from app.text import _


def list_models(_asked: argparse.Namespace, paths: Paths, voice: Voice) -> int:
    """List the models that are here, each with its state."""
    library = Library(paths)
    rows = [
        {
            "id": card.id,
            "name": card.name,
            "purpose": card.purpose,
            "family": card.family,
            "version": card.version,
            "modality": card.modality,
            "scale": card.scale,
            "channels_in": card.channels_in,
            "pixel_size_um": card.pixel_size_um,
            "licence": card.licence,
            "size": card.size,
            "state": library.state(card.id),
        }
        for card in library.cards()
    ]
    wide = max(len(str(row["id"])) for row in rows)
    text = "\n".join(f"{row['id']!s:<{wide}}  {row['state']!s:<9}  {row['purpose']}" for row in rows)
    voice.result({"models": rows}, text)
    return DONE


def add_model(asked: argparse.Namespace, paths: Paths, voice: Voice) -> int:
    """Copy a trained model into the library."""
    card = Library(paths).add(Path(asked.folder))
    voice.result(
        {"added": card.id}, _("{name} is in the library as {id}.").format(name=card.name, id=card.id)
    )
    return DONE


def export_model(asked: argparse.Namespace, paths: Paths, voice: Voice) -> int:
    """Pack a model so that other programs can run it."""
    spec = PackSpec(
        model=Library(paths).card(asked.model).id,
        output=absolute(asked.output),
        authors=tuple(asked.author),
    )
    last = run_job(spec, paths, voice.hear)
    if not isinstance(last, events.Finished):
        voice.result({"stopped": True}, _("Stopped. Nothing was written."))
        return STOPPED
    (file,) = last.outputs
    voice.result({"output": file}, _("The package is {file}.").format(file=file))
    return DONE
