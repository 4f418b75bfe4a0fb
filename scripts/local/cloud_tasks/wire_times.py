"""proto-plus hands out `timedelta` and `datetime`, though its annotations name the wire's types."""

from datetime import datetime, timedelta
from typing import cast

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp


def duration(field: Duration) -> timedelta:
    """Read a duration; unset is zero."""
    return cast("timedelta", field)


def instant(field: Timestamp) -> datetime | None:
    """Read an instant; unset is None."""
    return cast("datetime | None", field)
