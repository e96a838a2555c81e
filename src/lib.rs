//! redis-doctor: a connection doctor for Redis and Valkey.

pub mod app;
pub mod classify;
pub mod cli;
pub mod clock;
pub mod distribution;
pub mod engine;
pub mod event;
pub mod exit;
pub mod fault;
pub mod journal;
pub mod output;
pub mod plan;
pub mod probe;
pub mod proxy;
pub mod record;
pub mod render;
pub mod report;
pub mod sandbox;
