"""The supervisor as the commands see it: start it, stop it, ask what runs."""

from __future__ import annotations

START_TIMEOUT_SECONDS = 60
STOP_TIMEOUT_SECONDS = 60
