//! redis-doctor: a connection doctor for Redis and Valkey.
//!
//! It holds connections with an unmodified redis-rs `ConnectionManager`, observes them from inside and outside, and
//! reports what happened to them: every loss and recovery, every failed command with its errno, every lost message, and
//! the cause of each outage with evidence. The binary only calls [`app::main`].
//!
//! # Data flow
//! A plan is run by the engine. The engine starts sessions, if asked with a fault proxy between them and the server.
//! Sessions emit events; record folds them into figures, evidence gathers facts about each outage, the journal stores
//! them, diagnose names causes, report judges once, and render writes the result in any format.
//!
//! ```text
//! argv ─ cli ─▶ Plan ─ engine ─▶ session ─▶ events ─┬─▶ record ─▶ diagnose ─▶ report ─▶ render ─▶ stdout, exit code
//!                        │  ▲                       ├─▶ evidence ─▶ events
//!                        ▼  │                       ├─▶ journal ─▶ (replayed later into the same record)
//!                       proxy                       └─▶ render::Live ─▶ stderr
//! ```
//!
//! # Modules
//! From the top down; imports go down only, and `tests/integration/architecture.rs` enforces it.
//!
//! | module | holds |
//! | --- | --- |
//! | `app` | one function for each command: composition, output files, exit code |
//! | `cli` | flags, URLs and environment → a valid request; completions and the man page. The only user of clap |
//! | `render` | text, JSON, NDJSON, CSV, HTML, OpenMetrics and Prometheus, Nagios, Markdown, the live view. The only user of drawing crates |
//! | `drill` | each fault against each policy, every cell a run; or against an application |
//! | `lab` | a Sentinel set or a cluster that redis-doctor starts for a drill |
//! | `engine` | one run of a plan, or one for each target: a single event stream, from the preflight to the final figures |
//! | `exporter` | the HTTP server of `--listen-metrics` and the client of `--otlp`; the only user of httparse |
//! | `checkup` | `check`: the survey of server, path and machine, and its judgment |
//! | `idle` | `idle`: the search for the idle limit of a path |
//! | `readiness` | `wait`: the check that a server is ready |
//! | `compare` | two runs side by side, and which differences are more than chance |
//! | `report` | the findings and the verdict on a run's figures |
//! | `diagnose` | the cause of each outage: one file a cause, in one list |
//! | `evidence` | facts about each outage, gathered beside the sessions |
//! | `session` | the connections under test, with their workers, publisher and monitors |
//! | `cluster` | the nodes that a cluster names, and the watch of its failovers |
//! | `sentinel` | the primary that Sentinels name, and the watch of a failover |
//! | `topology` | the nodes of a cluster, or of a Sentinel set, from replies |
//! | `dial` | connections apart from the session: staged attempts, RESP over a stream, the server's identity |
//! | `proxy` | the relay that injects faults, and observes the application that connects through it |
//! | `trace` | `trace`: the connections of running applications, as the kernel sees them |
//! | `record` | events folded into figures |
//! | `journal` | events on disk, and back |
//! | `kernel` | Linux: socket table, broadcast of destroyed sockets, TCP settings |
//! | `event` | everything that can happen in a run, as data |
//! | `plan` | what to run: targets, policy with its exact schedule, pace, gates |
//! | `fault` | what can be done to a connection, and when: one file a fault, in one list |
//! | `sandbox` | the embedded RESP2/RESP3 server |
//! | `supervise` | processes that redis-doctor starts: a real server and the commands of the user, which end with the run |
//! | `resp` | RESP as bytes: framing and decoding for `proxy` and `sandbox` |
//! | `knowledge` | the entries of `explain`: every cause, state, finding and error, with sources |
//! | `credentials` | passwords that a command or a file yields at each connection attempt |
//! | `tls` | trusted roots, and the handshake of everything that is not redis-rs |
//! | `classify` | the error taxonomy, decided once, and the only reader of `RedisError` |
//! | `distribution` | HDR histograms of durations |
//! | `middlebox` | common limits and periods, and the products that have them |
//! | `period` | the length that repeats in a series, distinguished from chance |
//! | `clock` | the only source of time |
//! | `foreign` | text from outside, safe to show: passwords hidden, control characters escaped, length bounded |
//! | `suggestion` | the words that a wrong word may have meant |
//! | `verdict`, `exit`, `output`, `units` | the words of a result, exit codes, output options, formatted numbers |
//!
//! # Events and samples
//! At 300,000 replies a second nothing can pass through a channel one by one. Workers count *samples* on the spot and
//! hand over the sums each second. What changes is an *event*: rare, ordered, serializable. The live view, the record,
//! the journal and a replayed journal see the same sequence, so they cannot disagree.
//!
//! # Glossary
//! One word for each thing, in code, text and documentation.
//!
//! | term | meaning |
//! | --- | --- |
//! | target | a server under diagnosis |
//! | scope | the targets of a run that has several |
//! | label | the name of one of several targets: from the list, or `host:port` |
//! | policy | reconnect settings of a client |
//! | application | whatever connects through `proxy --report`; each role of its connections takes the place of a connection under test |
//! | flow | one connection through the proxy |
//! | session | a connection under test and everything that observes it |
//! | generation | one physical connection of a session |
//! | probe | one repeated command with a deadline, such as PING with a nonce |
//! | heartbeat | redis-doctor's own command on a connection under test |
//! | outage | from the loss to the first good reply: a *drop* was closed, a *stall* fell silent and recovered |
//! | availability | share of the watched time without an outage |
//! | refusal | from the first error reply of a server that was reached to the first good reply after it |
//! | service | share of the watched time without an outage, a refusal or a missing subscription |
//! | own pause | a time in which redis-doctor itself was paused; it counts in no figure |
//! | attempt | one try of a client to reconnect |
//! | path probe | an independent connection attempt in stages: distinguishes a sick server from a slow client |
//! | evidence | facts about an outage from the server, the kernel and this machine; no conclusions |
//! | cause | what ended a connection, with a confidence: possible, likely, certain |
//! | obstacle | what kept a client from connecting |
//! | state | what a client is stuck in or went through, such as `half_open` or `exhausted` |
//! | outcome unknown | sent and never answered: it may have run (JSON: `ambiguous`) |
//! | lost, duplicated, reordered | of numbered messages |
//! | ledger | numbered keys that are read back: acknowledged writes that are gone are counted |
//! | failover | the Sentinels or the cluster replace a primary; its steps are dated |
//! | finding | a problem or a remark, with a code (RD…), evidence and remedy |
//! | verdict | healthy, degraded or critical: the worst finding |
//! | period | a length that repeats: between outages, of a connection's age, or of silence |
//! | gate | a condition of the user on a figure (`--fail-on`, `--warn-on`) |
//! | clean close, reset | the connection ended with FIN, or with RST |
//!
//! # Rules
//! 1. Only `render` (and `app`, for errors) writes output; only the return from `main` ends the process, or, after SIGTERM
//!    while the main thread is stuck, the guard in `app::signals`.
//! 2. All time comes from `clock`, all randomness from the plan's seed; no task outlives its `JoinSet`.
//! 3. Figures are computed in `record`, judged in `report` and `diagnose`, formatted in `render`.
//! 4. An error is classified once, where it happens; no code compares its text.
//! 5. Count, pace and output are data, never another copy of a loop.
//! 6. The push callback of redis-rs runs in the task that reconnects: it does bounded work and never waits.
//! 7. Neither an outage nor an own pause is ever a latency sample; latency counts from the intended start of its probe.
//! 8. Memory is bounded, however long the run.
//! 9. A probe is answered only if the reply came and carries its nonce. An error reply is a failure.
//! 10. The user's keys are written only on request; passwords appear nowhere.
//! 11. The diagnosis cannot see which faults were injected.
//! 12. Text from outside is a `Foreign`: the raw text of a reply does not leave `dial::reply`.
#![allow(rustdoc::private_intra_doc_links, reason = "the documentation is built with private items")]

pub mod app;
mod checkup;
mod classify;
mod cli;
mod clock;
mod cluster;
mod compare;
mod credentials;
mod diagnose;
mod dial;
mod distribution;
mod drill;
mod engine;
mod event;
mod evidence;
mod exit;
mod exporter;
mod fault;
mod foreign;
#[cfg(test)]
#[path = "../tests/fuzz/engine.rs"]
mod fuzz;
mod idle;
mod journal;
mod kernel;
mod knowledge;
mod lab;
mod middlebox;
mod output;
mod period;
mod plan;
mod proxy;
mod readiness;
mod record;
mod render;
mod report;
mod resp;
mod sandbox;
mod sentinel;
mod session;
mod suggestion;
mod supervise;
mod tls;
mod topology;
mod trace;
mod units;
mod verdict;

/// Items that the integration tests use directly, besides the program itself.
#[doc(hidden)]
pub mod internals {
    pub use crate::{
        cli::{CliError, Job, parse},
        clock::Clock,
        event::{Event, EventKind, FlowEnd},
        knowledge::{Entry, entries},
        plan::{Address, Name, TlsOptions},
        proxy::{Config, Orders, Proxy, ProxyHandle},
        render::schema,
        sandbox::{Sandbox, SandboxConfig},
    };
}
