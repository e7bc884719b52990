"""Owns scenes: a widget with its page, in which a moment is as long as a test wants."""

import pytest
from scene import Scene

from cocalc_widget.frame.messages import postbox


@pytest.fixture
def scene(make, monkeypatch):
    monkeypatch.setattr(postbox, "MOMENT", 60)  # a moment lasts until the page is looked at
    return lambda **options: Scene(make, **options)
