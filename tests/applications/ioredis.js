// A worker and a listener with ioredis, in its default settings.
const Redis = require("ioredis");

const url = process.env.REDIS_URL;
const client = new Redis(url);
const listener = new Redis(url);
for (const [name, connection] of [["work", client], ["listen", listener]]) {
  connection.on("error", (error) => console.log(`${name}: ${error.message}`));
}
listener.subscribe("news").catch((error) => console.log(`listen: ${error.message}`));
listener.on("message", () => {});

(async () => {
  for (let number = 1; ; number++) {
    try {
      await client.lpush("jobs", `ioredis ${process.pid} ${number}`);
      await client.get("jobs:done");
      await client.publish("news", `ioredis ${process.pid} ${number}`);
    } catch (error) {
      console.log(`work: ${error.message}`);
    }
    await new Promise((done) => setTimeout(done, 100));
  }
})();
