"""How the fleet reaches Kafka: the settings in librdkafka's words."""

from __future__ import annotations

from typing import Any

from vigilog.config.settings import Settings
from vigilog.core.errors import MissingExtra, VigilogError


class Unreachable(VigilogError):
    """Kafka does not answer, or refuses."""


def missing(error: ModuleNotFoundError) -> Exception:
    """What to raise where a library of the extra is not there: which one to install, if it is one of them."""
    if (error.name or "").partition(".")[0] not in {"confluent_kafka", "quixstreams"}:
        return error
    return MissingExtra(f"the fleet needs {error.name}", remedy="pip install 'vigilog[fleet]'")


def properties(settings: Settings) -> dict[str, Any]:
    """What librdkafka is told: the brokers of `[fleet]`, or those of `[ship]`, and `[ship.kafka.properties]`."""
    brokers = settings.fleet.brokers or settings.ship.brokers
    return {"log_level": 3, **settings.kafka.properties, "bootstrap.servers": ",".join(brokers)}
