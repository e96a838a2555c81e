//! A worker and a listener with redis-rs: a `ConnectionManager` in its default settings, which subscribes again
//! automatically.

#![expect(clippy::disallowed_methods, reason = "it is an application, not a part of redis-doctor")]

use std::{env, error::Error, process, time::Duration};

use redis::{
    AsyncTypedCommands as _, Client,
    aio::{ConnectionManager, ConnectionManagerConfig},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::var("REDIS_URL")?;
    let mut client = ConnectionManager::new(Client::open(url.as_str())?).await?;
    let (sender, mut messages) = tokio::sync::mpsc::unbounded_channel();
    let config = ConnectionManagerConfig::new().set_push_sender(sender).set_automatic_resubscription();
    let resp3 = Client::open(format!("{url}/?protocol=resp3"))?;
    let mut listener = ConnectionManager::new_with_config(resp3, config).await?;
    listener.subscribe("news").await?;
    tokio::spawn(async move { while messages.recv().await.is_some() {} });
    for number in 1_u64.. {
        let name = format!("redis-rs {} {number}", process::id());
        if let Err(error) = work(&mut client, &name).await {
            report(&error);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

async fn work(client: &mut ConnectionManager, name: &str) -> redis::RedisResult<()> {
    client.lpush("jobs", name).await?;
    client.get("jobs:done").await?;
    client.publish("news", name).await?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "it is the log of the application")]
fn report(error: &redis::RedisError) {
    println!("work: {error}");
}
