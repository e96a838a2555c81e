//! Clients that send what no client should, to a proxy with the embedded server behind it. Another client, which behaves,
//! is served all the while.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use fastrand::Rng;
use socket2::{Domain, SockAddr, Socket, Type};

use super::{extent, is_clean, peak_memory};
use crate::harness::*;

/// Maximum memory of the proxy with the embedded server, and what each of its open sockets may add: a closed connection
/// stays open for some seconds if its client does not close.
const MEMORY: (u64, u64) = (64 << 20, 32 << 10);

/// Connections between two looks at the good client.
const BATCH: u64 = 50;

/// Connections that stay open at the same time.
const OPEN: usize = 32;

/// Time within which the good client is answered on a busy machine.
const SOON: Duration = Duration::from_secs(2);

/// Commands of the pipeline of a client that does not read.
const PIPELINE: usize = 100_000;

/// A proxy with the embedded server behind it, and the address where it listens.
fn proxy(flags: &str) -> (RunningDoctor, SocketAddr) {
    let port = free_port();
    let listen = format!("127.0.0.1:{port}");
    let arguments = ["proxy", "--sandbox", "--listen", &listen].into_iter().chain(flags.split_ascii_whitespace());
    let proxy = Doctor::new(arguments).within(Duration::from_secs(4 * 3600)).spawn();
    let address = listen.parse().unwrap();
    eventually("the proxy listens", Duration::from_secs(10), || TcpStream::connect(address).is_ok());
    (proxy, address)
}

/// Connects from one of many addresses, because closed connections keep their ports for a minute.
fn connect(to: SocketAddr, random: &mut Rng) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let from = SocketAddr::from(([127, 0, random.u8(1..=250), random.u8(1..=250)], 0));
    socket.bind(&SockAddr::from(from)).unwrap();
    socket.connect(&SockAddr::from(to)).unwrap();
    let stream = TcpStream::from(socket);
    stream.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
    stream
}

fn reset(stream: TcpStream) {
    Socket::from(stream).set_linger(Some(Duration::ZERO)).unwrap();
}

/// The examples of requests that the fuzz tests have, and a few more.
fn examples() -> Vec<Vec<u8>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus/requests");
    let mut examples: Vec<_> =
        fs::read_dir(corpus).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
    examples.extend([
        b"*2147483647\r\n$1\r\n".to_vec(),
        b"*1\r\n$536870912\r\n".to_vec(),
        b"*1000000\r\n".to_vec(),
        b"*1\r\n".repeat(5000),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
        b"A".repeat(100_000),
        encode(["SET", "key", "\x1b[31m"]),
        encode(["CLIENT", "SETNAME", "\u{202e}"]),
        encode(["DOCTOR", "FAULT", "latency=1ms@0s+10ms"]),
        encode(["DOCTOR", "\x1b]0;x\x07"]),
        encode(["DOCTOR", "LIST"]),
        encode(["CONFIG", "GET", "*"]),
        encode(["CONFIG", "SET", "\x1b[2J", "1"]),
        encode(["SUBSCRIBE", &"c".repeat(10_000)]),
        encode(["PUBLISH", "c", &"x".repeat(50_000)]),
        encode(["DEBUG", "SLEEP", "0"]),
        encode(["MULTI"]),
        encode(["EVAL", "return redis.call('get', KEYS[1])", "1", "k"]),
    ]);
    examples
}

/// Sends one thing. Returns a connection that stays open.
fn misbehave(to: SocketAddr, examples: &[Vec<u8>], random: &mut Rng) -> Option<TcpStream> {
    let mut stream = connect(to, random);
    let mut bytes = examples[random.usize(..examples.len())].clone();
    for _ in 0..random.usize(..4) {
        let at = random.usize(..bytes.len().max(1));
        match random.u8(..5) {
            0 => bytes.truncate(at),
            1 => bytes.extend_from_slice(&examples[random.usize(..examples.len())]),
            2 => bytes = bytes.repeat(1 + random.usize(..5)),
            _ if bytes.is_empty() => {}
            3 => bytes[at] = random.u8(..),
            _ => bytes[at] ^= 1 << random.u8(..8),
        }
    }
    // The proxy may have closed the connection.
    let _ = match random.u8(..8) {
        0 => bytes.chunks(1 + bytes.len() / 20).try_for_each(|piece| {
            std::thread::sleep(Duration::from_micros(300));
            stream.write_all(piece)
        }),
        _ => stream.write_all(&bytes),
    };
    match random.u8(..10) {
        0 => return Some(stream),
        1..=3 => drop(stream.read(&mut [0; 4096])),
        _ => {}
    }
    if random.u8(..10) < 8 {
        reset(stream);
    }
    None
}

/// Sends a long pipeline and reads none of its replies.
fn flood(to: SocketAddr, random: &mut Rng) -> TcpStream {
    let mut stream = connect(to, random);
    let _ = stream.write_all(&encode(["ECHO", &"x".repeat(100)]).repeat(PIPELINE));
    stream
}

/// Returns the number of files and sockets that a process has open.
fn open_files(pid: u32) -> u64 {
    fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, |files| files.count() as u64)
}

/// The good client: a connection that it keeps, and a new one each time.
struct Good {
    kept: RawClient,
    address: SocketAddr,
    asked: u64,
}

impl Good {
    fn new(address: SocketAddr) -> Self {
        Self { kept: RawClient::connect(address).unwrap(), address, asked: 0 }
    }

    fn is_served(&mut self) {
        self.asked += 1;
        let nonce = self.asked.to_string();
        let began = Instant::now();
        assert_eq!(self.kept.call(["PING", &nonce]).unwrap().text(), nonce);
        let mut fresh = RawClient::connect(self.address).unwrap();
        assert_eq!(fresh.call(["PING", &nonce]).unwrap().text(), nonce);
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    }
}

#[test]
fn hostile_clients_disturb_no_good_one() {
    let (cases, seed) = extent(600);
    let began = Instant::now();
    let mut random = Rng::with_seed(seed);
    // Orders are refused, so that no client breaks the connections of the good client.
    let (proxy, address) = proxy("--no-control --format ndjson");
    let examples = examples();
    let mut good = Good::new(address);
    let (mut open, mut sockets) = (Vec::new(), 0);
    for case in 0..cases {
        open.extend(misbehave(address, &examples, &mut random));
        if case % 1000 == 0 {
            open.push(flood(address, &mut random));
        }
        if open.len() > OPEN {
            reset(open.swap_remove(random.usize(..open.len())));
        }
        if case % BATCH == 0 {
            good.is_served();
            sockets = sockets.max(open_files(proxy.pid()));
        }
    }
    drop(open);
    good.is_served();
    let memory = peak_memory(proxy.pid()).unwrap_or_default();
    proxy.signal(Signal::INT);
    let output = proxy.finish();
    let context = || format!("seed {seed}: {}", output.stderr());
    is_clean(&output.stderr(), &context);
    is_clean(&output.stdout(), &context);
    output.ndjson();
    let allowed = MEMORY.0 + MEMORY.1 * sockets;
    eprintln!("hostile clients: {cases} cases in {:?}, {} MB, {sockets} sockets", began.elapsed(), memory >> 20);
    assert!(memory <= allowed, "{} MB with {sockets} sockets\n{}", memory >> 20, context());
    assert_eq!(output.exit_code(), Some(0), "{}", context());
}

#[test]
fn orders_of_hostile_clients_are_shown_cleanly() {
    let (cases, seed) = extent(100);
    let mut random = Rng::with_seed(seed);
    let (proxy, address) = proxy("");
    let examples: Vec<_> =
        examples().into_iter().filter(|bytes| bytes.windows(6).any(|part| part == b"DOCTOR")).collect();
    for _ in 0..cases.min(10_000) {
        drop(misbehave(address, &examples, &mut random));
    }
    let memory = peak_memory(proxy.pid()).unwrap_or_default();
    proxy.signal(Signal::INT);
    let output = proxy.finish();
    let context = || format!("seed {seed}: {}{}", output.stdout(), output.stderr());
    is_clean(&output.stderr(), &context);
    is_clean(&output.stdout(), &context);
    assert!(memory <= MEMORY.0 + MEMORY.1 * 2 * cases, "{} MB\n{}", memory >> 20, context());
    assert!(output.exit_code().is_some_and(|code| code <= 1), "{}", context());
}
