//! The fault proxy in front of a server that speaks TLS: clients speak plaintext to it, and every fault works.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use super::harness::{Certificates, Doctor, RawClient, RedisServer, RunningDoctor, Signal, Target as _, eventually};
use super::lab::{cli, said, start};

const PATIENCE: Duration = Duration::from_secs(20);

/// A run that trusts this authority only.
fn trusting(authority: &Path, arguments: &[&str]) -> Doctor {
    Doctor::new(arguments).env("SSL_CERT_FILE", authority)
}

/// A proxy on a free port, in front of this URL.
fn proxy(server: &RedisServer, url: &str) -> (RunningDoctor, u16) {
    let arguments = ["proxy", "--listen", "127.0.0.1:0", "-u", url];
    start(trusting(&server.certificates().authority, &arguments), &[])
}

fn client(port: u16) -> RawClient {
    RawClient::connect(([127, 0, 0, 1], port).into()).unwrap()
}

/// A client whose connection to the server stands.
fn settled(port: u16) -> RawClient {
    let mut client = client(port);
    assert_eq!(client.call(["PING"]).unwrap().text(), "PONG");
    client
}

fn order(port: u16, words: &[&str]) -> String {
    said(&cli(port, &[&["DOCTOR"], words].concat()))
}

/// Stands between the proxy and the server, and reports how the proxy ended each of its connections: with the end of the
/// stream (`None`), or with an error.
fn witness(server: SocketAddr) -> (SocketAddr, Receiver<Option<ErrorKind>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = channel();
    thread::spawn(move || {
        for from in listener.incoming().map_while(Result::ok) {
            let to = TcpStream::connect(server).unwrap();
            let (back_from, back_to) = (to.try_clone().unwrap(), from.try_clone().unwrap());
            let tell = tell.clone();
            thread::spawn(move || relay(&from, &to, Some(&tell)));
            thread::spawn(move || relay(&back_from, &back_to, None));
        }
    });
    (address, told)
}

fn relay(mut from: &TcpStream, mut to: &TcpStream, tell: Option<&Sender<Option<ErrorKind>>>) {
    let mut buffer = [0; 16 * 1024];
    let end = loop {
        match from.read(&mut buffer) {
            Ok(0) => break None,
            Ok(count) if to.write_all(&buffer[..count]).is_ok() => {}
            Ok(_) => break None,
            Err(error) => break Some(error.kind()),
        }
    };
    if let Some(tell) = tell {
        // The test may have ended.
        let _ = tell.send(end);
    }
    drop(to.shutdown(Shutdown::Write));
}

#[test]
fn a_reset_goes_below_tls_and_a_close_through_it() {
    let server = RedisServer::builder().tls().requirepass("open-sesame").start();
    let (address, told) = witness(server.address());
    let (doctor, port) = proxy(&server, &format!("rediss://localhost:{}", address.port()));
    let admitted = || {
        let mut client = client(port);
        assert!(client.call(["PING"]).unwrap().text().starts_with("NOAUTH"));
        assert_eq!(client.call(["AUTH", "open-sesame"]).unwrap().text(), "OK");
        client
    };
    // The connection with which the proxy found out that the two sides agree, at its start.
    told.recv_timeout(PATIENCE).unwrap();

    let mut reset = admitted();
    assert_eq!(order(port, &["FAULT", "reset_peer"]), "OK");
    assert_eq!(reset.read().unwrap_err().kind(), ErrorKind::ConnectionReset);
    let orders = |told: &Receiver<_>| (told.recv_timeout(PATIENCE).unwrap(), told.recv_timeout(PATIENCE).unwrap());
    let ends = orders(&told);
    assert!([ends.0, ends.1].contains(&Some(ErrorKind::ConnectionReset)), "{ends:?}");
    assert!([ends.0, ends.1].contains(&None), "the order's own connection was closed: {ends:?}");

    let mut closed = admitted();
    assert_eq!(order(port, &["FAULT", "close"]), "OK");
    assert_eq!(closed.read().unwrap_err().kind(), ErrorKind::UnexpectedEof);
    assert_eq!(orders(&told), (None, None));

    doctor.signal(Signal::INT);
    let ended = doctor.finish();
    ended.code(0).stderr_contains("the proxy connects to the server with TLS").lacks("open-sesame");
}

#[test]
fn replies_are_changed_and_silence_is_kept_under_tls() {
    let server = RedisServer::builder().tls().start();
    let (doctor, port) = proxy(&server, &server.url());
    let mut client = settled(port);
    assert_eq!(order(port, &["FAULT", "error_reply=LOADING,on=GET"]), "OK");
    assert!(client.call(["GET", "a"]).unwrap().text().starts_with("LOADING"));
    assert_eq!(client.call(["ECHO", "b"]).unwrap().text(), "b");
    assert_eq!(order(port, &["CLEAR"]), "cleared 1");

    assert_eq!(order(port, &["FAULT", "blackhole"]), "OK");
    client.send(["ECHO", "late"]).unwrap();
    // New connections work, and by their turn the silent one has had time to be heard, if it could be.
    let before = server.command(["INFO", "commandstats"]);
    settled(port);
    let echoes = |info: &str| info.lines().find(|line| line.starts_with("cmdstat_echo:")).map(str::to_owned);
    assert_eq!(echoes(&server.command(["INFO", "commandstats"])), echoes(&before));
    assert_eq!(order(port, &["CLEAR"]), "cleared 1");
    assert_eq!(client.read().unwrap().text(), "late");

    let mut ghost = settled(port);
    let id = ghost.call(["CLIENT", "ID"]).unwrap().text();
    assert_eq!(order(port, &["FAULT", "reset_peer=side=client"]), "OK");
    assert_eq!(ghost.read().unwrap_err().kind(), ErrorKind::ConnectionReset);
    settled(port);
    let known = |id: &str| server.clients().iter().any(|line| line.starts_with(&format!("id={id} ")));
    assert!(known(&id), "the server no longer believes in {id}: {:?}", server.clients());
    doctor.signal(Signal::INT);
    doctor.finish().code(0);
    eventually("the ghost to go with the proxy", PATIENCE, || !known(&id));
}

#[test]
fn all_bytes_pass_and_ends_of_streams_one_way_at_a_time() {
    let mut server = RedisServer::builder().tls().start();
    let (doctor, port) = proxy(&server, &server.url());
    // Longer than every buffer on the way.
    let value: Vec<u8> = (0..20_000_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut stored = client(port);
    assert_eq!(stored.call([&b"SET"[..], b"long", &value]).unwrap().text(), "OK");
    let mut back = client(port);
    assert!(back.call(["GET", "long"]).unwrap() == super::harness::Value::Bulk(value), "the value came back changed");

    let half = TcpStream::connect(("127.0.0.1", port)).unwrap();
    half.set_read_timeout(Some(PATIENCE)).unwrap();
    (&half).write_all(b"*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n").unwrap();
    half.shutdown(Shutdown::Write).unwrap();
    let mut rest = Vec::new();
    (&half).read_to_end(&mut rest).unwrap();
    assert_eq!(rest, b"$2\r\nhi\r\n");

    // A server that is killed says nothing in TLS any more: to the client it is the end of the stream all the same.
    let mut bereft = settled(port);
    server.kill9();
    assert_eq!(bereft.read().unwrap_err().kind(), ErrorKind::UnexpectedEof);
    doctor.signal(Signal::INT);
    doctor.finish().code(0);
}

#[test]
fn a_run_with_faults_on_tls_says_what_is_tested_and_recovers() {
    let server = RedisServer::builder().tls().requirepass("open-sesame").start();
    let faults =
        ["--fault", "reset_peer@300ms", "--fault", "error_reply=OOM,on=PING@600ms+150ms", "--fault", "close@900ms"];
    let soak = [&["soak", "-d", "1500ms"][..], &faults].concat();
    let run = trusting(&server.certificates().authority, &soak).target(&server).run();
    run.code(1).stdout_contains("2 drops").stdout_contains("2 reconnects").stdout_contains("OOM ");
    run.stderr_contains("rediss://").stderr_contains("TLS from the fault proxy to the server, plaintext to the client");
    run.lacks("open-sesame");
}

#[test]
fn a_drill_on_tls_ends_as_on_plain_text() {
    let server = RedisServer::builder().tls().start();
    let drill = ["drill", "--format", "json", "--case", "reset-in-flight,readonly", "--policy", "bare,hardened"];
    let run = trusting(&server.certificates().authority, &drill).target(&server).within(PATIENCE * 3).run();
    let cells = run.code(0).json();
    let outcomes: Vec<_> = cells.as_array().unwrap().iter().map(|cell| cell["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["dead", "recovered", "pinned", "recovered"]);
}

#[test]
fn a_server_that_is_not_trusted_is_named_with_the_remedy() {
    let server = RedisServer::builder().tls().config("bind", "127.0.0.1 127.0.0.2").requirepass("open-sesame").start();
    let elsewhere = tempfile::tempdir().unwrap();
    let stranger = Certificates::create(elsewhere.path(), &["localhost"]).authority;
    let remedy = "name its file with --cacert";
    let soak = trusting(&stranger, &["soak", "-d", "1s", "--fault", "close@100ms"]).target(&server).run();
    soak.code(2).stdout_contains(remedy).lacks("open-sesame");
    let alone = ["proxy", "--listen", "127.0.0.1:0", "-u"];
    let proxy = trusting(&stranger, &alone).arg(server.url()).run();
    proxy.code(2).stderr_contains("error: --uri: no connection to rediss://").stderr_contains(remedy);
    proxy.lacks("open-sesame").lacks("listening");
    let drill = trusting(&stranger, &["drill", "--case", "close", "--policy", "bare"]).target(&server).run();
    drill.code(2).stdout_contains("--cacert").lacks("open-sesame");
    let renamed = format!("rediss://127.0.0.2:{}", server.port());
    let proxy = trusting(&server.certificates().authority, &alone).arg(renamed).run();
    proxy.code(2).stderr_contains("the server's certificate is for another name than 127.0.0.2");
}

#[test]
fn a_client_that_speaks_tls_to_the_proxy_gets_a_hint() {
    let server = RedisServer::builder().tls().start();
    let (doctor, port) = proxy(&server, &server.url());
    let authority = server.certificates().authority.to_str().unwrap().to_owned();
    assert!(!cli(port, &["--tls", "--cacert", &authority, "PING"]).status.success());
    doctor.wait_for_stderr("a client speaks TLS to the proxy", PATIENCE);
    settled(port);
    doctor.signal(Signal::INT);
    doctor.finish().code(0);
}
