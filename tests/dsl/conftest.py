"""What the tests of the language share."""

import pytest


@pytest.fixture
def accept(request: pytest.FixtureRequest) -> bool:
    """Whether goldens are to be rewritten."""
    return bool(request.config.getoption("--accept"))
