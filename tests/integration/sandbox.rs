//! The embedded server: what the client library under diagnosis does against a real Redis, it does here.

use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig, MultiplexedConnection};
use redis::{Client, InfoDict, PushInfo, PushKind, RedisResult, Value};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use redis_doctor::internals::{Sandbox, SandboxConfig};

fn start() -> Sandbox {
    Sandbox::start(SandboxConfig::default()).unwrap()
}

fn client(sandbox: &Sandbox, query: &str) -> Client {
    Client::open(format!("redis://{}/{query}", sandbox.addr())).unwrap()
}

async fn connect(sandbox: &Sandbox, query: &str) -> MultiplexedConnection {
    let client = client(sandbox, query);
    client.get_multiplexed_async_connection().await.unwrap()
}

async fn next(pushes: &mut UnboundedReceiver<PushInfo>) -> PushInfo {
    let waited = tokio::time::timeout(Duration::from_secs(10), pushes.recv()).await;
    waited.expect("a push within ten seconds").expect("a living connection")
}

/// Skips whatever comes before a push of the given kind.
async fn next_of(pushes: &mut UnboundedReceiver<PushInfo>, kind: PushKind) -> PushInfo {
    loop {
        let push = next(pushes).await;
        if push.kind == kind {
            return push;
        }
    }
}

#[tokio::test]
async fn both_protocols_read_and_write() {
    let sandbox = start();
    for query in ["", "?protocol=resp3"] {
        let mut connection = connect(&sandbox, query).await;
        let binary: &[u8] = b"\x00\r\n\xff";
        let () = redis::cmd("SET").arg("k").arg(binary).exec_async(&mut connection).await.unwrap();
        let value: Vec<u8> = redis::cmd("GET").arg("k").query_async(&mut connection).await.unwrap();
        assert_eq!(value, binary);
        let missing: Option<String> = redis::cmd("GET").arg("none").query_async(&mut connection).await.unwrap();
        assert_eq!(missing, None);
        let info: InfoDict = redis::cmd("INFO").query_async(&mut connection).await.unwrap();
        assert_eq!(info.get::<u16>("tcp_port"), Some(sandbox.addr().port()));
        assert_eq!(info.get::<u8>("redis_doctor_sandbox"), Some(1));
        assert_eq!(info.get::<String>("cmdstat_get"), None, "each command is listed only on request");
        let calls: String = redis::cmd("INFO").arg("commandstats").query_async(&mut connection).await.unwrap();
        assert!(calls.contains("cmdstat_get:calls="), "{calls}");
        let limits: Vec<(String, String)> =
            redis::cmd("CONFIG").arg("GET").arg("MAXCLIENTS").query_async(&mut connection).await.unwrap();
        assert_eq!(limits, [("maxclients".to_owned(), "10000".to_owned())]);
    }
}

#[tokio::test]
async fn a_pipeline_of_thousands_comes_back_in_order() {
    let sandbox = start();
    let mut connection = connect(&sandbox, "?protocol=resp3").await;
    let mut pipeline = redis::pipe();
    for number in 0..5_000 {
        pipeline.cmd("ECHO").arg(number);
    }
    let echoed: Vec<usize> = pipeline.query_async(&mut connection).await.unwrap();
    assert!(echoed.into_iter().eq(0..5_000));
}

#[tokio::test]
async fn a_value_of_megabytes_survives() {
    let sandbox = start();
    let mut connection = connect(&sandbox, "").await;
    let value: Vec<u8> = (0..8_000_000_u32).map(|number| number.to_le_bytes()[0]).collect();
    let echoed: Vec<u8> = redis::cmd("ECHO").arg(&value).query_async(&mut connection).await.unwrap();
    assert!(echoed == value);
}

#[tokio::test]
async fn a_password_is_asked_for_and_accepted() {
    let sandbox =
        Sandbox::start(SandboxConfig { password: Some("sesame".to_owned()), ..SandboxConfig::default() }).unwrap();
    for query in ["", "?protocol=resp3"] {
        let open = |secret: &str| Client::open(format!("redis://:{secret}@{}/{query}", sandbox.addr())).unwrap();
        let mut connection = open("sesame").get_multiplexed_async_connection().await.unwrap();
        let pong: String = redis::cmd("PING").query_async(&mut connection).await.unwrap();
        assert_eq!(pong, "PONG");
        assert!(open("wrong").get_multiplexed_async_connection().await.is_err());
    }
}

#[tokio::test]
async fn a_killed_manager_comes_back_with_its_subscription() {
    let sandbox = start();
    let (sender, mut pushes) = unbounded_channel();
    let config = ConnectionManagerConfig::new().set_push_sender(sender).set_automatic_resubscription();
    let mut manager = ConnectionManager::new_with_config(client(&sandbox, "?protocol=resp3"), config).await.unwrap();
    manager.subscribe("news").await.unwrap();
    let first: u64 = redis::cmd("CLIENT").arg("ID").query_async(&mut manager).await.unwrap();
    next_of(&mut pushes, PushKind::Subscribe).await;

    let mut other = connect(&sandbox, "").await;
    let killed: u64 = redis::cmd("CLIENT").arg(&["KILL", "ID"]).arg(first).query_async(&mut other).await.unwrap();
    assert_eq!(killed, 1);
    next_of(&mut pushes, PushKind::Disconnection).await;
    // The command that meets the dead connection may fail; it is what makes the manager connect anew.
    let _: RedisResult<Value> = redis::cmd("PING").query_async(&mut manager).await;
    next_of(&mut pushes, PushKind::Subscribe).await;

    let second: u64 = redis::cmd("CLIENT").arg("ID").query_async(&mut manager).await.unwrap();
    assert!(second > first);
    let reached: u64 = redis::cmd("PUBLISH").arg(&["news", "hi"]).query_async(&mut other).await.unwrap();
    assert_eq!(reached, 1);
    let message = next_of(&mut pushes, PushKind::Message).await;
    assert_eq!(message.data, [Value::BulkString(b"news".to_vec()), Value::BulkString(b"hi".to_vec())]);
}
