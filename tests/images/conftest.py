"""What the tests of images share."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.images.open import open_image
from models.source import ImageSource


@pytest.fixture
def opened() -> Iterator[Callable[..., ImageSource]]:
    """`open_image` whose sources are closed when the test is over."""
    sources: list[ImageSource] = []

    def opener(path: Path, *arguments: object, **options: object) -> ImageSource:
        source = open_image(path, *arguments, **options)
        sources.append(source)
        return source

    yield opener
    for source in sources:
        source.close()
