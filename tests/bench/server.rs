//! A redis-server of our own on a free loopback port, on its core, with nothing saved; and a plain connection to it.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::machine::{SERVER_CORE, spawn_on};

const START_LIMIT: Duration = Duration::from_secs(10);

/// A running server; it ends with this value.
pub(crate) struct Server {
    process: Child,
    pub(crate) port: u16,
    _directory: tempfile::TempDir,
}

impl Server {
    /// Starts it and returns when it has reported that it is ready.
    pub(crate) fn start() -> Self {
        Self::start_at("127.0.0.1")
    }

    /// The same, with the addresses that it listens on. In protected mode, which is the default, it serves this machine only.
    pub(crate) fn start_at(bind: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        // Another process may take the port in between: the server then says so and ends, and so does the benchmark.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let mut command = Command::new("redis-server");
        command.args(["--port", &port.to_string(), "--bind", bind, "--save", "", "--appendonly", "no"]);
        // A subscriber that is slow for a moment must not be thrown out: its cost is what is measured.
        command.args(["--client-output-buffer-limit", "pubsub 0 0 0"]);
        command.arg("--dir").arg(directory.path()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = spawn_on(SERVER_CORE, &mut command);
        let mut log = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("eady to accept connections") {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "redis-server ended at its start: is port {port} taken?");
        }
        // It says little more; what it says must not block it.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self { process, port, _directory: directory }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// A plain connection to it.
    pub(crate) fn connect(&self) -> Plain {
        Plain::connect(self.port)
    }

    /// How many clients are subscribed to `channel`.
    pub(crate) fn subscribers(&self, channel: &str) -> u64 {
        let mut plain = self.connect();
        plain.stream.write_all(format!("PUBSUB NUMSUB {channel}\r\n").as_bytes()).unwrap();
        // *2, $length, channel, :count
        let lines: Vec<String> = (0..4).map(|_| plain.line()).collect();
        lines[3].trim_start_matches(':').parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A blocking connection.
pub(crate) struct Plain {
    pub(crate) stream: TcpStream,
    pub(crate) reader: BufReader<TcpStream>,
}

impl Plain {
    /// Connects to a loopback port.
    pub(crate) fn connect(port: u16) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let stream = TcpStream::connect_timeout(&address, START_LIMIT).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(START_LIMIT)).unwrap();
        Self { reader: BufReader::new(stream.try_clone().unwrap()), stream }
    }

    /// The next line without its end.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.reader.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}
