"""The reference site with a session engine of the test's choosing."""

import os

from tests.settings import *  # noqa: F403
from tests.settings import CACHES, OSTIARY, REDIS_URL

SESSION_ENGINE = os.environ["SESSIONS"]
OSTIARY["THROTTLE_STORAGE"] = "database://"
# Operators are asked for no second factor: the tests say of their sessions that they showed one.
OSTIARY["SIGNIN_STEPS"] = ["ostiary.second_step.SecondStep"]
if REDIS_URL:
    CACHES["default"]["KEY_PREFIX"] = os.environ["KEY_PREFIX"]
