"""What the tests of measurements share with those of the read side."""

from tests.projections.conftest import made  # noqa: F401 - a fixture
