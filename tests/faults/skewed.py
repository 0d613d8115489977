"""Loaded into a real worker (`celery worker --include`): its machine's clock is wrong by the days of `WRONG_BY_DAYS`."""

import os
from datetime import UTC, datetime, timedelta

import time_machine

time_machine.travel(datetime.now(UTC) + timedelta(days=int(os.environ["WRONG_BY_DAYS"]))).start()
