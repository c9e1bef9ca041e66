"""What is around a worker: its log."""

from __future__ import annotations

import logging

from vigilog.fleet.serving import told_to


def test_what_quix_streams_says_again_and_again_is_said_once_a_minute():
    lines: list[str] = []
    now = [0.0]
    logger = logging.getLogger("quixstreams")
    before = (logger.handlers[:], logger.level, logger.propagate)
    try:
        told_to(lines.append, lambda: now[0])
        for _ in range(3):
            logger.getChild("app").warning("brokers are %s", "down")
            logger.getChild("app").info("nobody needs this")
        logger.error("something else")
        now[0] = 60.0
        logger.warning("brokers are down")
    finally:
        logger.handlers[:], logger.level, logger.propagate = before
    assert lines == ["quixstreams: brokers are down", "quixstreams: something else", "quixstreams: brokers are down"]
