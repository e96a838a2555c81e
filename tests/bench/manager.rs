//! The floor: what a plain `ConnectionManager` reaches that asks, compares the answer, and accounts for nothing.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::TcpSettings;
use redis::{Client, IntoConnectionInfo, ProtocolVersion, RedisConnectionInfo, Value};
use tokio::task::JoinSet;

use super::machine::on_core;
use super::server::Server;
use super::table::median;

/// What it reached.
pub(crate) struct Floor {
    /// PINGs a second.
    pub(crate) rate: f64,
    /// Processor time of one, in microseconds.
    pub(crate) cpu: f64,
    /// Median round trip, in microseconds.
    pub(crate) p50: f64,
}

/// So many tasks ask on one connection, each one thing at a time, with the settings of the policy `hardened`.
pub(crate) fn floor(server: &Server, core: usize, tasks: u32, span: Duration) -> Floor {
    on_core(core, || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let manager = manager(server).await;
            let (start, busy) = (Instant::now(), busy());
            let mut workers = JoinSet::new();
            for number in 0..tasks {
                workers.spawn(worker(manager.clone(), number, start + span));
            }
            let took = workers.join_all().await.concat();
            Floor {
                rate: took.len() as f64 / start.elapsed().as_secs_f64(),
                cpu: (self::busy() - busy) / took.len() as f64,
                p50: median(&took),
            }
        })
    })
}

async fn manager(server: &Server) -> ConnectionManager {
    let settings = RedisConnectionInfo::default().set_protocol(ProtocolVersion::RESP3);
    let info = (Ipv4Addr::LOCALHOST.to_string(), server.port).into_connection_info().unwrap();
    let info = info.set_redis_settings(settings).set_tcp_settings(TcpSettings::default().set_nodelay(true));
    let config = ConnectionManagerConfig::new()
        .set_response_timeout(Some(Duration::from_secs(2)))
        .set_push_sender(|_| Ok::<_, String>(()));
    Client::open(info).unwrap().get_connection_manager_with_config(config).await.unwrap()
}

/// The round trips until `end`, in microseconds.
async fn worker(mut manager: ConnectionManager, number: u32, end: Instant) -> Vec<f64> {
    let mut took = Vec::new();
    while Instant::now() < end {
        let nonce = format!("5f3759df:0:{number}:{}", took.len());
        let mut command = redis::cmd("PING");
        command.arg(nonce.as_str());
        let sent = Instant::now();
        let answer = manager.send_packed_command(&command).await.unwrap();
        took.push(sent.elapsed().as_secs_f64() * 1e6);
        assert!(matches!(answer, Value::BulkString(bytes) if bytes == nonce.as_bytes()));
    }
    took
}

/// Time that this thread has been on a core, in microseconds.
fn busy() -> f64 {
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    schedstat.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e3
}
