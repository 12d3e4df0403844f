"""Controls of a Portdesk host for tests: spaces, clock, faults, snapshots, calls and checks."""

from .console import CheckFailed, Console, ConsoleError, Space

__all__ = ["CheckFailed", "Console", "ConsoleError", "Space"]
