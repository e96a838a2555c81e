//! redis-doctor: a connection doctor for Redis and Valkey.

pub mod classify;
pub mod clock;
pub mod distribution;
pub mod event;
pub mod journal;
pub mod output;
pub mod plan;
pub mod record;
pub mod render;
pub mod report;
