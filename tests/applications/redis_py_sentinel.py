"""Writes to the primary that Sentinels name, with redis-py, and prints the time of each good write and the server's port.

Arguments: `default`, or `eager` for a client that retries at once instead of after a pause; the name of the primary; and
host:port of each Sentinel.
"""

import sys
import time

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

how, name, *addresses = sys.argv[1:]
sentinels = [(host, int(port)) for host, port in (address.rsplit(":", 1) for address in addresses)]
settings = {"eager": {"retry": Retry(NoBackoff(), 0)}, "default": {}}[how]
# The time limit is that of redis-py's own documentation; without one, a frozen server would never be left.
primary = Sentinel(sentinels, socket_timeout=0.1).master_for(name, socket_timeout=0.1, **settings)
number = 0
while True:
    number += 1
    try:
        primary.set(f"redis-py:{how}", number, ex=60)
        print(time.time(), primary.connection_pool.master_address[1], flush=True)
    except redis.RedisError:
        pass
    time.sleep(0.01)
