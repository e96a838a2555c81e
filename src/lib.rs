//! redis-doctor: a connection doctor for Redis and Valkey.
//!
//! It holds connections with an unmodified redis-rs `ConnectionManager`, watches them from the inside and from the
//! outside, and reports what happened to them: every loss, every recovery, every failed command with its errno, every
//! message that did not come. The binary is a thin shell around this library.
//!
//! # One sentence
//! A [`plan`] is run by the [`engine`], which drives the [`probe`]s (against a server or the embedded [`sandbox`], when
//! asked through a fault [`proxy`]); they emit [`event`]s; [`record`] folds events into figures, [`journal`] keeps them,
//! [`report`] judges the figures once, and [`render`] writes the result.
//!
//! ```text
//! argv ─ cli ─▶ Plan ─ engine ─▶ probes ─▶ events ─┬─▶ record ─▶ report ─▶ render ─▶ stdout, exit code
//!                                                  ├─▶ journal ─▶ (replayed later into the same record)
//!                                                  └─▶ render::Live ─▶ stderr
//! ```
//!
//! # Where to find what
//! | module | answers for |
//! | --- | --- |
//! | [`app`] | what each command puts together, and its exit code |
//! | [`cli`] | flags, URLs and environment → a valid plan; completions and the manual page |
//! | [`clock`] | the only source of time |
//! | [`classify`] | the error taxonomy, and the only reader of `RedisError` |
//! | [`distribution`] | durations in HDR histograms, and their JSON form |
//! | [`plan`] | what a run is to do: target, policy (with its exact schedule), pace, gates |
//! | [`event`] | what can happen in a run, as data: the interface between everybody |
//! | [`probe`] | everything that touches a server: sessions, workers, publisher, monitor, path probe |
//! | [`fault`], [`proxy`] | what can be done to a connection and when; the relay that does it |
//! | [`tls`] | the roots that are trusted, and the handshake of whoever is not redis-rs |
//! | [`drill`] | each fault against each policy, every cell a run of its own |
//! | [`idle`] | the search for the idle limit of a path: what to try, and what it says |
//! | [`middlebox`] | the common idle limits and whose they are, for `idle` and `diagnose` |
//! | [`engine`] | runs a plan: one event stream, from the preflight to the closed books |
//! | [`record`], [`report`] | figures, and what they mean |
//! | [`verdict`] | the words of every result: verdict and severity |
//! | [`diagnose`] | what ended each connection: rules over the recorded evidence |
//! | [`host`], [`checkup`] | this machine's kernel settings; what one look at server, path and machine comes to |
//! | [`journal`] | events on disk, and back |
//! | [`knowledge`] | what each cause, state, finding and error means, with sources: the data of `explain` |
//! | [`render`] | text, JSON, NDJSON, CSV, OpenMetrics, Nagios, the live view |
//! | [`sandbox`] | the embedded RESP2/RESP3 server |
//! | `resp` | RESP as bytes: the framing and decoding that `proxy` and `sandbox` share |
//! | `units` | numbers and texts for people |
//!
//! Imports point one way; a test reads them (`tests/integration/architecture.rs`) and keeps it so. clap is used in
//! `cli` only, the `redis` crate in `classify` and `probe`, comfy-table and indicatif in `render`.
//!
//! # Two streams
//! At 300,000 replies a second nothing may pass through a channel one by one. Workers count *samples* on the spot and
//! hand the sums over each second; what *changes* is an *event*, rare and ordered. The live view, the recorder, the
//! journal and a replayed journal see the same sequence, so they cannot disagree.
//!
//! # Words
//! *cause* what ended a connection, with a confidence · *evidence* what was gathered about an outage to name it ·
//! *target* the server under diagnosis · *policy* the reconnect settings of the connection under test · *session* that
//! connection and what watches it · *probe* one repeated measurement · *outage* from the loss to the first good reply;
//! a *drop* if the connection was closed, a *stall* if it fell silent and healed · *path probe* an independent
//! connection attempt by stages, so that a healthy server and a lagging client can be told apart · *evidence* what the
//! server, the kernel and this machine say about an outage, gathered beside the session: facts, no conclusions ·
//! *generation* one physical connection · *ambiguous* a command that was sent and never answered: it may have run ·
//! *lost, duplicated, reordered* for numbered messages · *finding* something worth knowing · *verdict* healthy,
//! degraded or critical.
//!
//! # Rules
//! 1. Only `render` (and `app`, for errors) writes output; only the return from `main` ends the process.
//! 2. All time comes from [`clock`], all randomness from the plan's seed; no task outlives its `JoinSet`.
//! 3. Figures are computed in `record`, judged in `report`, formatted in `render`.
//! 4. An error is classified once, where it happens; its text is for people only.
//! 5. Count, pace and output are data, never another copy of a loop.
//! 6. The library's push callback runs in the task that reconnects: it does bounded work and never waits.
//! 7. An outage is never a latency sample; a latency counts from the intended start of its probe.
//! 8. Memory is bounded whatever the run's length.
//! 9. A probe is answered only if the reply came and carries its nonce. An error reply is a failure.
//! 10. Nothing is written to the user's keyspace unless asked for; passwords appear nowhere.

pub mod app;
mod checkup;
mod classify;
mod cli;
mod clock;
mod diagnose;
mod dial;
mod distribution;
mod drill;
mod engine;
mod event;
mod evidence;
mod exit;
mod fault;
mod idle;
mod journal;
mod kernel;
mod knowledge;
mod middlebox;
mod output;
mod plan;
mod proxy;
mod readiness;
mod record;
mod render;
mod report;
mod resp;
mod sandbox;
mod session;
mod tls;
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
        plan::{Address, Name},
        proxy::{Config, Proxy, ProxyHandle},
        render::schema,
        sandbox::{Sandbox, SandboxConfig},
    };
}
