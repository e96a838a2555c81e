//! The fault proxy: bytes in are bytes out, and each fault as a client on a plain socket sees it.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::harness::{RawClient, RedisServer, Value, closed_port, eventually};
use redis_doctor::internals::{
    Address, Clock, Config, Event, EventKind, FlowEnd, Orders, Proxy, ProxyHandle, Sandbox, SandboxConfig, TlsOptions,
};

const PATIENCE: Duration = Duration::from_secs(10);

/// A proxy in front of a server, and its output.
pub(super) struct Rig {
    proxy: Proxy,
    events: UnboundedReceiver<Event>,
}

impl Rig {
    pub(super) fn to(address: SocketAddr) -> Self {
        Self::with(Address::Tcp { host: address.ip().to_string(), port: address.port(), tls: false }, &[])
    }

    pub(super) fn with(upstream: Address, schedules: &[&str]) -> Self {
        let config = Config {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            acceptor: None,
            upstream,
            tls: TlsOptions::default(),
            schedules: schedules.iter().map(|text| text.parse().unwrap()).collect(),
            seed: 7,
            clock: Clock::start(),
            orders: Orders::Local,
            report_flows: true,
            observe: false,
        };
        let (sender, events) = unbounded_channel();
        Self { proxy: Proxy::start(config, sender).unwrap(), events }
    }

    pub(super) fn handle(&self) -> &ProxyHandle {
        self.proxy.handle()
    }

    pub(super) fn client(&self) -> RawClient {
        RawClient::connect(self.handle().addr()).unwrap()
    }

    /// A client whose connection to the server stands.
    pub(super) fn settled(&self) -> RawClient {
        let mut client = self.client();
        assert_eq!(pong(&mut client), "PONG");
        client
    }

    pub(super) fn fault(&self, text: &str) {
        self.handle().inject(text.parse().unwrap());
    }

    fn stream(&self) -> TcpStream {
        let stream = TcpStream::connect(self.handle().addr()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// The notes so far, with those of the end of a run.
    pub(super) fn conclusion(&mut self) -> Vec<String> {
        self.handle().conclude();
        let notes = std::iter::from_fn(|| self.events.try_recv().ok()).filter_map(|event| match event.kind {
            EventKind::Note { text } => Some(text.to_string()),
            _ => None,
        });
        notes.collect()
    }

    /// How the connections so far have ended, one of them at least.
    fn ends(&mut self) -> Vec<FlowEnd> {
        let mut ends = Vec::new();
        let events = &mut self.events;
        eventually("the end of a connection", PATIENCE, || {
            while let Ok(event) = events.try_recv() {
                if let EventKind::FlowClosed(closed) = event.kind {
                    ends.push(closed.how);
                }
            }
            !ends.is_empty()
        });
        ends
    }
}

pub(super) fn pong(client: &mut RawClient) -> String {
    client.call(["PING"]).map_or_else(|error| error.kind().to_string(), |value| value.text())
}

pub(super) fn read_error(client: &mut RawClient) -> ErrorKind {
    client.read().expect_err("no reply").kind()
}

fn sandbox() -> Sandbox {
    Sandbox::start(SandboxConfig::default()).unwrap()
}

/// A server that sends back what it gets, and ends its half after the client's end.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || {
                let mut buffer = [0; 8192];
                while let Ok(count @ 1..) = (&stream).read(&mut buffer) {
                    if (&stream).write_all(&buffer[..count]).is_err() {
                        return;
                    }
                }
                drop(stream.shutdown(Shutdown::Write));
            });
        }
    });
    address
}

/// Sends chunks, then the end of the stream; returns all that came back until its end.
fn exchange(stream: TcpStream, chunks: Vec<Vec<u8>>) -> Vec<u8> {
    let mut reader = stream.try_clone().unwrap();
    let writer = thread::spawn(move || {
        for chunk in chunks {
            (&stream).write_all(&chunk).unwrap();
        }
        stream.shutdown(Shutdown::Write).unwrap();
    });
    let mut back = Vec::new();
    reader.read_to_end(&mut back).unwrap();
    writer.join().unwrap();
    back
}

#[test]
fn bytes_in_are_bytes_out_under_any_chunking() {
    let rig = Rig::to(echo());
    let chunk = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..3000),
        prop::sample::select(vec![b"*1\r\n$4\r\nPING\r\n".to_vec(), b"*2\r\n$3\r\nGET".to_vec(), b"\r\n".to_vec()]),
    ];
    let config = ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() };
    for faults in [&[][..], &["latency=2ms~1ms,direction=both", "slicer=700", "bandwidth=10m"]] {
        faults.iter().for_each(|fault| rig.fault(fault));
        proptest!(config.clone(), |(chunks in prop::collection::vec(chunk.clone(), 0..8))| {
            let sent = chunks.concat();
            prop_assert!(exchange(rig.stream(), chunks) == sent);
        });
    }
}

#[test]
fn megabytes_pass_both_ways_at_once() {
    let rig = Rig::to(echo());
    let sent: Vec<u8> = (0..16_000_000_u32).map(|number| number.to_le_bytes()[1]).collect();
    let back = exchange(rig.stream(), sent.chunks(100_000).map(<[u8]>::to_vec).collect());
    assert!(back == sent);
    eventually("the bytes counted", PATIENCE, || rig.handle().stats().down == sent.len() as u64);
}

#[test]
fn an_end_of_stream_passes_on_one_way_at_a_time() {
    let rig = Rig::to(echo());
    let mut stream = rig.stream();
    stream.write_all(b"+last words\r\n").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut back = String::new();
    stream.read_to_string(&mut back).unwrap();
    assert_eq!(back, "+last words\r\n");
    drop(stream);
    let mut rig = rig;
    assert_eq!(rig.ends(), [FlowEnd::Closed]);
}

#[test]
fn a_reader_that_stops_stops_its_writer() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let rig = Rig::to(listener.local_addr().unwrap());
    let stream = rig.stream();
    stream.set_nonblocking(true).unwrap();
    let (server, _) = listener.accept().unwrap();
    // Full when nothing more goes in for a while; the limit is what kernel buffers and the proxy's queue can hold.
    let (mut sent, mut last) = (0, Instant::now());
    while last.elapsed() < Duration::from_millis(300) {
        match (&stream).write(&[b'x'; 65_536]) {
            Ok(count) => (sent, last) = (sent + count, Instant::now()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
        assert!(sent < 64 << 20, "the proxy takes without end");
    }
    let queued = rig.handle().stats().up as usize;
    assert!(queued < 32 << 20, "{queued} bytes read from the client");
    drop(server);
}

#[test]
fn a_thousand_connections_pass_through() {
    let sandbox = sandbox();
    let rig = Rig::to(sandbox.addr());
    let mut clients: Vec<_> = (0..1000).map(|_| rig.client()).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        client.send(["ECHO", &number.to_string()]).unwrap();
    }
    for (number, client) in clients.iter_mut().enumerate() {
        assert_eq!(client.read().unwrap().text(), number.to_string());
    }
    assert_eq!(rig.handle().stats().open, 1000);
    rig.fault("reset_peer");
    let reset = clients.iter_mut().filter_map(|client| client.read().err());
    assert_eq!(reset.filter(|error| error.kind() == ErrorKind::ConnectionReset).count(), 1000);
    eventually("all connections gone", PATIENCE, || rig.handle().stats().open == 0);
}

#[test]
fn a_reset_is_104_and_a_close_is_not() {
    let server = RedisServer::start();
    let mut rig = Rig::to(server.address());
    for (fault, error) in [("reset_peer", ErrorKind::ConnectionReset), ("close", ErrorKind::UnexpectedEof)] {
        let mut client = rig.settled();
        rig.fault(fault);
        assert_eq!(read_error(&mut client), error, "{fault}");
        drop(client);
        assert_eq!(rig.ends(), [FlowEnd::Fault]);
    }
    eventually("both gone at the server", PATIENCE, || server.clients().len() <= 1);
    rig.settled();
}

#[test]
fn a_reset_of_the_client_leaves_a_ghost_at_the_server() {
    let server = RedisServer::start();
    let rig = Rig::to(server.address());
    let mut client = rig.settled();
    assert_eq!(client.call(["CLIENT", "SETNAME", "haunted"]).unwrap().text(), "OK");
    rig.fault("reset_peer=side=client");
    assert_eq!(read_error(&mut client), ErrorKind::ConnectionReset);
    rig.settled();
    assert!(server.clients().iter().any(|line| line.contains("haunted")));
}

#[test]
fn a_reset_in_flight_waits_for_a_command_and_loses_its_reply() {
    let server = RedisServer::start();
    let mut rig = Rig::to(server.address());
    let mut client = rig.settled();
    rig.fault("reset_peer=when=in_flight");
    assert_eq!(rig.handle().list().len(), 1);
    client.send(["SET", "ran", "yes"]).unwrap();
    assert_eq!(read_error(&mut client), ErrorKind::ConnectionReset);
    assert_eq!(server.command(["GET", "ran"]), "yes");
    assert_eq!(rig.ends(), [FlowEnd::Fault]);
    eventually("the fault is over", PATIENCE, || rig.handle().list().is_empty());
    rig.settled();
}

#[test]
fn a_reset_when_idle_waits_for_the_reply() {
    let server = RedisServer::start();
    let rig = Rig::to(server.address());
    rig.fault("reset_peer=when=idle");
    let mut client = rig.client();
    client.send(["BLPOP", "list", "0"]).unwrap();
    eventually("the command arrived", PATIENCE, || server.clients().iter().any(|line| line.contains("cmd=blpop")));
    assert_eq!(rig.handle().list().len(), 1);
    server.command(["LPUSH", "list", "value"]);
    assert_eq!(client.read().unwrap().text(), "list\nvalue");
    assert_eq!(read_error(&mut client), ErrorKind::ConnectionReset);
}

#[test]
fn a_half_close_goes_on_reading() {
    let server = RedisServer::start();
    let rig = Rig::to(server.address());
    let mut client = rig.settled();
    rig.fault("half_close");
    assert_eq!(read_error(&mut client), ErrorKind::UnexpectedEof);
    client.send(["SET", "still", "read"]).unwrap();
    eventually("the command ran", PATIENCE, || server.command(["GET", "still"]) == "read");
}

#[test]
fn a_slow_close_is_late() {
    let rig = Rig::to(echo());
    rig.fault("slow_close=300ms");
    let began = Instant::now();
    assert_eq!(exchange(rig.stream(), vec![b"+x\r\n".to_vec()]), b"+x\r\n");
    assert!(began.elapsed() >= Duration::from_millis(600), "{:?}", began.elapsed());
}

#[test]
fn silence_ends_with_what_was_held_back() {
    let sandbox = sandbox();
    let rig = Rig::to(sandbox.addr());
    for (fault, new_ones_work) in [
        ("blackhole", true),
        ("blackhole=direction=up", true),
        ("blackhole=direction=down", true),
        ("partition", false),
    ] {
        let mut client = rig.settled();
        rig.fault(fault);
        client.send(["ECHO", fault]).unwrap();
        let mut other = rig.client();
        other.patience(Duration::from_millis(100));
        assert_eq!(pong(&mut other) == "PONG", new_ones_work, "{fault}");
        client.patience(Duration::from_millis(100));
        assert_eq!(read_error(&mut client), ErrorKind::WouldBlock, "{fault}");
        assert_eq!(rig.handle().clear(), 1);
        client.patience(PATIENCE);
        assert_eq!(client.read().unwrap().text(), fault);
    }
}

#[test]
fn the_door_can_be_shut_in_every_way() {
    let sandbox = sandbox();
    let rig = Rig::to(sandbox.addr());
    let mut old = rig.settled();
    for (fault, error) in [
        ("refuse", ErrorKind::ConnectionRefused),
        ("accept_close", ErrorKind::UnexpectedEof),
        ("accept_reset", ErrorKind::ConnectionReset),
        ("stall_accept", ErrorKind::WouldBlock),
    ] {
        rig.fault(fault);
        let outcome = RawClient::connect(rig.handle().addr()).and_then(|mut client| {
            client.patience(Duration::from_millis(100));
            client.read()
        });
        assert_eq!(outcome.unwrap_err().kind(), error, "{fault}");
        assert_eq!(pong(&mut old), "PONG", "{fault} is for new connections");
        rig.handle().clear();
        eventually("the door is open again", PATIENCE, || {
            RawClient::connect(rig.handle().addr()).is_ok_and(|mut client| pong(&mut client) == "PONG")
        });
    }
    rig.fault("stall_accept");
    let mut stalled = rig.client();
    stalled.send(["PING"]).unwrap();
    rig.handle().clear();
    assert_eq!(stalled.read().unwrap().text(), "PONG", "a stalled connection goes on");
}

#[test]
fn a_server_that_is_not_there_is_a_reset() {
    let mut rig = Rig::to(closed_port());
    // On a busy machine the reset can be there before the connect is done.
    let end = match RawClient::connect(rig.handle().addr()) {
        Ok(mut client) => read_error(&mut client),
        Err(error) => error.kind(),
    };
    assert_eq!(end, ErrorKind::ConnectionReset);
    assert_eq!(rig.ends(), [FlowEnd::Unreachable]);
}

#[test]
fn what_slows_slows() {
    let sandbox = sandbox();
    let rig = Rig::to(sandbox.addr());
    let mut client = rig.settled();
    let text = "x".repeat(10_000);
    for (fault, at_least) in [
        ("latency=200ms", 200),
        ("latency=100ms,direction=both", 200),
        ("latency=200ms,on=ECHO", 200),
        ("bandwidth=20000,direction=down", 500),
        ("slicer=1000,delay=20ms,direction=down", 200),
    ] {
        rig.fault(fault);
        let began = Instant::now();
        assert_eq!(client.call(["ECHO", &text]).unwrap(), Value::Bulk(text.clone().into_bytes()));
        let took = began.elapsed();
        assert!(took >= Duration::from_millis(at_least) && took < PATIENCE, "{fault}: {took:?}");
        rig.handle().clear();
    }
}

#[test]
fn a_limit_cuts() {
    let sandbox = sandbox();
    let rig = Rig::to(sandbox.addr());
    let mut stream = rig.stream();
    stream.write_all(b"PING\r\n").unwrap();
    stream.read_exact(&mut [0; 7]).unwrap();
    rig.fault("limit_data=3");
    stream.write_all(b"PING\r\n").unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, b"+PO");
}

#[test]
fn a_silent_connection_is_forgotten() {
    let server = RedisServer::start();
    let rig = Rig::to(server.address());
    rig.fault("idle_drop=300ms,then=reset");
    let mut client = rig.settled();
    thread::sleep(Duration::from_millis(400)); // The silence itself.
    assert_eq!(client.call(["PING"]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    rig.handle().clear();
    rig.fault("idle_drop=300ms");
    let mut client = rig.settled();
    thread::sleep(Duration::from_millis(400));
    client.patience(Duration::from_millis(200));
    assert_eq!(client.call(["PING"]).unwrap_err().kind(), ErrorKind::WouldBlock);
    rig.handle().clear();
    assert_eq!(client.call(["PING"]).unwrap_err().kind(), ErrorKind::WouldBlock, "for good");
}

#[test]
fn replies_are_put_in_place_of_the_servers() {
    let sandbox = sandbox();
    let rig = Rig::to(sandbox.addr());
    let mut client = rig.settled();
    rig.fault("error_reply=LOADING,on=ECHO");
    client.send_bytes(b"PING a\r\nECHO b\r\nPING c\r\n").unwrap();
    let replies: Vec<_> = (0..3).map(|_| client.read().unwrap()).collect();
    let error = Value::Error("LOADING Redis is loading the dataset in memory".into());
    assert_eq!(replies, [Value::Bulk(b"a".into()), error, Value::Bulk(b"c".into())]);
    rig.handle().clear();

    rig.fault("error_reply=OOM,on=PING,share=50%");
    let failed = (0..200).filter(|_| pong(&mut client).starts_with("OOM")).count();
    assert!((60..140).contains(&failed), "{failed} of 200");
    rig.handle().clear();
    assert_eq!(pong(&mut client), "PONG");

    rig.fault("error_reply=max_clients");
    assert_eq!(pong(&mut client), "PONG", "a full server keeps the connections that it has");
    let mut late = rig.client();
    assert!(pong(&mut late).starts_with("ERR max number"));
    assert_eq!(read_error(&mut late), ErrorKind::UnexpectedEof);
    rig.handle().clear();

    for (fault, seen) in
        [("garbage", "invalid data"), ("http_503", "invalid data"), ("truncate", "unexpected end of file")]
    {
        let mut client = rig.settled();
        rig.fault(fault);
        assert_eq!(pong(&mut client), seen, "{fault}");
        rig.handle().clear();
    }
}

#[test]
fn a_push_reaches_those_who_understand_it() {
    let sandbox = sandbox();
    let rig = Rig::to(sandbox.addr());
    let (mut old, mut new) = (rig.settled(), rig.client());
    new.call(["HELLO", "3"]).unwrap();
    rig.fault("push=MOVING 1 15 10.0.0.1:6379");
    let Value::Push(push) = new.read().unwrap() else { panic!("no push") };
    assert_eq!(push[0].text(), "MOVING");
    assert_eq!(pong(&mut new), "PONG");
    assert_eq!(pong(&mut old), "PONG");
}

#[test]
fn a_schedule_begins_and_ends_by_itself() {
    let sandbox = sandbox();
    let address = sandbox.addr();
    let upstream = Address::Tcp { host: address.ip().to_string(), port: address.port(), tls: false };
    let mut rig = Rig::with(upstream, &["blackhole@100ms+200ms", "close@every:150ms"]);
    rig.handle().begin();
    let mut seen = Vec::new();
    eventually("three faults and an end", PATIENCE, || {
        while let Ok(event) = rig.events.try_recv() {
            match event.kind {
                EventKind::FaultInjected { fault } => seen.push((fault.to_string(), event.at.elapsed())),
                EventKind::FaultCleared { after, .. } => seen.push(("over".to_owned(), after)),
                _ => {}
            }
        }
        seen.len() >= 4
    });
    let words: Vec<_> = seen[..4].iter().map(|(fault, _)| fault.as_str()).collect();
    assert_eq!((words[0], words[1]), ("blackhole", "close"));
    assert!(words[2..].contains(&"over") && words[2..].contains(&"close"));
    let over = seen.iter().find(|(word, _)| word == "over").unwrap().1;
    // On a busy machine a fault can begin late; it ends on time all the same.
    assert!(over >= Duration::from_millis(100), "{over:?}");
}

#[test]
fn orders_come_on_the_wire() {
    let sandbox = sandbox();
    let rig = Rig::to(sandbox.addr());
    let (mut client, mut doctor) = (rig.settled(), rig.client());
    assert_eq!(doctor.call(["doctor", "FAULT", "blackhole"]).unwrap().text(), "OK");
    client.patience(Duration::from_millis(100));
    assert_eq!(pong(&mut client), ErrorKind::WouldBlock.to_string());
    let listed = doctor.call(["DOCTOR", "LIST"]).unwrap().text();
    assert!(listed.starts_with("active     blackhole"), "{listed}");
    assert_eq!(doctor.call(["DOCTOR", "CLEAR"]).unwrap().text(), "cleared 1");
    client.patience(PATIENCE);
    assert_eq!(client.read().unwrap().text(), "PONG");
    let refused = doctor.call(["DOCTOR", "FAULT", "explode"]).unwrap().text();
    assert!(refused.contains("'explode' is not a fault; expected one of reset_peer"), "{refused}");
    assert!(doctor.call(["DOCTOR", "HELP"]).unwrap().text().contains("idle_drop=TIME"));
    assert_eq!(doctor.call(["DOCTOR", "FAULT", "reset_peer"]).unwrap().text(), "OK");
    assert_eq!(pong(&mut doctor), "PONG", "the connection that orders is spared");
    assert_eq!(read_error(&mut client), ErrorKind::ConnectionReset);
}

#[test]
fn an_order_passes_a_partition() {
    let sandbox = sandbox();
    let rig = Rig::to(sandbox.addr());
    let mut client = rig.settled();
    for fault in ["partition", "stall_accept"] {
        rig.fault(fault);
        let mut stalled = rig.client();
        stalled.send(["ECHO", "kept"]).unwrap();
        stalled.patience(Duration::from_millis(100));
        assert_eq!(read_error(&mut stalled), ErrorKind::WouldBlock, "{fault}");
        let mut doctor = rig.client();
        assert!(doctor.call(["DOCTOR", "LIST"]).unwrap().text().contains(fault));
        assert_eq!(doctor.call(["DOCTOR", "CLEAR"]).unwrap().text(), "cleared 1");
        stalled.patience(PATIENCE);
        assert_eq!(stalled.read().unwrap().text(), "kept");
        assert_eq!((pong(&mut client), pong(&mut stalled)), ("PONG".to_owned(), "PONG".to_owned()));
    }
}

#[test]
fn a_unix_socket_can_be_behind_it() {
    let server = RedisServer::builder().unix_socket().start();
    let rig = Rig::with(Address::Unix(server.unix_socket().to_owned()), &[]);
    let mut client = rig.settled();
    rig.fault("reset_peer");
    assert_eq!(read_error(&mut client), ErrorKind::ConnectionReset);
}
