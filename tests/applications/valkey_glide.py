"""A worker and a listener with valkey-glide, in its default settings."""

import asyncio
import os

from glide import GlideClient, GlideClientConfiguration, NodeAddress

ADDRESS = [NodeAddress(os.environ["REDIS_HOST"], int(os.environ["REDIS_PORT"]))]
PubSub = GlideClientConfiguration.PubSubSubscriptions
Mode = GlideClientConfiguration.PubSubChannelModes


async def main():
    client = await GlideClient.create(GlideClientConfiguration(ADDRESS))
    channels = PubSub({Mode.Exact: {"news"}}, lambda message, context: None, None)
    listener = await GlideClient.create(GlideClientConfiguration(ADDRESS, pubsub_subscriptions=channels))
    number = 0
    while True:
        number += 1
        try:
            await client.lpush("jobs", [f"valkey-glide {os.getpid()} {number}"])
            await client.get("jobs:done")
            await client.publish(f"valkey-glide {os.getpid()} {number}", "news")
        except Exception as error:
            print("work:", error, flush=True)
        await asyncio.sleep(0.1)
    await listener.close()


asyncio.run(main())
