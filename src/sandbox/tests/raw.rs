//! Tests of the exact bytes in both protocol versions, for valid and invalid input.

use std::io::Read as _;

use super::start;
use super::wire::Wire;

#[test]
fn errors_are_in_the_words_of_redis() {
    let sandbox = start();
    let mut wire = Wire::to(&sandbox);
    let cases = [
        ("FOO a b", "-ERR unknown command 'FOO', with args beginning with: 'a' 'b' "),
        ("GET", "-ERR wrong number of arguments for 'get' command"),
        ("CLIENT", "-ERR wrong number of arguments for 'client' command"),
        ("CLIENT foo", "-ERR unknown subcommand 'foo'. Try CLIENT HELP."),
        ("CLIENT KILL", "-ERR wrong number of arguments for 'client|kill' command"),
        ("CLIENT KILL 1.2.3.4:5", "-ERR No such client"),
        ("CLIENT KILL ID 0", "-ERR client-id should be greater than 0"),
        ("CLIENT KILL ID 999", ":0"),
        ("CLIENT KILL FOO bar", "-ERR syntax error"),
        ("CLIENT LIST TYPE foo", "-ERR Unknown client type 'foo'"),
        ("HELLO 4", "-NOPROTO unsupported protocol version"),
        ("HELLO 3 FOO", "-ERR Syntax error in HELLO option 'FOO'"),
        ("SELECT 16", "-ERR DB index is out of range"),
        ("AUTH a b", "-WRONGPASS invalid username-password pair or user is disabled."),
        ("CONFIG SET foo bar", "-ERR Unknown option or number of arguments for CONFIG SET - 'foo'"),
        ("SET k v EX 0", "-ERR invalid expire time in 'set' command"),
        ("SET k v NX XX", "-ERR syntax error"),
        ("COMMAND DOCS", "*0"),
    ];
    for (command, expected) in cases {
        let expected = format!("{} ", expected.replace(' ', "~"));
        wire.command(command).expect(&expected);
    }
}

#[test]
fn a_pipeline_is_answered_in_order_and_binary_safe() {
    let sandbox = start();
    let mut wire = Wire::to(&sandbox);
    wire.send(b"*3\r\n$3\r\nSET\r\n$2\r\n\x00\n\r\n$4\r\n\r\n\xff\x00\r\n*2\r\n$3\r\nGET\r\n$2\r\n\x00\n\r\nPING\r\n");
    let expected = b"+OK\r\n$4\r\n\r\n\xff\x00\r\n+PONG\r\n";
    let mut got = vec![0; expected.len()];
    wire.0.read_exact(&mut got).unwrap();
    assert_eq!(got, expected);
}

#[test]
fn a_broken_protocol_is_named_and_ends_the_connection() {
    let sandbox = start();
    Wire::to(&sandbox).send(b"*1\r\n$x\r\n").expect_end("-ERR~Protocol~error:~invalid~bulk~length ");
    Wire::to(&sandbox).send(b"*1\r\n:1\r\n").expect_end("-ERR~Protocol~error:~expected~'$',~got~':' ");
}

#[test]
fn quit_answers_what_came_before_it_and_nothing_after() {
    let sandbox = start();
    Wire::to(&sandbox).command("PING").command("QUIT").expect_end("+PONG +OK ");
}

#[test]
fn resp2_subscribers_may_only_do_a_few_things() {
    let sandbox = start();
    let mut wire = Wire::to(&sandbox);
    wire.command("SUBSCRIBE a b")
        .expect("*3 $9 subscribe $1 a :1 *3 $9 subscribe $1 b :2 ")
        .command("PING")
        .expect("*2 $4 pong $0  ")
        .command("GET a")
        .expect(
            "-ERR~Can't~execute~'get':~only~(P|S)SUBSCRIBE~/~(P|S)UNSUBSCRIBE~/~PING~/~QUIT~/~RESET~are~allowed~in~this~context ",
        )
        .command("UNSUBSCRIBE")
        .expect("*3 $11 unsubscribe $1 a :1 *3 $11 unsubscribe $1 b :0 ")
        .command("UNSUBSCRIBE")
        .expect("*3 $11 unsubscribe $-1 :0 ")
        .command("PING")
        .expect("+PONG ");
    wire.command("SUBSCRIBE a").expect("*3 $9 subscribe $1 a :1 ");
    wire.command("RESET").expect("+RESET ").command("PING x").expect("$1 x ");
}

#[test]
fn messages_reach_every_kind_of_subscriber_in_its_own_protocol() {
    let sandbox = start();
    let (mut old, mut new) = (Wire::to(&sandbox), Wire::to(&sandbox));
    old.command("PSUBSCRIBE n*").expect("*3 $10 psubscribe $2 n* :1 ");
    new.command("HELLO 3 SETNAME new");
    new.expect("%7 $6 server $5 redis $7 version $5 7.2.4 $5 proto :3 $2 id :2 ");
    new.expect("$4 mode $10 standalone $4 role $6 master $7 modules *0 ");
    new.command("SUBSCRIBE news").expect(">3 $9 subscribe $4 news :1 ");
    new.command("SSUBSCRIBE news").expect(">3 $10 ssubscribe $4 news :1 ");

    // As in Redis 7.2, the publisher's own copy follows the reply.
    new.command("PUBLISH news hi").expect(":2 >3 $7 message $4 news $2 hi ");
    old.expect("*4 $8 pmessage $2 n* $4 news $2 hi ");
    new.command("SPUBLISH news hi").expect(":1 >3 $8 smessage $4 news $2 hi ");
    new.command("GET k").expect("_ ");
    new.command("PUBSUB NUMSUB news x").expect("*4 $4 news :1 $1 x :0 ");
    new.command("PUBSUB CHANNELS n*").expect("*1 $4 news ");
    new.command("PUBSUB NUMPAT").expect(":1 ");
    new.command("UNSUBSCRIBE").expect(">3 $11 unsubscribe $4 news :0 ");
    new.command("UNSUBSCRIBE").expect(">3 $11 unsubscribe _ :0 ");
}

#[test]
fn keys_expire_and_count() {
    let sandbox = start();
    let mut wire = Wire::to(&sandbox);
    wire.command("SET k v PX 100000 NX").expect("+OK ").command("TTL k").expect(":100 ");
    wire.command("SET k w GET KEEPTTL").expect("$1 v ").command("TTL k").expect(":100 ");
    wire.command("EXPIRE k 50 GT").expect(":0 ").command("EXPIRE k 50 LT").expect(":1 ");
    wire.command("INCRBY n 41").expect(":41 ").command("INCR n").expect(":42 ");
    wire.command("PEXPIRE n -1").expect(":1 ").command("EXISTS k n k").expect(":2 ");
    wire.command("DBSIZE").expect(":1 ").command("SELECT 1").expect("+OK ");
    wire.command("DBSIZE").expect(":0 ").command("TTL k").expect(":-2 ");
}
