//! A server that behaves until a test makes it answer with a reply that has no end.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use super::resp::parse_command;

/// A reply without end: how it begins, and what is repeated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Endless {
    pub(crate) name: &'static str,
    pub(crate) head: &'static str,
    pub(crate) part: &'static str,
}

/// Replies without end, of each kind.
pub(crate) const ENDLESS: [Endless; 8] = [
    Endless { name: "bulk", head: "$1073741824\r\n", part: "AAAAAAAAAAAAAAAA" },
    Endless { name: "line", head: "+", part: "AAAAAAAAAAAAAAAA" },
    Endless { name: "array", head: "*2147483647\r\n", part: ":1\r\n" },
    Endless { name: "map", head: "%1073741823\r\n", part: "$1\r\na\r\n" },
    Endless { name: "nested", head: "", part: "*1\r\n" },
    Endless { name: "many nested", head: "*2147483647\r\n", part: "*1\r\n*1\r\n*0\r\n" },
    Endless { name: "attribute", head: "|1073741823\r\n", part: "+a\r\n:1\r\n" },
    Endless { name: "verbatim", head: "=1073741824\r\ntxt:", part: "AAAAAAAAAAAAAAAA" },
];

/// Starts a server whose connections answer `good` commands and then the next with the endless reply.
pub(crate) fn flooding(endless: Endless, good: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            // A client that ends the connection ends its thread.
            thread::spawn(move || _ = serve(client, endless, good));
        }
    });
    address
}

fn serve(mut client: TcpStream, endless: Endless, good: usize) -> std::io::Result<()> {
    let (mut input, mut chunk) = (Vec::new(), [0; 4096]);
    let mut answered = 0;
    loop {
        let length = client.read(&mut chunk)?;
        if length == 0 {
            return Ok(());
        }
        input.extend_from_slice(&chunk[..length]);
        while let Ok(Some((command, used))) = parse_command(&input) {
            input.drain(..used);
            if answered == good {
                client.write_all(endless.head.as_bytes())?;
                let block = endless.part.repeat(64 * 1024);
                loop {
                    client.write_all(block.as_bytes())?;
                }
            }
            answered += 1;
            let name = command[0].to_ascii_uppercase();
            let reply = match (name.as_str(), command.get(1)) {
                ("HELLO", _) => "%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n".to_owned(),
                ("PING", Some(nonce)) => format!("${}\r\n{nonce}\r\n", nonce.len()),
                ("PING", None) => "+PONG\r\n".to_owned(),
                ("INFO", _) => "$34\r\nredis_version:7.0.15\r\nrun_id:abc\r\n\r\n".to_owned(),
                _ => "+OK\r\n".to_owned(),
            };
            client.write_all(reply.as_bytes())?;
        }
    }
}
