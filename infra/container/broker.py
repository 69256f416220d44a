"""The queue between the scheduler and the workers, as the service `mwaa` sees it."""

from __future__ import annotations

from redis.asyncio import Redis
from redis.exceptions import RedisError

from infra.local.mwaa.model import ConfigurationError

TIMEOUT_SECONDS = 30.0


async def empty_queue(url: str) -> None:
    """Forget every message at the broker `url`.

    Raises ConfigurationError when the broker does not answer, or does not let it.
    """
    try:
        async with Redis.from_url(url, socket_timeout=TIMEOUT_SECONDS) as broker:
            await broker.flushdb()
    except RedisError as error:
        raise ConfigurationError(f"The queue of tasks cannot be emptied: {error}") from error
