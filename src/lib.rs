//! redis-doctor: a connection doctor for Redis and Valkey.

pub mod sandbox;
