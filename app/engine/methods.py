"""What a Methods section says about a result, written from the records that the results carry."""

import json
from collections.abc import Sequence
from pathlib import PurePath

from app.images.record import Provenance

HASH_DIGITS = 12


def methods_text(records: Sequence[Provenance], citation: str = "") -> str:
    """Return a paragraph for the Methods section, in English, true for all `records`.

    Results that were made differently are told apart; what is the same is said once.

    Parameters
    ----------
    records : sequence of Provenance
        One per result; at least one.
    citation : str
        How to cite the model; empty: left out.

    Raises
    ------
    ValueError
        If there are no records.
    """
    if not records:
        raise ValueError("there is nothing to tell about no results")
    ways: dict[tuple[object, ...], list[Provenance]] = {}
    for record in records:
        ways.setdefault(_way(record), []).append(record)
    sentences = [_way_sentences(group) for group in ways.values()]
    if citation:
        sentences.append(f"The model is described in {citation.rstrip('.')}.")
    sentences.append(_remark_sentences(records))
    return " ".join(sentence for sentence in sentences if sentence)


def _way(record: Provenance) -> tuple[object, ...]:
    """Everything that two results must share to be told in one sentence."""
    return (
        record.program,
        record.version,
        record.model_id,
        record.model_version,
        record.model_sha256,
        record.device,
        record.precision,
        record.tile,
        record.halo,
        record.seed,
        settings_of(record),
    )


def _way_sentences(records: Sequence[Provenance]) -> str:
    first = records[0]
    count = len(records)
    what = "One image was" if count == 1 else f"{count} images were"
    program = f"{first.program} {first.version}".strip()
    model = f'model "{first.model_id}"'
    facts = [f"version {first.model_version}"] if first.model_version else []
    if first.model_sha256:
        facts.append(f"weights SHA-256 {first.model_sha256[:HASH_DIGITS]}")
    sentences = [f"{what} restored with {program}, {model}{_in_brackets(facts)}."]
    settings = [f"{name} {value}" for name, value in settings_of(first)]
    if settings:
        sentences.append(f"Settings that differ from the model's own: {', '.join(settings)}.")
    if first.tile:
        margin = f" with a margin of {first.halo} px" if first.halo else ""
        sentences.append(f"Images were processed in blended tiles of {first.tile} px{margin}.")
    how = [part for part in (_device(first.device), first.precision) if part]
    if how:
        sentences.append(f"The computation ran on {' in '.join(how)} (seed {first.seed}).")
    unfinished = sum(not record.complete for record in records)
    if unfinished:
        verb = "was" if unfinished == 1 else "were"
        sentences.append(f"{unfinished} of {count} {verb} ended early and not all planes are restored.")
    return " ".join(sentences)


def _remark_sentences(records: Sequence[Provenance]) -> str:
    """Say what was remarked about any result, naming the images if it was not all of them."""
    about: dict[str, list[str]] = {}
    for record in records:
        for remark in dict.fromkeys(record.remarks):
            about.setdefault(remark, []).append(PurePath(record.input_path).name)
    parts = []
    for remark, names in about.items():
        where = "" if len(names) == len(records) else f" ({', '.join(names)})"
        parts.append(f"{remark.rstrip('.')}{where}.")
    return f"Noted while restoring: {' '.join(parts)}" if parts else ""


def settings_of(record: Provenance) -> tuple[tuple[str, str], ...]:
    """Return name and value of what was set otherwise than the model has it; none if nobody can tell."""
    try:
        spec = json.loads(record.spec)["value"]
        return tuple((str(name).replace("_", " "), str(value)) for name, value in spec["values"])
    except (ValueError, KeyError, TypeError):
        return ()


def _device(device: str) -> str:
    if not device:
        return ""
    return "the processor" if device.lower().startswith("cpu") else f"a graphics processor ({device})"


def _in_brackets(facts: Sequence[str]) -> str:
    return f" ({', '.join(facts)})" if facts else ""
