//! The rules on sockets made up for them, each as it was seen on Linux 6.18.

use std::{collections::HashMap, net::SocketAddr, time::Duration};

use super::{
    connection::Connection,
    ending::{End, Witnesses, end},
    rules::{self, Problem, Scene},
    sampler::Names,
};
use crate::{
    clock::Stamp,
    event::{AttemptEnd, Ending, SocketSide},
    kernel::{Destroyed, Pair, SentBytes, Socket, TcpInfo, TcpState, Timer},
    verdict::Severity,
};

const REMOTE: &str = "10.0.0.1:6379";
const LOCAL: &str = "127.0.0.1:6379";

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A client whose last command was answered a moment ago.
fn client(server: &str, number: u16) -> Socket {
    let peer: SocketAddr = server.parse().unwrap();
    let ip = if peer.ip().is_loopback() { peer.ip() } else { [10, 0, 0, 2].into() };
    Socket {
        pair: Pair { local: SocketAddr::new(ip, 40_000 + number), peer },
        state: TcpState::Established,
        timer: Timer::Keepalive { due: ms(60_000) },
        receive_queue: 0,
        send_queue: 0,
        uid: 1000,
        inode: 1 + u32::from(number),
        cookie: 1 + u64::from(number),
        cgroup: None,
        info: TcpInfo {
            timeout: ms(200),
            last_data_sent: ms(40),
            last_data_received: ms(40),
            last_ack_received: ms(40),
            rtt: ms(1),
            min_rtt: Some(ms(1)),
            bytes_acked: 101,
            bytes_received: Some(100),
            segments_received: 10,
            data_segments_received: 5,
            data_segments_sent: 5,
            bytes_sent: Some(SentBytes { all: 100, again: 0 }),
            send_window: Some(65_536),
            ..TcpInfo::default()
        },
    }
}

/// The server's end of a connection.
fn accepted(client: &Socket) -> Socket {
    Socket { pair: client.pair.reversed(), cookie: client.cookie + 100_000, inode: client.inode + 100_000, ..*client }
}

/// Judges the latest of several samples, a second apart.
fn judged(samples: &[&[(Socket, SocketSide)]]) -> Vec<Problem> {
    let mut connections: Vec<(Connection, bool)> = Vec::new();
    for (number, sample) in samples.iter().enumerate() {
        let at = Stamp::START.after(Duration::from_secs(number as u64));
        let clients: Vec<_> =
            sample.iter().filter(|(_, side)| *side == SocketSide::Client).map(|(it, _)| it.pair).collect();
        let next = sample.iter().map(|(socket, side)| {
            let before = connections.iter().find(|(it, _)| it.socket.cookie == socket.cookie).map(|(it, _)| it);
            let listed = *side == SocketSide::Client || !clients.contains(&socket.pair.reversed());
            (Connection::new(*socket, *side, at, before), listed)
        });
        connections = next.collect();
    }
    rules::judge(&Scene { connections: &connections, names: &Names::default(), queues: HashMap::new() })
}

fn codes(samples: &[&[(Socket, SocketSide)]]) -> Vec<(&'static str, Severity)> {
    judged(samples).iter().map(|problem| (problem.code, problem.finding.severity)).collect()
}

fn clients(sockets: &[Socket]) -> Vec<(Socket, SocketSide)> {
    sockets.iter().map(|socket| (*socket, SocketSide::Client)).collect()
}

fn with(server: &str, number: u16, change: impl FnOnce(&mut Socket)) -> Socket {
    let mut socket = client(server, number);
    change(&mut socket);
    socket
}

/// Retransmitted this often, the first time after 200 ms.
fn retransmits(socket: &mut Socket, times: u32) {
    socket.timer = Timer::Retransmission { due: ms(100) };
    socket.send_queue = 30;
    let info = &mut socket.info;
    (info.retransmits, info.backoff, info.total_retransmits, info.unacked) = (times, times, times, 1);
    info.timeout = ms(200) * (1 << times);
    info.last_data_sent = ms(50);
    info.last_ack_received = ms(200) * ((1 << times) - 1) + ms(60);
    info.last_data_received = info.last_ack_received;
}

#[test]
fn healthy_connections_have_no_problem() {
    let all: Vec<_> = (0..50).map(|number| client(REMOTE, number)).collect();
    assert!(codes(&[&clients(&all), &clients(&all)]).is_empty());
}

#[test]
fn a_second_retransmission_without_an_acknowledgment_is_half_open_and_a_first_is_not() {
    for (times, found) in [(0, 0), (1, 0), (2, 1), (6, 1)] {
        let dead = with(REMOTE, 1, |it| {
            if times > 0 {
                retransmits(it, times)
            }
        });
        let problems = judged(&[&clients(&[dead, client(REMOTE, 2)])]);
        assert_eq!(problems.len(), found, "{times}: {problems:?}");
        for problem in problems {
            assert_eq!((problem.code, problem.finding.severity), ("RD230", Severity::Critical));
            assert_eq!(problem.connections, [dead.cookie]);
            assert!(problem.finding.evidence.contains("1 connection to the server acknowledged"), "{problem:?}");
        }
    }
}

#[test]
fn a_side_without_room_acknowledges_retransmissions_and_is_not_half_open() {
    let full = with(REMOTE, 1, |it| {
        retransmits(it, 4);
        it.info.last_ack_received = it.info.last_data_sent;
    });
    assert!(!codes(&[&clients(&[full])]).iter().any(|(code, _)| *code == "RD230"));
}

#[test]
fn a_connection_that_its_process_has_closed_is_not_half_open() {
    let closed = with(REMOTE, 1, |it| {
        retransmits(it, 4);
        (it.state, it.inode) = (TcpState::FinWait1, 0);
    });
    assert!(codes(&[&clients(&[closed])]).is_empty());
}

#[test]
fn unanswered_keepalive_probes_are_half_open() {
    let probed = |probes| {
        with(REMOTE, 1, |it| {
            it.info.probes = probes;
            (it.info.last_data_sent, it.info.last_data_received, it.info.last_ack_received) =
                (ms(9000), ms(9000), ms(9000));
        })
    };
    assert!(codes(&[&clients(&[probed(1)])]).is_empty());
    assert_eq!(codes(&[&clients(&[probed(2)])]), [("RD230", Severity::Critical)]);
}

/// A command that the server has not read for this long; it did nothing for three seconds.
fn unread(number: u16, time: u64) -> [(Socket, SocketSide); 2] {
    let asking = with(LOCAL, number, |it| (it.info.last_data_sent, it.info.last_data_received) = (ms(time), ms(3000)));
    let mut end = accepted(&asking);
    (end.receive_queue, end.info.last_data_received, end.info.last_data_sent) = (14, ms(time), ms(3000));
    [(asking, SocketSide::Client), (end, SocketSide::Server)]
}

#[test]
fn a_server_on_this_machine_that_has_read_nothing_since_is_stopped() {
    let stuck = [unread(1, 1500), unread(2, 2500)].concat();
    let problems = judged(&[&stuck]);
    let [problem] = &problems[..] else { panic!("{problems:?}") };
    assert_eq!((problem.code, problem.finding.severity), ("RD231", Severity::Critical));
    assert_eq!(problem.connections, [stuck[2].0.cookie, stuck[0].0.cookie], "the client's ends");
    // One that was served half a second ago.
    let other = with(LOCAL, 3, |it| (it.info.last_data_sent, it.info.last_data_received) = (ms(500), ms(500)));
    let served = [&stuck[..], &[(other, SocketSide::Client), (accepted(&other), SocketSide::Server)]].concat();
    assert!(codes(&[&served]).is_empty(), "{:?}", judged(&[&served]));
    assert!(codes(&[&unread(1, 700)]).is_empty(), "too short");
}

#[test]
fn a_blocking_command_is_no_frozen_server() {
    let waits = |number, time| {
        with(REMOTE, number, |it| (it.info.last_data_sent, it.info.last_data_received) = (ms(time), ms(time + 500)))
    };
    let blocked: Vec<_> = (0..5).map(|number| waits(number, 5000 + u64::from(number) * 300)).collect();
    assert_eq!(codes(&[&clients(&blocked)]), [("RD231", Severity::Info)]);
    let served = [&blocked[..], &[client(REMOTE, 9)]].concat();
    assert!(codes(&[&clients(&served)]).is_empty(), "another connection gets replies");
}

#[test]
fn several_commands_since_the_last_reply_to_anybody_make_a_frozen_server_likely() {
    // Sent `gap` ms after the last reply, which came `time` ms ago.
    let asks = |number, time, gap, replies| {
        with(REMOTE, number, |it| {
            (it.info.last_data_sent, it.info.last_data_received) = (ms(time - gap), ms(time));
            it.info.data_segments_received = replies;
            // Acknowledged after the usual delay.
            it.info.last_ack_received = ms(time - gap - 40);
        })
    };
    let found = |sockets: &[Socket]| codes(&[&clients(sockets)]);
    let busy: Vec<_> = (0..4).map(|number| asks(number, 3000, 100 * u64::from(number), 5)).collect();
    assert_eq!(found(&busy), [("RD231", Severity::Warning)]);
    let tight: Vec<_> = (0..4).map(|number| asks(number, 3000, 0, 500)).collect();
    assert_eq!(found(&tight), [("RD231", Severity::Warning)], "each sends its next command immediately");
    // Workers that were started together, and wait for their first job.
    let idle: Vec<_> = (0..4).map(|number| asks(number, 3000, 5, 4)).collect();
    assert_eq!(found(&idle), [("RD231", Severity::Info)]);
    assert_eq!(found(&busy[..1]), [("RD231", Severity::Info)], "one may block");
    let served = [&tight[..], &[client(REMOTE, 9)]].concat();
    assert!(found(&served).is_empty());
    // Replicas of an idle primary confirm once a second.
    let replicas = |time, sent| -> Vec<_> {
        let replica = |number| {
            let mut socket = asks(number, time, time - 300, 500);
            socket.info.data_segments_sent = sent;
            socket
        };
        (0..3).map(replica).collect()
    };
    let samples = [clients(&replicas(2000, 7)), clients(&replicas(3000, 8))];
    assert_eq!(codes(&[&samples[0], &samples[1]]), [("RD231", Severity::Info)]);
}

#[test]
fn a_client_that_sends_more_into_a_wait_makes_a_frozen_server_likely() {
    let at = |time: u64, sent| {
        with(REMOTE, 1, |it| {
            (it.info.last_data_sent, it.info.last_data_received) = (ms(50), ms(time));
            it.info.data_segments_sent = sent;
        })
    };
    let more = [clients(&[at(1200, 7)]), clients(&[at(2200, 17)])];
    assert_eq!(codes(&[&more[0], &more[1]]), [("RD231", Severity::Warning)]);
    // A replica confirms once a second, and its primary is silent.
    let replica = [clients(&[at(1200, 7)]), clients(&[at(2200, 8)])];
    assert_eq!(codes(&[&replica[0], &replica[1]]), [("RD231", Severity::Info)]);
}

#[test]
fn a_closed_window_whose_probes_are_answered_is_a_server_that_takes_nothing() {
    let full = with(REMOTE, 1, |it| {
        (it.timer, it.send_queue) = (Timer::WindowProbe { due: ms(200) }, 70_000);
        (it.info.send_window, it.info.last_data_sent, it.info.last_data_received) = (Some(0), ms(3000), ms(4000));
        it.info.bytes_not_sent = 70_000;
    });
    assert_eq!(codes(&[&clients(&[full])]), [("RD231", Severity::Critical)]);
}

#[test]
fn a_client_that_reads_nothing_while_more_arrives_does_not_read() {
    let holds = |bytes: u32, latest: u64| {
        with(LOCAL, 1, |it| {
            (it.receive_queue, it.info.bytes_received) = (bytes, Some(u64::from(bytes) + 100));
            it.info.last_data_received = ms(latest);
        })
    };
    let samples = [holds(500, 10), holds(900, 10), holds(1400, 10)].map(|socket| clients(&[socket]));
    assert!(codes(&[&samples[0], &samples[1]]).is_empty(), "too short");
    assert_eq!(codes(&[&samples[0], &samples[1], &samples[2]]), [("RD232", Severity::Warning)]);
    // The same, with a read in between.
    let mut read = holds(1400, 10);
    read.info.bytes_received = Some(2000);
    assert!(codes(&[&samples[0], &samples[1], &clients(&[read])]).is_empty());
    // A push that an idle connection of a pool holds.
    assert!(codes(&[&clients(&[holds(60, 3000)])]).is_empty());
    assert_eq!(codes(&[&clients(&[holds(60, 30_000)])]), [("RD232", Severity::Info)]);
}

#[test]
fn a_connection_that_the_server_closed_a_moment_ago_is_no_leak() {
    let closed = |ago| {
        with(LOCAL, 1, |it| {
            (it.state, it.receive_queue, it.info.last_ack_received) = (TcpState::CloseWait, 1, ms(ago));
        })
    };
    assert!(codes(&[&clients(&[closed(300)])]).is_empty());
    let problems = judged(&[&clients(&[closed(1300)])]);
    assert_eq!(problems.iter().map(|it| it.code).collect::<Vec<_>>(), ["RD233"]);
    assert!(problems[0].finding.evidence.contains("has not read"), "{problems:?}");
}

#[test]
fn only_a_silent_connection_without_a_timer_on_a_path_is_blind() {
    let silent = |server, timer, time| {
        with(server, 1, |it| {
            it.timer = timer;
            (it.info.last_data_sent, it.info.last_data_received) = (ms(time), ms(time));
        })
    };
    let found = |socket| codes(&[&clients(&[socket])]);
    assert_eq!(found(silent(REMOTE, Timer::Idle, 20_000)), [("RD234", Severity::Info)]);
    assert!(found(silent(REMOTE, Timer::Idle, 2000)).is_empty());
    assert!(found(silent(REMOTE, Timer::Keepalive { due: ms(9000) }, 20_000)).is_empty());
    assert!(found(silent(LOCAL, Timer::Idle, 20_000)).is_empty());
    // Messages came long after the subscription.
    let mut subscriber = silent(REMOTE, Timer::Idle, 60_000);
    subscriber.info.last_data_received = ms(20_000);
    assert_eq!(found(subscriber), [("RD234", Severity::Warning)]);
}

#[test]
fn a_syn_that_was_sent_again_is_unanswered() {
    let connecting = |times| {
        with(REMOTE, 1, |it| {
            (it.state, it.timer) = (TcpState::SynSent, Timer::Retransmission { due: ms(500) });
            it.info = TcpInfo { retransmits: times, total_retransmits: times, unacked: 1, ..TcpInfo::default() };
        })
    };
    assert!(codes(&[&clients(&[connecting(0)])]).is_empty());
    assert_eq!(codes(&[&clients(&[connecting(1)])]), [("RD235", Severity::Critical)]);
    assert_eq!(codes(&[&clients(&[connecting(1), client(REMOTE, 2)])]), [("RD235", Severity::Warning)]);
}

/// The last figures of a socket that has sent `sent` bytes.
fn destroyed(sent: u64, acked: u64, queues: (u32, u32)) -> Destroyed {
    let mut socket = Destroyed::of(REMOTE, AttemptEnd::Dropped);
    (socket.receive_queue, socket.send_queue) = queues;
    socket.info =
        TcpInfo { bytes_sent: Some(SentBytes { all: sent, again: 0 }), bytes_acked: acked, ..TcpInfo::default() };
    socket
}

#[test]
fn each_ending_leaves_its_traces() {
    let nothing = Witnesses::default();
    let left = |state| Witnesses { left_here: Some(state), ..nothing };
    let seen = |state| Witnesses { seen: Some(state), ..nothing };
    let local = |left_there| Witnesses { left_there, is_local: true, ..nothing };
    for (name, socket, witnesses, how, proven, in_doubt) in [
        ("server first", destroyed(4, 6, (0, 0)), local(Some(TcpState::TimeWait)), Ending::ClosedByServer, true, 0),
        ("seen in CLOSE_WAIT", destroyed(4, 6, (0, 0)), seen(TcpState::CloseWait), Ending::ClosedByServer, true, 0),
        ("elsewhere", destroyed(4, 6, (0, 0)), nothing, Ending::ClosedByServer, false, 0),
        ("client first", destroyed(4, 6, (1, 0)), left(TcpState::TimeWait), Ending::ClosedByClient, true, 0),
        ("data after its close", destroyed(4, 6, (0, 0)), local(None), Ending::ClosedByClient, false, 0),
        ("reset while idle", destroyed(4, 5, (0, 0)), nothing, Ending::Reset, true, 0),
        ("reset of an unread command", destroyed(7, 8, (0, 0)), nothing, Ending::Reset, true, 0),
        ("unread data", destroyed(4, 5, (4, 0)), nothing, Ending::ResetOrClosed, false, 0),
        ("closed, then sent to", destroyed(7, 5, (1, 3)), nothing, Ending::ClosedByServer, false, 3),
        ("reset in flight", destroyed(7, 5, (0, 3)), nothing, Ending::Reset, true, 3),
        ("closed, FIN unacknowledged", destroyed(7, 5, (0, 4)), nothing, Ending::ClosedByClient, false, 3),
    ] {
        assert_eq!(end(&socket, witnesses), Some(End { how, proven, in_doubt }), "{name}");
    }
    let mut given_up = destroyed(7, 5, (0, 3));
    (given_up.info.retransmits, given_up.info.bytes_sent) = (5, Some(SentBytes { all: 22, again: 15 }));
    assert_eq!(end(&given_up, nothing), Some(End { how: Ending::Abandoned, proven: false, in_doubt: 3 }));
    assert_eq!(end(&destroyed(0, 0, (0, 0)), nothing), None, "never connected");
}
