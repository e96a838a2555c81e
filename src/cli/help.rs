//! The prose under each command's help: examples that work when pasted, and what flags alone cannot say.

use crate::fault::{Case, Incident, usages};

/// Under the list of commands.
pub(super) const ROOT: &str = "\
Without a command, it checks the server: redis-doctor -h cache.example
Try it with nothing installed:
  redis-doctor soak --sandbox --duration 15s

The server: a flag beats REDIS_URL or VALKEY_URL beats 127.0.0.1:6379.
Durations: 500ms, 30s, 1h 30m; bare numbers are seconds.
Exit status: 0 healthy, 1 degraded (dropped and recovered), 2 critical,
3 wrong usage.";

/// Under `check --help`.
pub(super) const CHECK: &str = "\
Examples:
  redis-doctor                          # the server of REDIS_URL, or 127.0.0.1
  redis-doctor -u rediss://cache.example:6379
  redis-doctor check --policy library   # what a client with the defaults risks
  redis-doctor check --format json | jq '.findings[]'
  redis-doctor check -H cache.example -w 10 -c 100 --format nagios

It writes to no key; it publishes one message on a channel that nobody else
knows. What a server does not let it ask is shown as not permitted, and is no
fault. The policy flags say how the client behaves whose longest silent blackout
is wanted.
Exit status: 0 healthy, 1 degraded, 2 critical or unreachable, 3 wrong usage.";

/// Under `ping --help`.
pub(super) const PING: &str = "\
Examples:
  redis-doctor ping                                # each second, until Ctrl-C
  redis-doctor ping -h cache.example -c 5 -i 0.2   # five, 200 ms apart
  redis-doctor ping -i 0 -w 10s -q --fail-on 'p99>5ms'
  redis-doctor ping -c 3 --format nagios           # for a monitoring system

An error reply (NOAUTH, LOADING …) is a failure, not a reply.
Exit status: 0 healthy, 1 degraded, 2 critical, 3 wrong usage.";

/// Under `subscribe --help`.
pub(super) const SUBSCRIBE: &str = "\
Examples:
  redis-doctor subscribe news --pattern 'jobs.*'   # what happens is on stderr
  redis-doctor subscribe news --format raw -c 1    # one message, its bytes only
  redis-doctor subscribe heartbeat --expect-every 30s --duration 1h
  redis-doctor subscribe doctor:test --verify --rate 100/s -d 10m
  redis-doctor subscribe news -d 1h -o report.json --report-format json

Messages go to stdout in --format; the summary goes to stderr,
or with --output to a file in --report-format.";

/// Under `soak --help`.
pub(super) const SOAK: &str = "\
Examples:
  redis-doctor soak --sandbox -d 15s               # a demonstration
  redis-doctor soak -u rediss://cache.example:6379 -d 14d --journal soak.ndjson
  redis-doctor soak --policy library --workload mixed --connections 4 -d 1h
  redis-doctor soak --workload ping --rate 0 --concurrency 50 -d 10s
  redis-doctor soak -d 1h --fail-on 'outage>2s' --format json -o report.json
  redis-doctor soak --sandbox --connections 50 --incident thundering-herd -d 15s
  redis-doctor soak --connections 50 --spread 1s --fail-on 'reconnect_peak>20'

Workloads:
  ping     PING with a nonce
  kv       SET and GET of keys under redis-doctor: that expire by themselves
  pubsub   numbered messages on channels redis-doctor:<run>:<n>, none is missed
  mixed    all three
--rate, --concurrency, --payload and --timeout are for probes (ping, kv),
--verify-rate and --channels are for pubsub. SIGINT, SIGTERM or SIGHUP ends the
run with its report, SIGUSR1 prints interim figures.";

/// Under `proxy --help`.
pub(super) fn proxy() -> String {
    let kinds: String = usages().map(|usage| format!("  {usage}\n")).collect();
    let incidents: String = Incident::all()
        .map(|incident| {
            let faults: Vec<_> = incident.schedules().iter().map(ToString::to_string).collect();
            let faults = [faults.join("  "), faults.join("\n    ")];
            let faults = faults.iter().find(|faults| faults.lines().all(|line| line.len() <= 76));
            format!("  {incident}\n    {}\n    {}\n", incident.story(), faults.map_or("", |faults| faults))
        })
        .collect();
    format!(
        "{PROXY}\n\nFaults (KIND[=ARGS][@START|@every:PERIOD][+FOR]):\n{kinds}\nIncidents:\n{}",
        incidents.trim_end()
    )
}

/// Under `drill --help`.
pub(super) fn drill() -> String {
    let cases: String = Case::all()
        .iter()
        .map(|case| {
            let faults: Vec<_> = case.faults.iter().map(ToString::to_string).collect();
            format!("  {}: {}\n", case.name, faults.join("  "))
        })
        .collect();
    format!("{DRILL}\n\nCases:\n{}", cases.trim_end())
}

const DRILL: &str = "\
Examples:
  redis-doctor drill --sandbox                     # everything, in two minutes
  redis-doctor drill --sandbox --case reset-in-flight --policy library,hardened
  redis-doctor drill --incident failover --must-survive hardened

Each cell is a short soak through a fault proxy of its own. With --fault and
--incident the schedules begin when the probes do; leave them a quiet second.";

const PROXY: &str = "\
Examples:
  redis-doctor proxy --sandbox                     # then: redis-cli -p 6380
  redis-doctor proxy -u redis://cache.example:6379 --fault reset_peer@every:30s
  redis-doctor proxy --listen 127.0.0.1:7000 --incident failover --format ndjson

While it runs, faults are taken as lines on stdin (reset_peer, latency=50ms+10s,
list, clear, help) and as commands on the wire, which never reach the server:
  redis-cli -p 6380 DOCTOR FAULT reset_peer
  redis-cli -p 6380 DOCTOR LIST
  redis-cli -p 6380 DOCTOR CLEAR
With rediss:// the proxy makes the TLS connection to the server itself (and
checks the certificate, for that host name), and your application connects to
the proxy with redis://, in plain text: what is tested is the application's
reconnecting, not its TLS. A reset resets the sockets on both sides, below TLS.
With redis:// in front of a TLS port, TLS passes through unread, and only faults
that leave the bytes alone have an effect.";

/// Under `idle --help`.
pub(super) const IDLE: &str = "\
Examples:
  redis-doctor idle -u rediss://cache.example:6379   # up to 20 minutes
  redis-doctor idle --profile aws                    # closely around 350 s
  redis-doctor idle --steps 1000 --max 1h            # a finer first round
  redis-doctor idle --steps 50s,60s,70s --resolution 1s
  redis-doctor idle --sandbox --fault idle_drop=3s,then=reset --max 5s
  redis-doctor idle --must-survive 5m --format nagios

The connections send nothing and have no TCP keepalive; each is asked with a
PING when its silence is over. The first round takes as long as the limit, or as
--max. Ctrl-C ends the search with what is known so far.
Exit status: 0 no limit found, 1 a limit found, 2 unreachable or nothing
survived, 3 wrong usage, or ended too early to tell. With --must-survive: 0 it
survives, 2 it does not, whatever other limit is found.";

/// Under `wait --help`.
pub(super) const WAIT: &str = "\
Examples:
  redis-doctor wait && exec my-application
  redis-doctor wait --for primary --timeout 5m -u redis://cache.example:6379
  redis-doctor wait --for replica -q || exit 1

Ready is who answers PING after the login: not a server that loads its data set
(LOADING), not a replica that lost its primary and may serve no stale data
(MASTERDOWN). A primary or replica also says so (ROLE, or INFO replication), and
a replica's link to its primary is up. Each look is a connection of its own.
A wrong password, a missing permission or a refused certificate is waited for,
too, since whoever starts first may not have been set up yet; --fail-fast ends
at once.
Exit status: 0 ready, 2 the time is up, 3 wrong usage, 130 a signal.";

/// Under `report --help`.
pub(super) const REPORT: &str = "\
Examples:
  redis-doctor report soak.ndjson
  redis-doctor soak -d 1h --format ndjson > saved && redis-doctor report saved
  redis-doctor report node-*.ndjson --format json -o merged.json
  redis-doctor report soak.ndjson --fail-on 'availability<99.99%'";

/// Under `explain --help`.
pub(super) const EXPLAIN: &str = "\
Examples:
  redis-doctor explain 104
  redis-doctor explain 'Connection reset by peer (os error 104)'
  redis-doctor explain broken pipe
  redis-doctor explain RD012
  redis-doctor explain aws-nlb       # idle limits of clouds, proxies, kernels
  redis-doctor explain --list
  redis-doctor explain --list --format json

The best match is shown in full, others are listed. Each source says how well it
is known: tried, code (read in the source), documented, thread, or unverified.
Exit status: 0 found, 3 nothing found, or wrong usage.";

/// Under `completions --help`.
pub(super) const COMPLETIONS: &str = "\
Examples:
  source <(redis-doctor completions bash)          # in ~/.bashrc
  redis-doctor completions zsh > \"${fpath[1]}/_redis-doctor\"
  redis-doctor completions fish > ~/.config/fish/completions/redis-doctor.fish";

/// Under `man --help`.
pub(super) const MAN: &str = "\
Example:
  mkdir -p ~/.local/share/man/man1
  redis-doctor man > ~/.local/share/man/man1/redis-doctor.1";
