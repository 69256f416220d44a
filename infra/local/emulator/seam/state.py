"""ministack's state: what its services hold in memory, as text that can be saved and loaded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

from infra.local.emulator.start import CannotStart

_app: Any = import_module("ministack.app")
_persistence: Any = import_module("ministack.core.persistence")
_sts: Any = import_module("ministack.services.sts")

type Session = dict[str, Any]
"""An STS session: secret, token, ARN, account and expiration."""


def states_of(service: str) -> tuple[str, ...]:
    """The names of the states that the requests of `service` change."""
    registered = _app.SERVICE_REGISTRY[service]
    return (
        registered.get("state_key", registered["module"]),
        *registered.get("sub_modules", ()),
    )


def snapshot(names: Iterable[str] | None = None) -> Mapping[str, str]:
    """The states with `names`, or all, of the services that were used; each as JSON."""
    holders = _app._build_persistence_save_dict()
    texts = {}
    for name in holders if names is None else names:
        state = _held(name, holders[name]) if name in holders else None
        if state is not None:
            texts[name] = json.dumps(state, default=_persistence._json_default)
    return texts


_UNCOPIED = {"glue": "_ALL_STATE"}
"""States whose holder copies them first, which takes five times as long as writing them."""


def _held(name: str, holder: Callable[[], Any]) -> Any:
    """What a service holds; it is written before anything can change it."""
    if name in _UNCOPIED:
        return getattr(_app._get_module(_app._state_map[name]), _UNCOPIED[name])
    return holder()


class StateUnreadable(CannotStart):
    """A saved state cannot be loaded; the text names the service and why."""


def load(saved: Callable[[str], str | None]) -> None:
    """Load every state that `saved` has; ministack itself neither loads nor saves from now on.

    Raises:
        StateUnreadable: a state was saved by another version, or is damaged.
    """
    for name, module in _app._state_map.items():
        text = saved(name)
        if text is None:
            continue
        try:
            held = json.loads(text, object_hook=_persistence._json_object_hook)
            _app._get_module(module).load_persisted_state(held)
        except Exception as error:  # whatever it is, to go on would overwrite what was saved
            raise StateUnreadable(f"the saved state of {name} cannot be read: {error}") from error
    _app._load_persisted_state = lambda: None
    _app.save_all = lambda _holders: None


def before_first_request(act: Callable[[], None]) -> None:
    """Call `act` on the event loop once it serves, before the first request."""
    _app._load_persisted_state = act


def restore_sessions(sessions: Mapping[str, Session]) -> None:
    """Let the STS sessions, by access key, be valid again."""
    _sts._sessions.update(sessions)


def on_new_session(save: Callable[[str, Session], None]) -> None:
    """Call `save` with each new STS session before its credentials are handed out."""
    register = _sts.register_session

    def register_and_save(access_key_id: str, session: Session) -> None:
        register(access_key_id, session)
        save(access_key_id, session)

    _sts.register_session = register_and_save
