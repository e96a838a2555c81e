//! Anything the program can be pointed at.

use std::net::SocketAddr;

/// Has a URL that `redis-doctor -u` takes.
pub(crate) trait Target {
    /// The URL, with a password only where the test asked for one.
    fn url(&self) -> String;
}

impl Target for str {
    fn url(&self) -> String {
        self.to_owned()
    }
}

impl Target for String {
    fn url(&self) -> String {
        self.clone()
    }
}

impl Target for SocketAddr {
    fn url(&self) -> String {
        format!("redis://{self}")
    }
}
