//! What a scrape of the metrics takes, and what it costs the probes.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::Options;
use super::doctor::{Doctor, binary};
use super::machine::{SERVER_CORE, client_core, finish, on_core, spawn_on, until};
use super::server::Server;
use super::table::{Limit, Row, median};

const TARGETS: usize = 200;

/// Scrapes that are timed.
const SCRAPES: usize = 60;

/// Scrapes during the soaks of all rounds together, and their rate in each.
const DURING: usize = 10_000;
const RATE: u32 = 100;

const PATIENCE: Duration = Duration::from_secs(60);

const TEXT: &str = "text/plain";
const PROTOBUF: &str = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

/// Time and size of a scrape of 200 targets, which are loopback addresses of one server with names of usual length.
pub(crate) fn many(_: &Options) -> Vec<Row> {
    let server = Server::start_at("0.0.0.0");
    let directory = tempfile::tempdir().unwrap();
    let list = directory.path().join("targets");
    let first = u32::from(Ipv4Addr::LOCALHOST);
    let line = |number| {
        let address = Ipv4Addr::from(first + number as u32);
        format!("{address}:{} name=cache-{number:03}.prod.example:6379\n", server.port)
    };
    std::fs::write(&list, (0..TARGETS).map(line).collect::<String>()).unwrap();
    let address = free();
    let mut command = Command::new(binary());
    command.args(["soak", "-d", "10m", "--listen-metrics", &address.to_string(), "--targets"]).arg(list);
    let mut process = spawn_on(client_core(), command.stdout(Stdio::null()).stderr(Stdio::null()));
    // Every target has all four histograms that a healthy run has.
    until("all targets are measured", PATIENCE, || {
        let text = scrape(address, TEXT).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        text.lines().filter(|line| line.starts_with("redis_doctor_end_to_end_seconds_count")).count() == TARGETS
    });
    let rows = [TEXT, PROTOBUF].map(|accept| {
        let mut size = 0;
        let times = (0..SCRAPES).map(|_| {
            let start = Instant::now();
            size = scrape(address, accept).unwrap().len();
            start.elapsed().as_secs_f64() * 1e3
        });
        (median(&times.collect::<Vec<_>>()), size as f64 / 1e6)
    });
    kill_process(Pid::from_child(&process), Signal::INT).unwrap();
    finish(&mut process, PATIENCE, Duration::from_millis(100), |_| ());
    let [(text, text_size), (protobuf, protobuf_size)] = rows;
    vec![
        Row::at_most("scrape of 200 targets: time", text, "ms", 20.0),
        Row::at_most("scrape of 200 targets: size", text_size, "MB", 1.0),
        Row::at_most("scrape of 200 targets with native histograms: time", protobuf, "ms", 20.0),
        Row::at_most("scrape of 200 targets with native histograms: size", protobuf_size, "MB", 1.0),
    ]
}

/// The p99 of soaks that are scraped, against that of others, which take turns: at once, both would feel the scrapes.
pub(crate) fn cost(options: &Options) -> Vec<Row> {
    let rounds = options.rounds.clamp(1, 10);
    let scrapes = (DURING / rounds) as u32;
    let server = Server::start();
    let pairs = (0..rounds).map(|round| {
        // Whoever comes first may have it better, or worse.
        let is_scraped = [round % 2 == 0, round % 2 == 1];
        let [first, second] = is_scraped.map(|is_scraped| soak(&server, scrapes, is_scraped));
        if is_scraped[0] { (first, second) } else { (second, first) }
    });
    let pairs: Vec<_> = pairs.collect();
    vec![Row::ratio("10,000 scrapes: p99 of the probes, scraped / not", &pairs, "µs", Limit::Most(1.01))]
}

/// Returns the p99 of a soak (microseconds) with time for so many scrapes, which it gets or not.
fn soak(server: &Server, scrapes: u32, is_scraped: bool) -> f64 {
    let (address, span) = (free(), Duration::from_secs(1) / RATE * scrapes);
    let (duration, listen) = (format!("{}s", span.as_secs() + 2), address.to_string());
    let arguments = ["soak", "--workload", "ping", "--rate", "200", "-d", &duration, "--listen-metrics", &listen];
    let doctor = Doctor::start(client_core(), server.port, &arguments);
    until("metrics are served", PATIENCE, || scrape(address, TEXT).is_some());
    let start = Instant::now();
    // A collector runs elsewhere: here, it must at least not run on the core of the probes.
    on_core(SERVER_CORE, || {
        for number in 1..=if is_scraped { scrapes } else { 0 } {
            scrape(address, TEXT).unwrap();
            let next = start + Duration::from_secs(1) / RATE * number;
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
        }
    });
    doctor.finish(span + PATIENCE).0.number("/service/p99") * 1e6
}

fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Returns a page of metrics; `None` if they are not served.
fn scrape(address: SocketAddr, accept: &str) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(address).ok()?;
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: {address}\r\nAccept: {accept}\r\n\r\n").ok()?;
    let mut response = Vec::new();
    stream.read_to_end(&mut response).ok()?;
    let body = response.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    response.starts_with(b"HTTP/1.1 200 ").then(|| response.split_off(body))
}
