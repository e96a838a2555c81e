//! A server that answers properly for a while, and then in one of the ways in which no server should.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use fastrand::Rng;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::harness::{Malformed, encode, parse_command};

/// A reply to INFO of a real server.
const INFO: &str = include_str!("../../fuzz/corpus/info/redis");

/// Lengths and numbers that no client should believe.
const NUMBERS: [i64; 9] = [0, -1, -2, 1, 65_536, 1 << 30, i32::MAX as i64, i64::MAX, i64::MIN];

/// Texts that may not reach a terminal as they are.
const NASTY: [&str; 8] = [
    "\x1b[2J\x1b[31m",
    "\x1b]0;title\x07",
    "\u{202e}drow",
    "\u{9b}31m",
    "\0",
    "=cmd|' /C calc'!A0",
    "\"; \u{2066}x",
    "\r\n+OK",
];

/// A server on a loopback port of its own. Dropping it ends it and its connections.
pub(super) struct HostileServer {
    address: SocketAddr,
    cases: Arc<AtomicU64>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl HostileServer {
    /// Starts it; what it does depends on the seed and on the order of the connections only.
    pub(super) fn start(seed: u64) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let cases = Arc::<AtomicU64>::default();
        let counted = Arc::clone(&cases);
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(serve(listener, Rng::with_seed(seed), &counted, stopped));
        });
        Self { address, cases, stop: Some(stop), thread: Some(thread) }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Number of misbehaviors so far.
    pub(super) fn cases(&self) -> u64 {
        self.cases.load(Ordering::Relaxed)
    }
}

impl Drop for HostileServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

async fn serve(
    listener: std::net::TcpListener,
    mut random: Rng,
    cases: &Arc<AtomicU64>,
    mut stopped: oneshot::Receiver<()>,
) {
    let listener = TcpListener::from_std(listener).unwrap();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => return,
            Ok((stream, _)) = listener.accept() => {
                let client = Client { random: random.fork(), cases: Arc::clone(cases), resp3: false, stream };
                connections.spawn(client.converse());
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// What becomes of the connection.
type Goes = Option<()>;

/// A connection of the program.
struct Client {
    random: Rng,
    cases: Arc<AtomicU64>,
    resp3: bool,
    stream: TcpStream,
}

impl Client {
    async fn converse(mut self) -> Goes {
        let mut unread = Vec::new();
        // Half of the connections get as far as their workload.
        let mut patience = if self.random.bool() { self.random.u32(..8) } else { self.random.u32(8..40) };
        if self.random.u8(..) < 8 {
            self.misbehave(&["PING".to_owned()]).await?;
        }
        loop {
            let mut chunk = [0; 16 * 1024];
            let count = self.stream.read(&mut chunk).await.ok().filter(|count| *count > 0)?;
            unread.extend(&chunk[..count]);
            loop {
                match parse_command(&unread) {
                    Ok(Some((command, used))) => {
                        unread.drain(..used);
                        if command.is_empty() {
                            continue;
                        }
                        if patience == 0 {
                            patience = self.random.u32(..20);
                            self.misbehave(&command).await?;
                        } else {
                            patience -= 1;
                            let reply = self.proper(&command);
                            self.send(&reply).await?;
                        }
                    }
                    Ok(None) => break,
                    // A handshake of TLS, for instance.
                    Err(Malformed) => {
                        unread.clear();
                        self.misbehave(&["PING".to_owned()]).await?;
                        break;
                    }
                }
            }
        }
    }

    async fn send(&mut self, bytes: &[u8]) -> Goes {
        // A client that does not read gets no more.
        tokio::time::timeout(Duration::from_secs(5), self.stream.write_all(bytes)).await.ok()?.ok()
    }

    /// Sends the start of some bytes, cut anywhere.
    async fn send_part(&mut self, bytes: &[u8]) -> Goes {
        let cut = self.random.usize(..bytes.len().max(1));
        self.send(&bytes[..cut]).await
    }

    fn reset(&mut self) -> Goes {
        self.stream.set_zero_linger().ok();
        None
    }

    #[expect(clippy::too_many_lines, reason = "a list with one arm for each misbehavior")]
    async fn misbehave(&mut self, command: &[String]) -> Goes {
        self.cases.fetch_add(1, Ordering::Relaxed);
        let proper = self.proper(command);
        match self.random.u8(..23) {
            0 | 1 => {
                let value = self.any_value(0);
                self.send(&value).await
            }
            2 => {
                self.send_part(&proper).await?;
                None
            }
            3 => {
                self.send_part(&proper).await?;
                self.reset()
            }
            4 => self.send_part(&proper).await,
            5 => {
                let number = NUMBERS[self.random.usize(..NUMBERS.len())];
                let kind = self.random.choice(*b"$*%~>|=!:(+").map_or('$', char::from);
                self.send(format!("{kind}{number}\r\n").as_bytes()).await
            }
            6 => self.flood().await,
            7 => {
                let depth = self.random.usize(..20_000);
                let start = ["*1\r\n", "%1\r\n", ">1\r\n", "|1\r\n", "*2147483647\r\n"][self.random.usize(..5)];
                self.send(start.repeat(depth).as_bytes()).await
            }
            8 => {
                let pushes = self.any_pushes();
                self.send(&[pushes, proper].concat()).await
            }
            9 => {
                let times = self.random.usize(2..6);
                self.send(&proper.repeat(times)).await
            }
            10 => self.send(&[b"$1\r\n0\r\n", proper.as_slice()].concat()).await,
            11 => {
                let gap = Duration::from_millis(self.random.u64(1..40));
                for byte in proper.iter().take(40) {
                    self.send(&[*byte]).await?;
                    tokio::time::sleep(gap).await;
                }
                Some(())
            }
            12 => self.send(b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03garbage\x15\x03\x01\x00\x02\x02\x28").await,
            13 => {
                self.send(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n<html>\x1b[31m</html>\n").await?;
                None
            }
            14 | 15 => {
                let echo = self.echo(command);
                self.send(&echo).await
            }
            16 => {
                let text = NASTY[self.random.usize(..NASTY.len())];
                let text = text.repeat(1 + self.random.usize(..3)).replace(['\r', '\n'], " ");
                let code = ["ERR", "LOADING", "READONLY", "MOVED 1", "WRONGPASS", "", "NOAUTH", "BUSY"];
                let code = code[self.random.usize(..code.len())];
                self.send(format!("-{code} {text}\r\n").as_bytes()).await
            }
            17 => {
                let info = self.any_info();
                self.send(&bulk(&info)).await
            }
            18 | 19 => {
                let mut reply = proper;
                for _ in 0..=self.random.usize(..4) {
                    let at = self.random.usize(..reply.len());
                    reply[at] = if self.random.bool() { self.random.u8(..) } else { reply[at] ^ 1 };
                }
                self.send(&reply).await
            }
            20 => Some(()),
            21 => None,
            _ => self.reset(),
        }
    }

    /// A reply without an end.
    async fn flood(&mut self) -> Goes {
        let start = [&b"+"[..], b"-", b"$1073741824\r\n", b"$100000000\r\n", b"*100000000\r\n"][self.random.usize(..5)];
        self.send(start).await?;
        let chunk = if start[0] == b'*' { b":1\r\n".repeat(16 << 10) } else { vec![b'A'; 64 << 10] };
        for _ in 0..self.random.usize(..128) {
            self.send(&chunk).await?;
        }
        Some(())
    }

    /// As Redis echoes an unknown command, cut anywhere.
    fn echo(&mut self, command: &[String]) -> Vec<u8> {
        let mut line = format!("-ERR unknown command '{}', with args beginning with: ", command[0]);
        command[1..].iter().for_each(|argument| line.push_str(&format!("'{argument}' ")));
        if self.random.u8(..4) == 0 {
            line = line.to_ascii_uppercase();
        }
        let line: String = line.chars().filter(|char| !"\r\n".contains(*char)).collect();
        let from = if self.random.bool() { 0 } else { self.random.usize(..line.len()) };
        let to = from + self.random.usize(..=line.len() - from);
        let part = line.get(from..to).unwrap_or(&line);
        format!("-{}\r\n", part.trim_start_matches('-')).into_bytes()
    }

    /// INFO with numbers that are none, or none that a server can have, and texts that are not for a terminal.
    fn any_info(&mut self) -> Vec<u8> {
        let lines = INFO.lines().map(|line| match (self.random.u8(..8), line.split_once(':')) {
            (0, Some((name, _))) => format!("{name}:{}", NUMBERS[self.random.usize(..NUMBERS.len())]),
            (1, Some((name, _))) => format!("{name}:{}", NASTY[self.random.usize(..NASTY.len())]),
            (2, _) => String::new(),
            _ => line.to_owned(),
        });
        lines.collect::<Vec<_>>().join("\r\n").into_bytes()
    }

    fn any_value(&mut self, depth: u32) -> Vec<u8> {
        let number =
            if self.random.bool() { self.random.i64(-10..10) } else { NUMBERS[self.random.usize(..NUMBERS.len())] };
        let text = NASTY[self.random.usize(..NASTY.len())];
        let line = text.replace(['\r', '\n'], " ");
        match self.random.u8(..if depth > 3 { 9 } else { 14 }) {
            0 => format!(":{number}\r\n").into_bytes(),
            1 => format!("+{line}\r\n").into_bytes(),
            2 => format!("-{line}\r\n").into_bytes(),
            3 => bulk(text.as_bytes()),
            4 => b"$-1\r\n".to_vec(),
            5 => b"_\r\n".to_vec(),
            6 => [&b",nan\r\n"[..], b",-inf\r\n", b",1e400\r\n", b",x\r\n"][self.random.usize(..4)].to_vec(),
            7 => b"#t\r\n".to_vec(),
            8 => b"(1234567890123456789012345678901234567890\r\n".to_vec(),
            kind => {
                let kind = usize::from(kind - 9);
                let count = self.random.usize(..4);
                let items = if "%|".contains(&"*%~>|"[kind..=kind]) { count * 2 } else { count };
                let items = (0..items).flat_map(|_| self.any_value(depth + 1)).collect::<Vec<_>>();
                [format!("{}{count}\r\n", &"*%~>|"[kind..=kind]).into_bytes(), items].concat()
            }
        }
    }

    /// Messages on channels without a subscription, confirmations of nothing, and pushes that no server knows.
    fn any_pushes(&mut self) -> Vec<u8> {
        let channel = ["news", NASTY[self.random.usize(..NASTY.len())], ""][self.random.usize(..3)];
        let kinds = [
            "message",
            "pmessage",
            "smessage",
            "subscribe",
            "unsubscribe",
            "psubscribe",
            "sunsubscribe",
            "invalidate",
            "disconnection",
            "MIGRATING",
            "MOVING",
            "FAILED_OVER",
            "monitor",
            NASTY[0],
        ];
        let kind = kinds[self.random.usize(..kinds.len())];
        let mut items = vec![bulk(kind.as_bytes()), bulk(channel.as_bytes())];
        for _ in 0..self.random.usize(..3) {
            items.push(self.any_value(2));
        }
        let start = format!("{}{}\r\n", if self.resp3 { '>' } else { '*' }, items.len());
        [start.into_bytes(), items.concat()].concat().repeat(1 + self.random.usize(..50))
    }

    /// The answer of a real server, as far as the program needs one.
    fn proper(&mut self, command: &[String]) -> Vec<u8> {
        let name = command[0].to_ascii_uppercase();
        let argument = command.get(1).map_or("", String::as_str);
        match (name.as_str(), argument.to_ascii_uppercase().as_str()) {
            ("HELLO", version) => {
                self.resp3 |= version == "3";
                let fields: [&[u8]; 6] = [b"server", b"redis", b"version", b"7.2.4", b"role", b"master"];
                let start = if self.resp3 { &b"%3\r\n"[..] } else { b"*6\r\n" };
                [start.to_vec(), fields.map(bulk).concat()].concat()
            }
            ("PING", "") => b"+PONG\r\n".to_vec(),
            ("PING" | "ECHO", _) => bulk(argument.as_bytes()),
            ("INFO", _) => bulk(INFO.as_bytes()),
            ("SUBSCRIBE" | "PSUBSCRIBE" | "SSUBSCRIBE", _) => {
                let start = if self.resp3 { ">3\r\n" } else { "*3\r\n" };
                let kind = bulk(name.to_ascii_lowercase().as_bytes());
                let confirmed = command[1..].iter().zip(1..).map(|(channel, count)| {
                    [start.as_bytes(), &kind, &bulk(channel.as_bytes()), format!(":{count}\r\n").as_bytes()].concat()
                });
                confirmed.collect::<Vec<_>>().concat()
            }
            ("CLIENT", "ID") => b":7\r\n".to_vec(),
            ("CLIENT", "INFO" | "LIST") => {
                bulk(b"id=7 addr=127.0.0.1:1 laddr=127.0.0.1:2 name=a flags=N qbuf=0 obl=0 omem=0 cmd=ping resp=3\n")
            }
            ("CONFIG", "GET") => encode(["timeout", "0"]),
            ("SLOWLOG" | "LATENCY" | "CLUSTER" | "KEYS" | "COMMAND", _) => b"*0\r\n".to_vec(),
            ("ROLE", _) => b"*3\r\n$6\r\nmaster\r\n:14\r\n*0\r\n".to_vec(),
            ("TIME", _) => encode(["1700000000", "12"]),
            ("PUBLISH" | "DEL" | "EXISTS" | "DBSIZE", _) => b":1\r\n".to_vec(),
            ("GET", _) => b"$-1\r\n".to_vec(),
            _ => b"+OK\r\n".to_vec(),
        }
    }
}

fn bulk(bytes: &[u8]) -> Vec<u8> {
    [format!("${}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}
