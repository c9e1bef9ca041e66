"""How the fleet reaches Kafka: the settings in librdkafka's words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from vigilog.config.settings import Settings
from vigilog.core.errors import MissingExtra, VigilogError
from vigilog.ship.properties import DEFAULTS
from vigilog.ship.properties import properties as shipped
from vigilog.shipping.targets import connection


class Unreachable(VigilogError):
    """Kafka does not answer, or refuses."""


def missing(error: ModuleNotFoundError) -> Exception:
    """What to raise where a library of the extra is not there: which one to install, if it is one of them."""
    if (error.name or "").partition(".")[0] not in {"confluent_kafka", "quixstreams"}:
        return error
    return MissingExtra(f"the fleet needs {error.name}", remedy="pip install 'vigilog[fleet]'")


def properties(settings: Settings) -> dict[str, Any]:
    """What librdkafka is told: the brokers of `[fleet]`, or those of `[ship]`, and of `[ship.kafka.properties]` what is not
    about sending. Raises ConfigurationError."""
    reached = connection(settings)
    if settings.fleet.brokers:
        reached = replace(reached, brokers=settings.fleet.brokers)
    return {"log_level": 3, **{name: value for name, value in shipped(reached).items() if name not in DEFAULTS}}


def failures() -> tuple[type[Exception], ...]:
    """What the libraries raise when Kafka, or the state, cannot go on. Raises MissingExtra."""
    try:
        from confluent_kafka import KafkaException  # noqa: PLC0415 - an extra
        from quixstreams.exceptions import QuixException  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise missing(error) from error
    return KafkaException, QuixException
