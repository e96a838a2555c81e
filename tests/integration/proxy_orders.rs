//! Orders and faults of the proxy strike where they should, replies stay in step, and what had no effect is named.

use std::{io::ErrorKind, net::TcpStream, time::Duration};

use super::{
    harness::{RedisServer, Value, eventually},
    proxy::{Rig, pong, read_error},
};

const PATIENCE: Duration = Duration::from_secs(10);

fn text(client: &mut super::harness::RawClient, command: &str) -> String {
    client.call(command.split(' ')).map_or_else(|error| error.kind().to_string(), |value| value.text())
}

#[test]
fn a_connection_is_exempt_only_while_it_gives_nothing_but_orders() {
    let server = RedisServer::start();
    let rig = Rig::to(server.address());

    // Orders, and then the commands of an application on the same connection, as from a pool.
    let mut pooled = rig.client();
    pooled.call(["HELLO", "3"]).unwrap();
    assert_eq!(text(&mut pooled, "DOCTOR FAULT error_reply=OOM"), "OK");
    assert!(text(&mut pooled, "SET a 1").starts_with("OOM"));
    assert_eq!(text(&mut pooled, "GET a"), "(nil)");
    assert_eq!(text(&mut pooled, "DOCTOR CLEAR"), "cleared 1");
    assert_eq!(text(&mut pooled, "SET a 1"), "OK");

    // The application's own connection gets its answer, and then what it ordered.
    assert_eq!(text(&mut pooled, "DOCTOR FAULT reset_peer"), "OK");
    assert_eq!(read_error(&mut pooled), ErrorKind::ConnectionReset);

    // In one packet, too.
    let mut pipelined = rig.client();
    pipelined.send_bytes(b"DOCTOR FAULT error_reply=READONLY\r\nSET a 2\r\nDOCTOR CLEAR\r\nSET a 3\r\n").unwrap();
    let replies: Vec<_> = (0..4).map(|_| pipelined.read().unwrap().text()).collect();
    assert_eq!((replies[0].as_str(), replies[2].as_str(), replies[3].as_str()), ("OK", "cleared 1", "OK"));
    assert!(replies[1].starts_with("READONLY"), "{replies:?}");

    // Silence holds a command back, and an order on a connection of its own ends it.
    let mut silent = rig.client();
    assert_eq!(text(&mut silent, "DOCTOR FAULT blackhole"), "OK");
    silent.patience(Duration::from_millis(100));
    assert_eq!(text(&mut silent, "SET a silent"), ErrorKind::WouldBlock.to_string());
    assert_eq!(server.command(["GET", "a"]), "3");
    assert_eq!(text(&mut rig.client(), "DOCTOR CLEAR"), "cleared 1");
    silent.patience(PATIENCE);
    assert_eq!(silent.read().unwrap().text(), "OK");
}

#[test]
fn several_faults_of_one_order_begin_together() {
    let server = RedisServer::start();
    let rig = Rig::to(server.address());
    for _ in 0..20 {
        let mut client = rig.settled();
        let mut doctor = rig.client();
        assert_eq!(text(&mut doctor, "DOCTOR FAULT close; refuse"), "OK");
        assert_eq!(read_error(&mut client), ErrorKind::UnexpectedEof);
        // The client dials in the moment in which it notices the end.
        let refused = TcpStream::connect(rig.handle().addr()).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        assert_eq!(text(&mut doctor, "DOCTOR CLEAR"), "cleared 1");
        eventually("the port is open again", PATIENCE, || TcpStream::connect(rig.handle().addr()).is_ok());
    }
    let mut doctor = rig.client();
    let refused = text(&mut doctor, "DOCTOR FAULT refuse; explode");
    assert!(refused.contains("'explode' is not a fault"), "{refused}");
    assert_eq!(text(&mut doctor, "DOCTOR LIST"), "", "all or none");
}

#[test]
fn errors_are_for_the_commands_that_a_server_refuses() {
    let server = RedisServer::start();
    let rig = Rig::to(server.address());
    let mut client = rig.settled();
    for (fault, refused, passed) in [
        ("error_reply=READONLY", &["INCRBY n 1", "DEL n", "XGROUP CREATE s g $ MKSTREAM"][..], &["PING", "GET a"][..]),
        ("error_reply=OOM", &["SET a 1"], &["DEL a", "GET a"]),
        ("error_reply=ERR,on=@write", &["SET a 1"], &["GET a"]),
        ("error_reply=LOADING", &["GET a", "PING"], &["CLIENT SETNAME x", "HELLO 2"]),
    ] {
        rig.fault(fault);
        for command in refused {
            let error = matches!(client.call(command.split(' ')).unwrap(), Value::Error(_));
            assert!(error, "{fault}: {command}");
        }
        for command in passed {
            let error = matches!(client.call(command.split(' ')).unwrap(), Value::Error(_));
            assert!(!error, "{fault}: {command}");
        }
        rig.handle().clear();
    }
    // A transaction fails as a whole, as at the server.
    rig.fault("error_reply=READONLY");
    let replies: Vec<_> =
        ["MULTI", "GET a", "SET a 9", "EXEC", "GET a"].map(|command| text(&mut client, command)).into();
    assert_eq!((replies[0].as_str(), replies[1].as_str()), ("OK", "QUEUED"));
    assert!(replies[2].starts_with("READONLY") && replies[3].starts_with("EXECABORT"), "{replies:?}");
    assert_eq!(replies[4], "(nil)");
}

#[test]
fn replies_stay_in_step_whatever_a_client_asks_for() {
    let server = RedisServer::start();
    let rig = Rig::to(server.address());
    let mut client = rig.settled();
    rig.fault("error_reply=OOM,on=GET");
    client.send_bytes(b"CLIENT REPLY SKIP\r\nGET a\r\nPING one\r\nCLIENT REPLY OFF\r\nPING\r\n").unwrap();
    client.send_bytes(b"GET a\r\nCLIENT REPLY ON\r\nGET a\r\nPING two\r\n").unwrap();
    let replies: Vec<_> = (0..4).map(|_| client.read().unwrap().text()).collect();
    assert_eq!((replies[0].as_str(), replies[1].as_str(), replies[3].as_str()), ("one", "OK", "two"));
    assert!(replies[2].starts_with("OOM"), "{replies:?}");

    let mut monitor = rig.settled();
    assert_eq!(text(&mut monitor, "MONITOR"), "OK");
    assert_eq!(server.command(["ECHO", "seen"]), "seen");
    assert!(monitor.read().unwrap().text().contains("seen"));
    if server.release().has(6, 2) {
        assert_eq!(text(&mut monitor, "RESET"), "RESET");
    }

    let mut modern = rig.client();
    modern.call(["HELLO", "3"]).unwrap();
    assert_eq!(text(&mut modern, "RESET"), "RESET");
    rig.fault("push=MOVING");
    assert_eq!(pong(&mut modern), "PONG", "a push on a RESP2 connection");
}

#[test]
fn a_fault_without_effect_says_so_at_the_end() {
    let server = RedisServer::start();
    let mut rig = Rig::to(server.address());
    rig.fault("close");
    let mut client = rig.settled();
    for fault in ["reset_peer=when=in_flight", "error_reply=OOM", "error_reply=ERR,on=GET", "push=MOVING", "refuse@60s"]
    {
        rig.fault(fault);
    }
    assert!(text(&mut rig.client(), "DOCTOR LIST").contains("in_flight"));
    let notes = rig.conclusion();
    for expected in [
        "the fault close never struck: no connection was open",
        "the fault reset_peer=when=in_flight never struck: no connection that it waits for had a reply in flight",
        "the fault error_reply=OOM never struck: no command that it affects came",
        "the fault error_reply=ERR,on=GET never struck",
        "the fault push=MOVING 1 15 127.0.0.1:6379 never struck: no connection spoke RESP3",
        "the fault refuse@60s never began",
    ] {
        assert!(notes.iter().any(|note| note.starts_with(expected)), "{expected}: {notes:#?}");
    }
    assert_eq!(pong(&mut client), ErrorKind::ConnectionReset.to_string());
    let notes = rig.conclusion();
    assert!(!notes.iter().any(|note| note.contains("in_flight")), "it has struck: {notes:#?}");
}

#[test]
fn nodes_that_bypass_the_proxy_are_reported() {
    let Some(node) = super::harness::cluster_node() else { return };
    let mut rig = Rig::to(node.address());
    let mut client = rig.settled();
    assert!(rig.conclusion().is_empty());
    node.command(["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
    let listed = client.call(["CLUSTER", "SLOTS"]).unwrap();
    let notes = rig.conclusion();
    let address = format!(":{}. ", node.port());
    let warned =
        |note: &String| note.starts_with("WARNING: 1 of 1 node bypasses the proxy: ") && note.contains(&address);
    assert!(notes.iter().any(warned), "{notes:#?} after {listed:?}");
}
