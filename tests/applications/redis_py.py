"""A worker and a listener with redis-py, in its default settings."""

import os
import threading
import time

import redis


def connect():
    # As in the README: Redis.from_url makes a client without retries (redis-py 8.1).
    return redis.Redis(
        host=os.environ["REDIS_HOST"],
        port=int(os.environ["REDIS_PORT"]),
        ssl=os.environ["REDIS_URL"].startswith("rediss:"),
        ssl_ca_certs=os.environ.get("REDIS_CA_CERT"),
    )


def work():
    client = connect()
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
    pubsub = connect().pubsub()
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
