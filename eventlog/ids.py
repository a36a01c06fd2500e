"""Ids for streams and events: UUID version 7 (RFC 9562), so that what is made together lies together in an index."""

import os
import time
from uuid import UUID


def new_id() -> UUID:
    """48 bits of Unix milliseconds, version and variant, 74 random bits."""
    random = int.from_bytes(os.urandom(10))
    value = (
        (time.time_ns() // 1_000_000) << 80
        | 0x7 << 76
        | (random >> 64 & 0xFFF) << 64
        | 0x2 << 62
        | random & (1 << 62) - 1
    )
    return UUID(int=value)
