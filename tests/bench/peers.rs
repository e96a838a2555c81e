//! The peers: a loop on a raw blocking socket, redis-benchmark, and a publisher that is as cheap as can be.

use std::io::{BufRead, Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::machine::{Cost, finish, on_core, spawn_on};
use super::server::{Plain, Server};
use super::table::median;

const LIMIT: Duration = Duration::from_secs(60);

/// Median round trip in microseconds of a blocking socket that sends a PING of the shape that ours has.
pub(crate) fn raw_ping(server: &Server, core: usize, span: Duration) -> f64 {
    raw_ping_to(server.port, core, span)
}

/// The same to a port that leads to a server.
pub(crate) fn raw_ping_to(port: u16, core: usize, span: Duration) -> f64 {
    on_core(core, || {
        let Plain { mut stream, .. } = Plain::connect(port);
        let question = b"*2\r\n$4\r\nPING\r\n$15\r\n5f3759df:0:0:12\r\n";
        let answer = b"$15\r\n5f3759df:0:0:12\r\n";
        let mut reply = [0; 64];
        let (start, mut took) = (Instant::now(), Vec::new());
        while start.elapsed() < span {
            let sent = Instant::now();
            stream.write_all(question).unwrap();
            stream.read_exact(&mut reply[..answer.len()]).unwrap();
            took.push(sent.elapsed().as_secs_f64() * 1e6);
        }
        median(&took)
    })
}

/// What redis-benchmark says of its PINGs.
pub(crate) struct Benchmark {
    /// Requests a second.
    pub(crate) rate: f64,
    /// Mean latency in microseconds.
    pub(crate) mean: f64,
    /// Processor time of one request, in microseconds.
    pub(crate) cpu: f64,
}

/// What redis-benchmark is to do.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    /// Connections at once.
    pub(crate) clients: u32,
    /// Commands that are sent together.
    pub(crate) pipeline: u32,
    /// Commands in all.
    pub(crate) requests: u32,
}

/// Runs redis-benchmark without pipelining.
pub(crate) fn redis_benchmark(server: &Server, core: usize, clients: u32, requests: u32) -> Benchmark {
    redis_benchmark_on(server.port, core, Load { clients, pipeline: 1, requests })
}

/// Runs redis-benchmark against a port that leads to a server.
pub(crate) fn redis_benchmark_on(port: u16, core: usize, load: Load) -> Benchmark {
    let Load { clients, pipeline, requests } = load;
    let mut command = Command::new("redis-benchmark");
    command.args(["-p", &port.to_string(), "-t", "ping_mbulk", "-P", &pipeline.to_string(), "--csv"]);
    command
        .args(["-c", &clients.to_string(), "-n", &requests.to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut process = spawn_on(core, &mut command);
    let mut output = process.stdout.take().unwrap();
    let cost = finish(&mut process, LIMIT, Duration::from_millis(5), |_| ());
    let mut text = String::new();
    output.read_to_string(&mut text).unwrap();
    // "test","rps","avg_latency_ms",…
    let fields: Vec<f64> = text.lines().last().unwrap().split(',').skip(1).map(unquoted).collect();
    Benchmark { rate: fields[0], mean: fields[1] * 1000.0, cpu: cost.cpu.as_secs_f64() * 1e6 / f64::from(requests) }
}

fn unquoted(field: &str) -> f64 {
    field.trim_matches('"').parse().unwrap()
}

/// Sends so many messages at the pace (messages a second), as fast as the server takes them at most. Returns the
/// deliveries that the server reported, and the rate reached.
pub(crate) fn publish(server: &Server, channel: &str, messages: u64, pace: f64) -> (u64, f64) {
    const BATCH: u64 = 500;
    let mut plain = server.connect();
    let one = format!("*3\r\n$7\r\nPUBLISH\r\n${}\r\n{channel}\r\n$20\r\nabcdefghijklmnopqrst\r\n", channel.len());
    let batch = one.repeat(BATCH as usize);
    let (start, mut sent, mut delivered) = (Instant::now(), 0, 0);
    let mut reply = Vec::new();
    while sent < messages {
        let count = BATCH.min(messages - sent);
        plain.stream.write_all(&batch.as_bytes()[..one.len() * count as usize]).unwrap();
        for _ in 0..count {
            reply.clear();
            plain.reader.read_until(b'\n', &mut reply).unwrap();
            // `:1`, or an error, which delivers nothing.
            delivered += u64::from(reply.starts_with(b":1"));
        }
        sent += count;
        let due = Duration::from_secs_f64(sent as f64 / pace);
        std::thread::sleep(due.saturating_sub(start.elapsed()));
    }
    (delivered, sent as f64 / start.elapsed().as_secs_f64())
}

/// Processor time of redis-cli for the messages that `publish` sends to its subscription, over their number, in
/// microseconds.
pub(crate) fn redis_cli_subscribe(server: &Server, core: usize, channel: &str, publish: impl FnOnce() -> u64) -> f64 {
    let mut command = Command::new("redis-cli");
    command.args(["-p", &server.port.to_string(), "subscribe", channel]).stdout(Stdio::null()).stderr(Stdio::null());
    // The one before must be gone, or it is taken for this one.
    super::machine::until("nobody is subscribed", LIMIT, || server.subscribers(channel) == 0);
    let mut process = spawn_on(core, &mut command);
    super::machine::until("redis-cli subscribes", LIMIT, || server.subscribers(channel) == 1);
    let published = publish();
    // It does not report its end: it is done when it has used no time for a while.
    let mut last = Cost::default();
    let done = loop {
        let now = super::machine::cost(&process);
        if now.cpu == last.cpu {
            break now;
        }
        last = now;
        std::thread::sleep(Duration::from_millis(50));
    };
    process.kill().unwrap();
    process.wait().unwrap();
    done.cpu.as_secs_f64() * 1e6 / published as f64
}
