// A worker and a listener with node-redis, in its default settings.
const { createClient } = require("redis");

(async () => {
  const client = createClient({ url: process.env.REDIS_URL });
  client.on("error", (error) => console.log(`work: ${error.message}`));
  await client.connect();
  const listener = client.duplicate();
  listener.on("error", (error) => console.log(`listen: ${error.message}`));
  await listener.connect();
  await listener.subscribe("news", () => {});
  for (let number = 1; ; number++) {
    try {
      await client.lPush("jobs", `node-redis ${process.pid} ${number}`);
      await client.get("jobs:done");
      await client.publish("news", `node-redis ${process.pid} ${number}`);
    } catch (error) {
      console.log(`work: ${error.message}`);
    }
    await new Promise((done) => setTimeout(done, 100));
  }
})();
