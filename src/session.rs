//! Sessions: the connections under test, with the workers, publisher and monitors around them.
//!
//! A [`connection`] is one redis-rs client with everything that it reports. Workers send probes through it, a publisher
//! on a second connection publishes the messages that its inbox must receive, and a monitor turns all of that into
//! events. [`Sessions`] starts and ends them together.

mod cluster_client;
mod connection;
mod context;
mod coop_budget;
mod credentials;
mod delivery;
mod fleet;
mod heartbeat;
mod identify;
mod inbox;
mod ledger;
mod link;
mod monitor;
mod notices;
mod observer;
mod own_process;
mod pauses;
mod prognosis;
mod publisher;
mod refusals;
mod reply_limit;
mod request;
mod resp2;
mod roles;
mod samples;
mod stop;
mod subject;
mod subscriber;
mod tempo;
mod watchdog;
mod worker;

pub(crate) use self::{
    cluster_client::ViaCluster,
    context::RunContext,
    fleet::{NotStarted, Sessions},
    ledger::{DUE as LEDGER_DUE, Span, key as ledger_key},
    notices::{Notice, NoticeSender},
    observer::{Observer, Unobserved},
    own_process::OwnProcess,
};
