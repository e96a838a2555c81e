//! The embedded server: what the client library under diagnosis does against a real Redis, it does here.

use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig, MultiplexedConnection};
use redis::{Client, InfoDict, PushInfo, PushKind, RedisResult, Value};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::harness::{Doctor, RawClient, RedisServer};
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

/// What ordinary clients send in simple loops; `other:` is another client.
const SCRIPT: &str = "
MSET a 1 b 2
MGET a b none
MSETNX b 3 c 4
SETNX a 9
SETNX d 9
SETEX e 100 v
TTL e
SETEX e 0 v
PSETEX f 100000 v
EXPIREAT f 4102444800
EXPIRETIME f
PEXPIRETIME f
PERSIST f
PERSIST f
EXPIRETIME f
EXPIRETIME none
PEXPIREAT a 4102444800000 NX
TYPE a
TYPE none
DECR a
DECRBY a 5
DECRBY a x
UNLINK a none
SCAN 0 MATCH b* COUNT 100
SCAN x
MSET a
MULTI
SET t 1
MULTI
INCR t
GET t
EXEC
EXEC
MULTI
NONSENSE
SET t 2
EXEC
MULTI
SET t 3
DISCARD
DISCARD
GET t
WATCH t
other: SET t 7
MULTI
GET t
EXEC
WATCH t
other: SET u 7
MULTI
GET t
EXEC
WATCH t
MULTI
WATCH t
DISCARD
WATCH t
UNWATCH
other: SET t 8
MULTI
INCR t
EXEC
CLIENT REPLY ON
CLIENT NO-EVICT on
FLUSHDB
DBSIZE
FLUSHALL ASYNC
";

#[test]
fn ordinary_commands_are_answered_as_by_a_real_server() {
    let (server, sandbox) = (RedisServer::start(), start());
    for hello in ["2", "3"] {
        let mut pairs =
            [(); 2].map(|()| [server.address(), sandbox.addr()].map(|address| RawClient::connect(address).unwrap()));
        pairs[0].iter_mut().for_each(|client| _ = client.call(["HELLO", hello]).unwrap());
        for line in SCRIPT.lines().filter(|line| !line.is_empty()) {
            let (whose, line) = line.strip_prefix("other: ").map_or((0, line), |line| (1, line));
            let [real, ours] = pairs[whose].each_mut().map(|client| client.call(line.split(' ')).unwrap());
            assert_eq!(real, ours, "{line}");
        }
    }
}

#[test]
fn replies_are_omitted_and_commands_postponed_on_request() {
    let (server, sandbox) = (RedisServer::start(), start());
    for address in [server.address(), sandbox.addr()] {
        let mut client = RawClient::connect(address).unwrap();
        client.send(["CLIENT", "REPLY", "SKIP"]).unwrap();
        client.send(["SET", "a", "1"]).unwrap();
        assert_eq!(client.call(["GET", "a"]).unwrap().text(), "1");
        client.send(["CLIENT", "REPLY", "OFF"]).unwrap();
        client.send(["SET", "a", "2"]).unwrap();
        assert_eq!(client.call(["CLIENT", "REPLY", "ON"]).unwrap().text(), "OK");
        assert_eq!(client.call(["GET", "a"]).unwrap().text(), "2");
        // Reads go on, and a write waits for the end.
        let mut other = RawClient::connect(address).unwrap();
        assert_eq!(client.call(["CLIENT", "PAUSE", "60000", "WRITE"]).unwrap().text(), "OK");
        other.send(["SET", "a", "3"]).unwrap();
        assert_eq!(client.call(["GET", "a"]).unwrap().text(), "2");
        assert_eq!(client.call(["CLIENT", "UNPAUSE"]).unwrap().text(), "OK");
        assert_eq!(other.read().unwrap().text(), "OK");
        client.call(["CLIENT", "PAUSE", "50"]).unwrap();
        assert_eq!(other.call(["GET", "a"]).unwrap().text(), "3");
    }
}

#[test]
fn a_command_that_it_does_not_have_is_named_once_and_in_the_report() {
    let script =
        "redis-cli -u {url} EVAL 'return 1' 0; redis-cli -u {url} EVAL 'return 2' 0; redis-cli -u {url} XADD s '*' a b";
    let doctor = Doctor::new(["proxy", "--sandbox", "--listen", "127.0.0.1:0", "--report", "--format", "json", "--"]);
    let report = doctor.args(["sh", "-c", script]).run().json();
    let notes: Vec<_> = report["notes"].as_array().unwrap().iter().map(|note| note["text"].as_str().unwrap()).collect();
    let expected =
        ["EVAL", "XADD"].map(|name| format!("the sandbox has no command {name}; --spawn starts a real server"));
    assert_eq!(notes, expected);
}
