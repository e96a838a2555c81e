//! Tests of the whole server over raw bytes.

mod lifecycle;
mod raw;
mod wire;

use super::{Sandbox, SandboxConfig};

fn start() -> Sandbox {
    Sandbox::start(SandboxConfig::default()).unwrap()
}
