"""The fixtures.

`portdesk_console` is the private listener of the host for the whole run, and `portdesk` is a space of its own for each test.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from .console import Console, Space


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("portdesk")
    group.addoption("--portdesk-console", metavar="URL", help="private listener of the host (PORTDESK_CONSOLE)")
    group.addoption("--portdesk-url", metavar="URL", help="base URL of the API (PORTDESK_URL)")
    group.addoption(
        "--portdesk-data-dir",
        metavar="FOLDER",
        help="data folder of the host, which has the address and the token of the private listener (PORTDESK_DATA_DIR)",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "portdesk(seed=None, clock=None, clients=None, from_=None): how the space of the test is made",
    )


@pytest.fixture(scope="session")
def portdesk_console(pytestconfig: pytest.Config) -> Console:
    """The private listener of the host."""
    api_url = pytestconfig.getoption("--portdesk-url") or os.environ.get("PORTDESK_URL")
    url = pytestconfig.getoption("--portdesk-console") or _setting(pytestconfig, "PORTDESK_CONSOLE", "console.address")
    token = _setting(pytestconfig, "PORTDESK_CONSOLE_TOKEN", "console.token")
    return Console(url, token, api_url or None)


@pytest.fixture
def portdesk(portdesk_console: Console, request: pytest.FixtureRequest) -> Iterator[Space]:
    """A space that no other test uses. It ends with the test."""
    marker = request.node.get_closest_marker("portdesk")
    with portdesk_console.space(_name(request.node.name), **(marker.kwargs if marker else {})) as space:
        yield space


def _setting(config: pytest.Config, variable: str, name: str) -> str:
    """The value of a variable, or else the content of a file that a running host keeps in its data folder."""
    value = os.environ.get(variable)
    if value:
        return value
    folder = config.getoption("--portdesk-data-dir") or os.environ.get("PORTDESK_DATA_DIR")
    if not folder:
        raise pytest.UsageError(f"set {variable}, or --portdesk-data-dir to the data folder of the running host")
    file = Path(folder) / name
    try:
        return file.read_text(encoding="ascii").strip()
    except OSError as error:
        reason = f"{file} cannot be read ({error.strerror}); start the host with --console and --controls, or set {variable}"
        raise pytest.UsageError(reason) from None


def _name(test: str) -> str:
    """A name for the space of a test. Its end is random, so that processes of pytest can share a host."""
    words = re.sub("[^a-z0-9]+", "-", test.lower()).strip("-")[:50]
    return f"{words or 'test'}-{secrets.token_hex(4)}"
