//! The fault proxy without a fault, observing an application or not, beside proxies that do nothing but relay: socat, and HAProxy in TCP mode.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::Options;
use super::doctor::binary;
use super::machine::{SERVER_CORE, client_core, cost, spawn_on, until};
use super::peers::{Load, raw_ping_to, redis_benchmark_on};
use super::server::Server;
use super::table::{Limit, Row};

const SPAN: Duration = Duration::from_millis(400);
const START_LIMIT: Duration = Duration::from_secs(10);
/// A run of a good half second: a tenth of that would measure its start.
const PIPELINED: Load = Load { clients: 50, pipeline: 16, requests: 400_000 };

/// What one PING after the other takes longer through a proxy. All on one core: on two, what is measured is how deep
/// the cores sleep.
pub(crate) fn latency(options: &Options) -> Vec<Row> {
    let server = Server::start();
    let ours = Proxy::ours(&server, SERVER_CORE);
    let peers = [
        ("proxy: added p50 / socat", Proxy::socat(&server, SERVER_CORE)),
        ("proxy: added p50 / HAProxy in TCP mode", Proxy::haproxy(&server, SERVER_CORE)),
    ];
    let peers: Vec<_> = peers.into_iter().filter_map(|(bar, peer)| Some((bar, peer?))).collect();
    let mut pairs = vec![Vec::new(); peers.len()];
    for _ in 0..options.rounds {
        let direct = raw_ping_to(server.port, SERVER_CORE, SPAN);
        let added = |proxy: &Proxy| raw_ping_to(proxy.port, SERVER_CORE, SPAN) - direct;
        let with_ours = added(&ours);
        for ((_, peer), pairs) in peers.iter().zip(&mut pairs) {
            pairs.push((with_ours, added(peer)));
        }
    }
    let rows = peers.iter().zip(&pairs);
    rows.map(|((bar, _), pairs)| Row::ratio(*bar, pairs, "µs", Limit::Most(1.15))).collect()
}

/// Pipelined commands a second, and the proxy's processor time of each. The server has a core to itself; the proxy
/// shares the client's, so that what it costs is seen in the rate.
pub(crate) fn throughput(options: &Options) -> Vec<Row> {
    let server = Server::start();
    let core = client_core();
    let Some(peer) = Proxy::haproxy(&server, core) else { return Vec::new() };
    let ours = Proxy::ours(&server, core);
    let (mut rates, mut costs) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        // There and back, so that neither profits from its place in the round.
        let [a, b, c, d] = [&ours, &peer, &peer, &ours].map(|proxy| proxy.relayed(core));
        rates.push((a.0 + d.0, b.0 + c.0));
        costs.push((a.1 + d.1, b.1 + c.1));
    }
    let half = |pairs: &[(f64, f64)]| pairs.iter().map(|(ours, peer)| (ours / 2.0, peer / 2.0)).collect::<Vec<_>>();
    let limit = Limit::Least(1.0);
    vec![
        Row::ratio("proxy: redis-benchmark -P 16 / HAProxy in TCP mode", &half(&rates), "/s", limit),
        Row::ratio("proxy: CPU of a pipelined command / HAProxy", &half(&costs), "µs", Limit::Most(1.1)),
    ]
}

/// The cost of observing an application, in pipelined commands a second and in processor time of the proxy.
pub(crate) fn observation(options: &Options) -> Vec<Row> {
    let server = Server::start();
    let core = client_core();
    let [plain, observing] = [Proxy::ours(&server, core), Proxy::observing(&server, core)];
    let (mut rates, mut costs) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        let [a, b, c, d] = [&observing, &plain, &plain, &observing].map(|proxy| proxy.relayed(core));
        rates.push(((a.0 + d.0) / 2.0, (b.0 + c.0) / 2.0));
        costs.push(((a.1 + d.1) / 2.0, (b.1 + c.1) / 2.0));
    }
    vec![
        Row::ratio("proxy --report: redis-benchmark -P 16 / without --report", &rates, "/s", Limit::Least(0.95)),
        Row::ratio("proxy --report: CPU of a pipelined command / without", &costs, "µs", Limit::Most(1.25)),
    ]
}

/// A proxy in front of the server; it ends with this value.
struct Proxy {
    process: Child,
    port: u16,
    _directory: tempfile::TempDir,
}

impl Proxy {
    fn ours(server: &Server, core: usize) -> Self {
        Self::with(server, core, &[])
    }

    fn observing(server: &Server, core: usize) -> Self {
        Self::with(server, core, &["--report"])
    }

    fn with(server: &Server, core: usize, flags: &[&str]) -> Self {
        Self::start(core, binary(), |port, _| {
            let (server, listen) = (format!("redis://{}", server.address()), format!("127.0.0.1:{port}"));
            let arguments = ["proxy", "-u", &server, "--listen", &listen];
            arguments.into_iter().chain(flags.iter().copied()).map(str::to_owned).collect()
        })
        .unwrap()
    }

    fn socat(server: &Server, core: usize) -> Option<Self> {
        Self::start(core, "socat", |port, _| {
            let listen = format!("TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr,nodelay");
            vec![listen, format!("TCP:{},nodelay", server.address())]
        })
    }

    fn haproxy(server: &Server, core: usize) -> Option<Self> {
        Self::start(core, "haproxy", |port, directory| {
            let file = directory.join("haproxy.cfg");
            let limits = "timeout connect 5s\n timeout client 1h\n timeout server 1h";
            let text = format!(
                "global\n nbthread 1\n maxconn 2000\ndefaults\n mode tcp\n {limits}\n\
                 listen redis\n bind 127.0.0.1:{port}\n server redis {}\n",
                server.address()
            );
            std::fs::write(&file, text).unwrap();
            vec!["-f".to_owned(), file.display().to_string()]
        })
    }

    /// Pipelined commands a second through it, and what each cost it in microseconds of processor time.
    fn relayed(&self, core: usize) -> (f64, f64) {
        let before = cost(&self.process).cpu;
        let rate = redis_benchmark_on(self.port, core, PIPELINED).rate;
        let spent = cost(&self.process).cpu - before;
        (rate, spent.as_secs_f64() * 1e6 / f64::from(PIPELINED.requests))
    }

    /// Starts one on a free port; `None`, with the reason printed, where it is not installed.
    fn start(
        core: usize,
        program: impl AsRef<std::ffi::OsStr>,
        arguments: impl FnOnce(u16, &std::path::Path) -> Vec<String>,
    ) -> Option<Self> {
        let program = program.as_ref();
        if Command::new(program).arg("-h").stdin(Stdio::null()).output().is_err() {
            println!("proxy: rows beside {} are left out, for it is not installed", program.display());
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let mut command = Command::new(program);
        command.args(arguments(port, directory.path())).stdout(Stdio::null()).stderr(Stdio::null());
        let process = spawn_on(core, &mut command);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        until("the proxy listens", START_LIMIT, || TcpStream::connect(address).is_ok());
        Some(Self { process, port, _directory: directory })
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
