//! The whole server, driven by the client library under diagnosis and by raw bytes.

mod library;
mod lifecycle;
mod raw;
mod wire;

use super::{Sandbox, SandboxConfig};

fn start() -> Sandbox {
    Sandbox::start(SandboxConfig::default()).unwrap()
}
