"""The metadata store of tests keeps the promises that it stands for."""

import pytest

from zaffre.testing.clock import FakeClock
from zaffre.testing.metadata import FakeMetadata
from zaffre.testing.metadata_contract import MetadataContract


class TestFake(MetadataContract):
    @pytest.fixture
    def store(self, clock: FakeClock) -> FakeMetadata:
        return FakeMetadata(clock)
