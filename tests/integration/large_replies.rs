//! A path that passes short packets only, as one with an MTU that neither end knows, is named by every command.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;

use crate::harness::{Doctor, RedisServer};

/// Bytes that a packet may carry.
const MTU: usize = 1200;

/// Relays to the server. From the first large packet of a direction on that direction is dead, as TCP sends the lost
/// packet again and again.
struct Narrow {
    address: SocketAddr,
}

impl Narrow {
    fn to(server: SocketAddr, replies: bool, commands: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(server) else { return };
                let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                thread::spawn(move || relay(from, to, commands));
                thread::spawn(move || relay(server, client, replies));
            }
        });
        Self { address }
    }
}

fn relay(mut from: TcpStream, mut to: TcpStream, narrow: bool) {
    let mut buffer = vec![0; 65_536];
    let mut dead = false;
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        dead |= narrow && length > MTU;
        if !dead && to.write_all(&buffer[..length]).is_err() {
            return;
        }
    }
    // The other side may have closed it already.
    let _ = to.shutdown(Shutdown::Write);
}

#[test]
fn check_names_the_direction_that_is_lost_and_reports_the_rest() {
    let server = RedisServer::start();
    for (replies, commands, lost) in [(true, false, "replies of 4 KiB"), (false, true, "commands of 4 KiB")] {
        let path = Narrow::to(server.address(), replies, commands);
        let run = Doctor::new(["check", "--format", "json"]).target(&path.address).run();
        let json = run.code(2).json();
        let finding = &json["findings"][0];
        assert_eq!((&finding["code"], &finding["severity"]), (&"RD182".into(), &"critical".into()), "{json:#}");
        assert!(finding["evidence"].as_str().unwrap().starts_with(lost), "{finding:#}");
        let line = |name: &str| json["lines"].as_array().unwrap().iter().find(|line| line["name"] == name).unwrap();
        assert_eq!((&line("ping")["mark"], &line("pubsub")["mark"]), (&"ok".into(), &"ok".into()), "{json:#}");
        assert_eq!(line("timeout")["mark"], "ok", "short questions are still asked");
    }
    let open = Narrow::to(server.address(), false, false);
    Doctor::new(["check"]).target(&open.address).run().code(0).stdout_contains("a reply of 4 KiB arrives");
}

#[test]
fn a_session_that_cannot_be_set_up_names_it() {
    let server = RedisServer::start();
    let path = Narrow::to(server.address(), true, false);
    let run = Doctor::new(["ping", "-c", "2"]).target(&path.address).run();
    run.code(2).stdout_contains("RD182 · no connection: replies of 4 KiB do not arrive").stdout_contains("ICMP");
}
