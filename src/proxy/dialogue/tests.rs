//! Conversations: what each side gets, however the bytes arrive.

use proptest::prelude::*;

use super::*;
use crate::fuzz::Fuzz;

/// A conversation, fed in pieces; what the server and the client get.
struct Talk {
    dialogue: Dialogue,
    server: Vec<u8>,
    client: Vec<u8>,
    ended: bool,
    /// There is nothing to judge.
    idle: bool,
}

impl Talk {
    fn new() -> Self {
        Self { dialogue: Dialogue::new(), server: Vec::new(), client: Vec::new(), ended: false, idle: false }
    }

    fn ask(&mut self, bytes: &[u8], step: usize, answer: &dyn Fn(&str) -> Answer) {
        for piece in bytes.chunks(step) {
            let mut judge = |words: &[Vec<u8>]| answer(&String::from_utf8_lossy(&words[0]));
            match self.dialogue.requests(piece, self.idle, &mut judge) {
                Passed::Whole => self.server.extend(piece),
                Passed::Instead(bytes) => self.server.extend(bytes),
            }
            let due = self.dialogue.due();
            self.receive(due);
        }
    }

    fn reply(&mut self, bytes: &[u8], step: usize) {
        for piece in bytes.chunks(step) {
            match self.dialogue.replies(piece) {
                Passed::Whole => self.client.extend(piece),
                Passed::Instead(segments) => self.receive(segments),
            }
        }
    }

    fn receive(&mut self, segments: Vec<Segment>) {
        for segment in segments {
            if !self.ended {
                self.client.extend(segment.bytes);
            }
            self.ended |= segment.last;
        }
    }
}

fn local(text: &str) -> Answer {
    Answer::Local { bytes: text.as_bytes().to_vec(), last: false }
}

const PIPELINE: &[u8] = b"PING\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET\r\n$1\r\nl\r\n";

#[test]
fn an_answer_takes_its_place_in_the_order() {
    for step in 1..PIPELINE.len() {
        let mut talk = Talk::new();
        talk.ask(PIPELINE, step, &|name| if name == "GET" { local("-OOM\r\n") } else { Answer::Forward });
        assert_eq!(talk.server, b"PING\r\n*1\r\n$4\r\nPING\r\n", "in pieces of {step}");
        assert_eq!(talk.client, b"");
        talk.reply(b"+PONG 1\r\n+PO", step);
        talk.reply(b"NG 2\r\n+more\r\n", step);
        assert_eq!(talk.client, b"+PONG 1\r\n-OOM\r\n+PONG 2\r\n-OOM\r\n+more\r\n", "in pieces of {step}");
        assert_eq!(talk.dialogue.special, 0);
    }
}

#[test]
fn an_answer_to_a_quiet_connection_goes_at_once() {
    let mut talk = Talk::new();
    talk.ask(b"*1\r\n$4\r\nPING\r\n", 100, &|_| local("-LOADING\r\n"));
    assert_eq!((talk.server.as_slice(), talk.client.as_slice()), (b"".as_slice(), b"-LOADING\r\n".as_slice()));
    assert_eq!(talk.dialogue.in_flight(), Some(false));
}

#[test]
fn published_messages_answer_nothing() {
    let mut talk = Talk::new();
    talk.ask(b"SUBSCRIBE a b\r\nPING\r\n", 7, &|name| match name {
        "PING" => Answer::Truncate,
        _ => Answer::Forward,
    });
    talk.reply(b"*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n", 11);
    talk.reply(b"*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\ny\r\n", 13);
    assert!(talk.client.ends_with(b"y\r\n") && !talk.ended);
    talk.reply(b"+PONG\r\n", 100);
    assert!(talk.client.ends_with(b"y\r\n+PO") && talk.ended);
}

#[test]
fn one_error_stands_for_all_confirmations() {
    let mut talk = Talk::new();
    talk.ask(b"SUBSCRIBE a b\r\nPING\r\n", 100, &|_| Answer::Forward);
    talk.reply(b"-NOPERM\r\n", 100);
    assert_eq!(talk.dialogue.in_flight(), Some(true));
    talk.reply(b"+PONG\r\n", 100);
    assert_eq!(talk.dialogue.in_flight(), Some(false));
}

#[test]
fn a_push_never_comes_inside_a_reply() {
    let mut talk = Talk::new();
    assert!(!talk.dialogue.push(b">1\r\n+x\r\n"), "RESP2 knows no pushes");
    talk.ask(b"*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n*1\r\n$4\r\nPING\r\n", 3, &|_| Answer::Forward);
    talk.reply(b"%0\r\n+PO", 100);
    assert!(talk.dialogue.push(b">1\r\n+x\r\n"));
    assert!(talk.dialogue.due().is_empty());
    talk.reply(b"NG\r\n", 2);
    assert_eq!(talk.client, b"%0\r\n+PONG\r\n>1\r\n+x\r\n");
}

#[test]
fn a_connection_that_was_reset_knows_no_pushes() {
    for change in ["RESET", "HELLO 2"] {
        let mut talk = Talk::new();
        talk.ask(b"HELLO 3\r\n", 100, &|_| Answer::Forward);
        talk.reply(b"%0\r\n", 100);
        assert!(talk.dialogue.push(b">1\r\n+x\r\n"));
        talk.ask(format!("{change}\r\n").as_bytes(), 3, &|_| Answer::Forward);
        talk.reply(b"+RESET\r\n", 3);
        assert!(!talk.dialogue.push(b">1\r\n+x\r\n"), "{change}");
    }
    let mut refused = Talk::new();
    refused.ask(b"HELLO 3\r\n", 100, &|_| Answer::Forward);
    refused.reply(b"-NOAUTH\r\n", 100);
    assert!(!refused.dialogue.push(b">1\r\n+x\r\n"));
}

#[test]
fn commands_without_a_reply_leave_the_others_in_step() {
    let commands = b"CLIENT REPLY SKIP\r\nGET a\r\nPING\r\nCLIENT REPLY OFF\r\nPING\r\nGET b\r\nCLIENT REPLY ON\r\nGET c\r\nPING\r\n";
    for step in [1, 5, 500] {
        let mut talk = Talk::new();
        talk.ask(commands, step, &|name| if name == "GET" { local("-OOM\r\n") } else { Answer::Forward });
        talk.reply(b"+PONG\r\n+OK\r\n+PONG\r\n", step);
        assert_eq!(talk.client, b"+PONG\r\n+OK\r\n-OOM\r\n+PONG\r\n", "in pieces of {step}");
        assert_eq!(talk.dialogue.in_flight(), Some(false));
    }
    let mut idle = Talk { idle: true, ..Talk::new() };
    idle.ask(commands, 500, &|_| Answer::Forward);
    idle.reply(b"+PONG\r\n+OK\r\n$-1\r\n+PONG\r\n", 500);
    assert_eq!(idle.dialogue.in_flight(), Some(false));
}

#[test]
fn what_a_monitor_sees_answers_nothing() {
    let mut talk = Talk { idle: true, ..Talk::new() };
    talk.ask(b"MONITOR\r\nPING\r\n", 100, &|_| Answer::Forward);
    let seen = b"+1339518083.107412 [0 127.0.0.1:60866] \"get\" \"k\"\r\n";
    talk.reply(&[&b"+OK\r\n"[..], seen, seen].concat(), 9);
    assert_eq!(talk.dialogue.in_flight(), Some(true));
    talk.reply(b"+PONG\r\n", 9);
    assert_eq!(talk.dialogue.in_flight(), Some(false));
}

#[test]
fn the_stream_of_a_replica_passes_unread() {
    let mut talk = Talk { idle: true, ..Talk::new() };
    talk.ask(b"PING\r\nPSYNC ? -1\r\n\x00\x01", 100, &|_| Answer::Forward);
    talk.reply(b"+PONG\r\n+FULLRESYNC a 0\r\n$4\r\n\x00\x01\x02\x03*1\r\n", 100);
    assert_eq!(talk.dialogue.in_flight(), None);
    assert!(talk.server.ends_with(b"\x00\x01") && talk.client.ends_with(b"*1\r\n"));
}

#[test]
fn a_transaction_with_a_refused_command_is_refused_as_a_whole() {
    let commands = b"MULTI\r\nSET a 1\r\nGET a\r\nEXEC\r\nSET b 1\r\n";
    for step in [1, 7, 500] {
        let mut talk = Talk::new();
        talk.ask(commands, step, &|name| if name == "SET" { local("-READONLY\r\n") } else { Answer::Forward });
        assert_eq!(talk.server, [b"MULTI\r\n", UNKNOWN, b"GET a\r\nEXEC\r\n"].concat());
        talk.reply(b"+OK\r\n-ERR unknown command\r\n+QUEUED\r\n-EXECABORT\r\n", step);
        assert_eq!(talk.client, b"+OK\r\n-READONLY\r\n+QUEUED\r\n-EXECABORT\r\n-READONLY\r\n", "in pieces of {step}");
    }
    let mut talk = Talk::new();
    talk.ask(b"MULTI\r\nGET a\r\nEXEC\r\n", 100, &|name| {
        if name == "EXEC" { local("-BUSY x\r\n") } else { Answer::Forward }
    });
    assert_eq!(talk.server, [b"MULTI\r\nGET a\r\n", DISCARD].concat());
    talk.reply(b"+OK\r\n+QUEUED\r\n+OK\r\n", 100);
    assert!(talk.client.ends_with(b"-EXECABORT Transaction discarded because of: BUSY x\r\n"));
}

#[test]
fn addresses_of_servers_are_noticed_wherever_they_come() {
    let mut talk = Talk { idle: true, ..Talk::new() };
    talk.ask(b"CLUSTER SLOTS\r\nGET k\r\n", 100, &|_| Answer::Forward);
    talk.reply(b"*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$1\r\na\r\n:7001\r\n-MOVED 1 b:7002\r\n", 5);
    let learned: Vec<_> = talk.dialogue.learned().into_iter().map(|node| (node.host, node.port)).collect();
    assert_eq!(learned, [("a".to_owned(), 7001), ("b".to_owned(), 7002)]);
}

#[test]
fn delayed_confirmations_delay_only_themselves() {
    let mut dialogue = Dialogue::new();
    let late = Duration::from_secs(3);
    let mut judge = |words: &[Vec<u8>]| if words[0] == b"SUBSCRIBE" { Answer::Delay(late) } else { Answer::Forward };
    dialogue.requests(b"*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\nSUBSCRIBE a\r\nPING\r\n", false, &mut judge);
    let Passed::Instead(out) = dialogue.replies(b"%0\r\n>3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n+PONG\r\n") else {
        panic!()
    };
    let delays: Vec<_> = out.iter().map(|segment| segment.delay).collect();
    assert_eq!(delays, [Duration::ZERO, late, Duration::ZERO]);
}

#[test]
fn what_is_not_resp_passes_unread() {
    let mut talk = Talk::new();
    talk.ask(b"\x16\x03\x01", 1, &|_| local("never"));
    talk.reply(b"\x16\x03\x03", 1);
    assert_eq!((talk.server.as_slice(), talk.client.as_slice()), (&b"\x16\x03\x01"[..], &b"\x16\x03\x03"[..]));
    assert_eq!(talk.dialogue.in_flight(), None);
}

#[test]
fn thousands_of_commands_without_replies_cost_no_memory() {
    let mut talk = Talk::new();
    talk.ask(&b"PING\r\n".repeat(100_000), 65_536, &|_| Answer::Forward);
    assert_eq!(talk.dialogue.expected.len(), 1);
}

proptest! {
    #[test]
    fn bytes_in_are_bytes_out(
        requests in prop::collection::vec(any_part(), 0..30),
        replies in prop::collection::vec(any_part(), 0..30),
        step in 1_usize..40,
    ) {
        let (requests, replies) = (requests.concat(), replies.concat());
        let mut talk = Talk::new();
        talk.ask(&requests, step, &|_| Answer::Forward);
        talk.reply(&replies, step);
        let [asked, replied] = talk.dialogue.abandoned([true, true]);
        prop_assert_eq!([talk.server, asked].concat(), requests);
        prop_assert_eq!([talk.client, replied].concat(), replies);
    }

    #[test]
    fn what_is_known_of_a_conversation_does_not_depend_on_how_closely_it_was_read(
        requests in prop::collection::vec(any_part(), 0..30),
        replies in prop::collection::vec(any_part(), 0..30),
        step in 1_usize..400,
    ) {
        let [glanced, read] = [true, false].map(|idle| {
            let mut talk = Talk { idle, ..Talk::new() };
            talk.ask(&requests.concat(), step, &|_| Answer::Forward);
            talk.reply(&replies.concat(), step);
            let Dialogue { expected, resp3, subscribed, opaque, transaction, silence, nodes, .. } = &talk.dialogue;
            let known = format!("{expected:?} {resp3} {subscribed} {opaque} {transaction} {silence:?} {nodes:?} {}", talk.dialogue.replies.at_boundary());
            (known, talk.server, talk.client)
        });
        prop_assert_eq!(glanced, read);
    }

    #[test]
    fn meddling_with_others_changes_nothing(replies in prop::collection::vec(any_part(), 0..30), step in 1_usize..40) {
        let replies = replies.concat();
        let mut talk = Talk::new();
        // The delayed reply keeps the slow path on until it comes.
        talk.ask(b"GET k\r\n", 100, &|_| Answer::Delay(Duration::ZERO));
        talk.reply(&replies, step);
        let [_, held] = talk.dialogue.abandoned([true, true]);
        prop_assert_eq!([talk.client, held].concat(), replies);
    }
}

/// Bits of the protocol, and noise.
fn any_part() -> impl Strategy<Value = Vec<u8>> {
    let bits: &[&[u8]] = &[
        b"*1\r\n",
        b"$1\r\na\r\n",
        b"*1\r\n$4\r\nPING\r\n",
        b"*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\na\r\n",
        b"*2\r\n$5\r\nhello\r\n$1\r\n3\r\n",
        b"CLIENT REPLY SKIP\r\n",
        b"MULTI\r\n",
        b"RESET\r\n",
        b"MONITOR\r\n",
        b"CLUSTER SLOTS\r\n",
        b"SYNC\r\n",
        b"-MOVED 1 a:1\r\n",
        b"+OK\r\n",
        b"PING\r\n",
        b">1\r\n$1\r\nx\r\n",
        b"%0\r\n",
        b"\r\n",
        b"$-1\r\n",
        b":1\r\n",
    ];
    let bits: Vec<Vec<u8>> = bits.iter().map(|bit| bit.to_vec()).collect();
    prop_oneof![12 => prop::sample::select(bits), 1 => prop::collection::vec(any::<u8>(), 0..6)]
}

/// Without a fault nothing is changed, regardless of where the streams are cut.
#[test]
fn fuzz_dialogues() {
    let words = ["\n--\n", "*1\r\n$4\r\nPING\r\n", "+OK\r\n", "*-1\r\n", ">1\r\n$1\r\nx\r\n", "|1\r\n", "$-1\r\n"];
    Fuzz::new("dialogue", &words).run(|input| {
        let cut = input.windows(4).position(|part| part == b"\n--\n").unwrap_or(input.len());
        let (requests, replies) = (&input[..cut], input.get(cut + 4..).unwrap_or_default());
        for step in [1, 7, input.len().max(1)] {
            for idle in [true, false] {
                let mut talk = Talk { idle, ..Talk::new() };
                talk.ask(requests, step, &|_| Answer::Forward);
                talk.reply(replies, step);
                let [to_server, to_client] = talk.dialogue.abandoned([true, true]);
                assert_eq!([talk.server, to_server].concat(), requests);
                assert_eq!([talk.client, to_client].concat(), replies);
            }
        }
    });
}
