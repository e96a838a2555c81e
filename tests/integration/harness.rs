//! What the tests build on. A server, the program under test, and a relay between the two:
//!
//! ```ignore
//! let server = RedisServer::start();
//! let tap = Tap::to(server.address());
//! let doctor = Doctor::new(["soak", "-d", "10s"]).target(&tap).spawn();
//! doctor.wait_for_stderr("connected", Duration::from_secs(5));
//! tap.reset_all();
//! doctor.wait_for_stderr("reconnected", Duration::from_secs(5));
//! doctor.signal(Signal::INT);
//! doctor.finish().code(1).stdout_contains("DEGRADED");
//! ```
//!
//! Every wait is for something observed (a line, a reply, a port that answers) and has a limit; nothing sleeps
//! and hopes. Everything started is ended by its own handle when it goes out of scope.
#![allow(dead_code, unused_imports, reason = "a library for tests: it offers more than the tests of one moment use")]

mod doctor;
mod flood;
mod haproxy;
mod hosts;
mod libraries;
mod netns;
mod ports;
mod program;
mod redis_server;
mod resp;
mod running;
mod schema;
mod scripted;
mod skip;
mod socat;
mod tap;
mod target;
mod tls;
mod trial;
mod twemproxy;
mod wait;

pub(crate) use doctor::{Doctor, Output, RunningDoctor, path_with_doctor, was_paused};
pub(crate) use flood::{ENDLESS, Endless, flooding};
pub(crate) use haproxy::Haproxy;
pub(crate) use hosts::Hosts;
pub(crate) use libraries::{node_libraries, python_libraries};
pub(crate) use netns::{Lab, Namespace, Reject};
pub(crate) use ports::{FullBacklog, closed_port, free_listener, free_port};
pub(crate) use program::{Release, installed};
pub(crate) use redis_server::{
    Builder as RedisServerBuilder, NODE_TIMEOUT, RedisServer, SentinelSet, cluster_node, join_cluster, meet, replicate,
};
pub(crate) use resp::{Malformed, RawClient, Value, encode, parse_command};
pub(crate) use running::Running;
pub(crate) use rustix::process::Signal;
pub(crate) use schema::follows;
pub(crate) use scripted::{Action, ScriptedServer};
pub(crate) use skip::skipped;
pub(crate) use socat::Socat;
pub(crate) use tap::{InFlight, Tap};
pub(crate) use target::Target;
pub(crate) use tls::{Authority, Certificates, Issued};
pub(crate) use trial::{Story, Trial};
pub(crate) use twemproxy::Twemproxy;
pub(crate) use wait::eventually;
