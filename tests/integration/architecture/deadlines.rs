//! Every wait for the network has a deadline: its call stands inside a call of `within`, which sets one, or in the table
//! of exceptions with the reason why that place needs none.

use super::source::{Token, behind_group};

/// Waits without a deadline: file, call, reason.
pub(super) const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("clock.rs", "poll_fn", "it is `Alarm::within` itself"),
    ("dial/resp_stream.rs", "read_buf", "`RespStream::receive` sets the deadline of a whole reply"),
    ("engine/run/evidence.rs", "shutdown", "it ends tasks, not a connection"),
    ("exporter.rs", "accept", "a listener waits for scrapers until the run ends"),
    ("proxy/acceptor.rs", "accept", "a listener waits for clients until the proxy ends"),
    ("proxy/flow.rs", "poll_fn", "a relayed connection may be idle; it ends with either end, a fault, or the proxy"),
    ("proxy/flow/dialing.rs", "poll_fn", "a stalled connection waits for the end of the fault, or of the proxy"),
    ("proxy/flow/ending.rs", "poll_fn", "a client that does not know of the reset may be idle; it ends with the proxy"),
    ("sandbox.rs", "accept", "a listener waits for clients until the server ends"),
    ("sandbox/connection.rs", "readable", "a client may be idle, up to the setting `timeout`"),
    ("sandbox/connection.rs", "writable", "a slow client is held back; its output is bounded"),
    ("session/fleet.rs", "shutdown", "it ends tasks, not a connection"),
    ("session/subject.rs", "get_async_pubsub", "`Dialer::subscriber` sets the deadline"),
    ("session/subject.rs", "psubscribe", "`Session::subscribe_on` sets the deadline of all of them"),
    ("session/subject.rs", "send_packed_command", "`Session::send_with` sets it, with a timer that serves many probes"),
    ("session/subject.rs", "subscribe", "`Session::subscribe_on` sets the deadline of all of them"),
    (
        "supervise/application.rs",
        "read_buf",
        "an application may run for long; it ends with the run, or the drill's case",
    ),
];

/// The waits for the network outside of `within`, by the name of the call.
pub(super) fn unbounded(tokens: &[Token]) -> Vec<&str> {
    let is = |at: usize, wanted: char| tokens.get(at) == Some(&Token::Other(wanted));
    let mut found = Vec::new();
    // For each open bracket, whether it is inside of `within(…)`.
    let mut open: Vec<bool> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Other('(' | '[' | '{') => {
                let sets_deadline = at > 0 && is(at, '(') && tokens[at - 1].name() == Some("within");
                open.push(sets_deadline || open.last() == Some(&true));
            }
            Token::Other(')' | ']' | '}') => _ = open.pop(),
            Token::Name(name) if is(at + 1, '(') && open.last() != Some(&true) && waits(tokens, at, name) => {
                found.push(name.as_str());
            }
            _ => {}
        }
    }
    found
}

/// True if the call at `at` waits for the network. A name that other types share counts only where it is awaited.
fn waits(tokens: &[Token], at: usize, name: &str) -> bool {
    let before = |steps: usize| at.checked_sub(steps).and_then(|at| tokens.get(at));
    let end = behind_group(tokens, at + 1);
    let awaited =
        tokens.get(end) == Some(&Token::Other('.')) && tokens.get(end + 1).and_then(Token::name) == Some("await");
    let has_arguments = end > at + 3;
    let is_method = before(1) == Some(&Token::Other('.'));
    if before(1).and_then(Token::name) == Some("fn") {
        return false;
    }
    match name {
        "copy_bidirectional"
        | "get_async_connection"
        | "get_async_pubsub"
        | "get_multiplexed_async_connection_with_config"
        | "lookup_host"
        | "parse_redis_value_async"
        | "poll_fn"
        | "query_async"
        | "send_packed_command"
        | "send_packed_commands" => true,
        "connect" if is_method => awaited && has_arguments,
        "connect" => matches!(before(2).and_then(Token::name), Some("TcpStream" | "UnixStream")),
        "psubscribe" | "read" | "read_buf" | "read_exact" | "subscribe" | "write" | "write_all" => {
            is_method && awaited && has_arguments
        }
        "accept" | "readable" | "writable" => is_method && !has_arguments,
        "flush" | "shutdown" => is_method && awaited,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::source::Source, *};

    fn found(text: &str) -> Vec<String> {
        unbounded(&Source::read(text).tokens).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn a_wait_inside_of_within_passes_and_a_bare_one_fails() {
        assert_eq!(found("async fn f() { within(limit, stream.read(&mut buffer)).await; }"), [""; 0]);
        assert_eq!(found("async fn f() { clock.within(limit, async { stream.flush().await; x() }).await; }"), [""; 0]);
        assert_eq!(found("async fn f() { stream.read(&mut buffer).await; }"), ["read"]);
        assert_eq!(found("async fn f() { within(limit, a()).await; stream.flush().await; }"), ["flush"]);
        assert_eq!(found("async fn f() { let made = TcpStream::connect(address); made.await }"), ["connect"]);
        assert_eq!(
            found("async fn f() { (socket.connect(address).await, lookup_host(name)) }"),
            ["connect", "lookup_host"]
        );
        assert_eq!(
            found("async fn f() { select! { r = listener.accept() => r, b = s.accept().await => b } }"),
            ["accept", "accept"]
        );
    }

    #[test]
    fn the_same_names_of_other_things_pass() {
        assert_eq!(found("fn connect(to: &str) { out.flush()?; file.read(&mut buffer)?; }"), [""; 0]);
        assert_eq!(found("async fn f() { self.route.connect().await; session.subscribe().await; }"), [""; 0]);
        assert_eq!(found("#[cfg(test)] mod tests { async fn f() { stream.flush().await; } }"), [""; 0]);
    }
}
