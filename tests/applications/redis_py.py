"""A worker and a listener with redis-py, in its default settings."""

import os
import threading
import time

import redis

URL = os.environ["REDIS_URL"]


def work():
    client = redis.Redis.from_url(URL)
    number = 0
    while True:
        number += 1
        try:
            client.lpush("jobs", f"redis-py {os.getpid()} {number}")
            client.get("jobs:done")
            client.publish("news", f"redis-py {os.getpid()} {number}")
        except redis.RedisError as error:
            print("work:", error, flush=True)
        time.sleep(0.1)


def listen():
    pubsub = redis.Redis.from_url(URL).pubsub()
    pubsub.subscribe("news")
    while True:
        try:
            for _ in pubsub.listen():
                pass
        except redis.RedisError as error:
            print("listen:", error, flush=True)
            time.sleep(0.5)


threading.Thread(target=listen, daemon=True).start()
work()
