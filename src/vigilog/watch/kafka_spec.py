"""How a source in Kafka is written: which topics, and what of a record is the line."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vigilog.core.errors import ConfigurationError

_TOPIC = re.compile(r"(?!\.\.?$)[A-Za-z0-9._*-]{1,249}")
"""What Kafka takes for a topic's name (3.9, org.apache.kafka.common.internals.Topic); and `*`, which stands for any part."""
_VALUE = re.compile(r"[^\x00-\x20\x7f&=?]{1,249}")
EXPECTED = "kafka:TOPIC, several as TOPIC,TOPIC, * for any part of a name, and perhaps ?field=NAME, ?group=NAME or both with &"


@dataclass(frozen=True, slots=True)
class Spec:
    """The records of `topics`, in whose names `*` stands for any part. `field`: the name under which a record that is a JSON
    object has the line ('': the whole record is the line). `group`: the consumer group ('': the usual one)."""

    topics: tuple[str, ...]
    field: str = ""
    group: str = ""

    @property
    def name(self) -> str:
        """The name that positions are stored under."""
        options = "&".join(f"{key}={value}" for key, value in (("field", self.field), ("group", self.group)) if value)
        return f"kafka:{','.join(self.topics)}" + (options and f"?{options}")

    @property
    def subscription(self) -> list[str]:
        """What librdkafka subscribes to: names, and regular expressions, which begin with ^."""
        return [f"^{_expression(topic)}$" if "*" in topic else topic for topic in self.topics]

    @property
    def has_patterns(self) -> bool:
        """Some topics are not named in full."""
        return any("*" in topic for topic in self.topics)

    def means(self, topic: str) -> bool:
        """Whether a topic is one of those. Kafka's own (`__consumer_offsets`) must be named in full."""
        if topic in self.topics:
            return True
        return not topic.startswith("__") and any(re.fullmatch(_expression(each), topic) for each in self.topics if "*" in each)


def spec(text: str) -> Spec:
    """The spec `kafka:...`. Raises ConfigurationError."""
    topics, _, rest = text.removeprefix("kafka:").partition("?")
    names = tuple(dict.fromkeys(topics.split(",")))
    options = dict(each.partition("=")[::2] for each in rest.split("&")) if rest else {}
    are_known = options.keys() <= {"field", "group"} and all(map(_VALUE.fullmatch, options.values()))
    if not all(map(_TOPIC.fullmatch, names)) or not are_known or text.count("=") != len(options) or text.endswith("?"):
        raise ConfigurationError(f"a source {text}", expected=EXPECTED)
    return Spec(names, options.get("field", ""), options.get("group", ""))


def _expression(topic: str) -> str:
    """A regular expression for a name with `*` in it, in what Python and librdkafka both understand."""
    return topic.replace(".", "[.]").replace("*", ".*")
