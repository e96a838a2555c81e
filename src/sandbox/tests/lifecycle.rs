//! Tests of the life of a connection: accepted, refused, closed.

use std::io::Read as _;
use std::net::Shutdown;

use super::wire::Wire;
use super::{Sandbox, SandboxConfig, start};

#[test]
fn a_client_that_stops_sending_is_released() {
    let sandbox = start();
    let mut wire = Wire::to(&sandbox);
    wire.command("PING").expect("+PONG ");
    wire.0.shutdown(Shutdown::Write).unwrap();
    wire.expect_end("");
}

#[test]
fn nothing_but_the_handshake_works_without_the_password() {
    let config = SandboxConfig { password: Some("sesame".to_owned()), ..SandboxConfig::default() };
    assert!(!format!("{config:?}").contains("sesame"));
    let sandbox = Sandbox::start(config).unwrap();
    let mut wire = Wire::to(&sandbox);
    wire.command("PING").expect("-NOAUTH~Authentication~required. ");
    wire.command("HELLO 3").expect("-NOAUTH~HELLO~must~be~called~with~the~client~already~authenticated,~otherwise");
    wire.expect("~the~HELLO~<proto>~AUTH~<user>~<pass>~option~can~be~used~to~authenticate~the~client~and");
    wire.expect("~select~the~RESP~protocol~version~at~the~same~time ");
    let refused = "-WRONGPASS~invalid~username-password~pair~or~user~is~disabled. ";
    wire.command("AUTH wrong").expect(refused);
    wire.command("AUTH default sesame").expect("+OK ").command("PING").expect("+PONG ");
    wire.command("RESET").expect("+RESET ");
    wire.command("PING").expect("-NOAUTH~Authentication~required. ");
    wire.command("AUTH sesame").expect("+OK ").command("PING").expect("+PONG ");
}

#[test]
fn client_kill_closes_others_immediately_and_the_caller_after_its_reply() {
    let sandbox = start();
    let (mut one, mut other) = (Wire::to(&sandbox), Wire::to(&sandbox));
    other.command("SUBSCRIBE news").expect("*3 $9 subscribe $4 news :1 ");
    one.command("CLIENT KILL TYPE pubsub").expect(":1 ");
    one.command("PUBLISH news gone").expect(":0 ");
    other.expect_end("");

    let id = one.id();
    one.command(&format!("CLIENT KILL ID {id}")).expect(":0 ");
    one.command(&format!("CLIENT KILL ID {id} SKIPME no")).expect_end(":1 ");
    let mut last = Wire::to(&sandbox);
    let addr = last.0.local_addr().unwrap();
    last.command(&format!("CLIENT KILL {addr}")).expect_end("+OK ");
}

#[test]
fn a_subscriber_that_does_not_read_is_closed_at_the_limit() {
    let config = SandboxConfig { output_limit: 64 * 1024, ..SandboxConfig::default() };
    let sandbox = Sandbox::start(config).unwrap();
    let (mut publisher, mut slow) = (Wire::to(&sandbox), Wire::to(&sandbox));
    slow.command("SUBSCRIBE news").expect("*3 $9 subscribe $4 news :1 ");
    let message = format!("PUBLISH news {}", "x".repeat(60 * 1024));
    // The socket buffers are bounded too, so the limit is reached long before the last round.
    let met = (0..10_000).find(|_| {
        publisher.command(&message);
        let mut reply = [0; 4];
        publisher.0.read_exact(&mut reply).unwrap();
        reply == *b":0\r\n"
    });
    assert!(met.is_some(), "the slow subscriber was never closed");
    let mut swallowed = Vec::new();
    let _ = slow.0.read_to_end(&mut swallowed);
    assert!(!swallowed.is_empty());
}

#[test]
fn all_clients_including_the_caller_are_listed_and_counted() {
    let sandbox = start();
    let (mut one, mut other) = (Wire::to(&sandbox), Wire::to(&sandbox));
    let (first, second) = (one.id(), other.id());
    one.command("CLIENT SETNAME a").expect("+OK ");
    other.command("CLIENT SETNAME b").expect("+OK ");
    other.command("SUBSCRIBE news").expect("*3 $9 subscribe $4 news :1 ");
    for filter in ["", &format!(" ID {second} {first}")] {
        let list = one.bulk(&format!("CLIENT LIST{filter}"));
        let ids: Vec<_> = list.lines().map(|line| line.split(' ').next().unwrap()).collect();
        assert_eq!(ids, [format!("id={first}"), format!("id={second}")], "{filter}");
        assert!(list.lines().next().unwrap().contains(" name=a ") && list.contains(" name=b "), "{list}");
    }
    assert!(one.bulk("CLIENT INFO").starts_with(&format!("id={first} ")));
    let info = one.bulk("INFO clients");
    assert!(info.contains("connected_clients:2\r\n") && info.contains("pubsub_clients:1"), "{info}");
}

#[test]
fn a_client_above_the_limit_is_refused() {
    let config = SandboxConfig { max_clients: 1, ..SandboxConfig::default() };
    let sandbox = Sandbox::start(config).unwrap();
    let mut first = Wire::to(&sandbox);
    first.command("PING").expect("+PONG ");
    Wire::to(&sandbox).expect_end("-ERR~max~number~of~clients~reached ");
    first.command("CONFIG SET maxclients 2").expect("+OK ");
    Wire::to(&sandbox).command("PING").expect("+PONG ");
}

#[test]
fn silent_clients_are_closed_but_subscribers_are_not() {
    let sandbox = start();
    let (mut subscriber, mut silent) = (Wire::to(&sandbox), Wire::to(&sandbox));
    subscriber.command("SUBSCRIBE news").expect("*3 $9 subscribe $4 news :1 ");
    silent.command("CONFIG SET timeout 1").expect("+OK ").expect_end("");
    Wire::to(&sandbox).command("PUBLISH news hi").expect(":1 ");
    subscriber.expect("*3 $7 message $4 news $2 hi ");
}

#[test]
fn dropping_the_handle_closes_connections_and_frees_the_port() {
    let sandbox = start();
    let mut wire = Wire::to(&sandbox);
    wire.command("PING").expect("+PONG ");
    let port = sandbox.addr().port();
    drop(sandbox);
    wire.expect_end("");
    let again = SandboxConfig { port, ..SandboxConfig::default() };
    assert_eq!(Sandbox::start(again).unwrap().addr().port(), port);
}
