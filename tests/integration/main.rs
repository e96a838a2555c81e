//! The integration tests: the real binary against a real redis-server, one binary so that it links once.
//!
//! - `architecture`: reads the imports of `src` and keeps the dependencies pointing one way.
//! - `harness`: what the other modules build on: servers, the program under test, and a relay that breaks things.
//! - `harness_self`: the harness does what it says; a test that trusts a broken instrument proves nothing.
//! - `hygiene`: the repository has what a newcomer expects, and its scripts run.
//! - `lab`: the `proxy` command with redis-cli, stdin and signals, and runs with faults.
//! - `proxy`: each fault as a client on a plain socket sees it, and bytes in are bytes out.
//! - `sandbox`: the embedded server serves redis-rs as a real one does.
#![allow(clippy::unwrap_used, reason = "in a test a failed unwrap is a failed test, and its backtrace says where")]
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests measure the program from outside, in real time"
)]
#![allow(clippy::print_stderr, reason = "a failing test shows the logs of the servers it started")]

mod architecture;
mod harness;
mod harness_self;
mod hygiene;
mod lab;
mod proxy;
mod sandbox;
