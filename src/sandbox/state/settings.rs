//! The settings, as `CONFIG GET` shows them and `CONFIG SET` changes them.
//!
//! Only what the sandbox acts on can be changed; the rest is there because diagnostic tools look at it.

use std::time::Duration;

use super::keyspace::DATABASES;
use crate::order;
use crate::resp::integer;
use crate::sandbox::SandboxConfig;

/// Settings that never change, with the values of an untouched Redis.
const FIXED: &[(&str, &str)] = &[
    ("appendonly", "no"),
    ("bind", "127.0.0.1"),
    ("client-query-buffer-limit", "1073741824"),
    ("cluster-enabled", "no"),
    ("daemonize", "no"),
    ("enable-debug-command", "no"),
    ("hz", "10"),
    ("io-threads", "1"),
    ("latency-monitor-threshold", "0"),
    ("maxmemory", "0"),
    ("maxmemory-clients", "0"),
    ("maxmemory-policy", "noeviction"),
    ("notify-keyspace-events", ""),
    ("proto-max-bulk-len", "536870912"),
    ("protected-mode", "yes"),
    ("repl-backlog-size", "1048576"),
    ("repl-timeout", "60"),
    ("save", ""),
    ("slowlog-log-slower-than", "10000"),
    ("slowlog-max-len", "128"),
    ("tcp-backlog", "511"),
    ("tcp-keepalive", "300"),
    ("tls-port", "0"),
];

/// How far a subscriber may be behind.
#[derive(Clone, Copy, Debug)]
pub(in crate::sandbox) struct OutputLimits {
    /// Unsent bytes beyond which a client is closed at once.
    pub(super) hard: usize,
    /// Unsent bytes beyond which a client is closed if it stays there for `soft_for`.
    pub(super) soft: usize,
    pub(super) soft_for: Duration,
}

/// What can be configured.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Settings {
    pub(in crate::sandbox) idle_timeout: Duration,
    pub(in crate::sandbox) max_clients: usize,
    pub(in crate::sandbox) password: Option<Vec<u8>>,
    pub(super) output_limits: OutputLimits,
    port: u16,
}

impl Settings {
    pub(super) fn new(config: SandboxConfig, port: u16) -> Self {
        Self {
            idle_timeout: config.idle_timeout,
            max_clients: config.max_clients,
            password: config.password.map(String::into_bytes),
            output_limits: OutputLimits {
                hard: config.output_limit,
                soft: config.output_limit / 4,
                soft_for: Duration::from_secs(60),
            },
            port,
        }
    }

    /// Every setting with its value, by name. The password is left out on purpose.
    pub(in crate::sandbox) fn list(&self) -> Vec<(&'static str, String)> {
        let OutputLimits { hard, soft, soft_for } = self.output_limits;
        let limits = format!("normal 0 0 0 slave 268435456 67108864 60 pubsub {hard} {soft} {}", soft_for.as_secs());
        let mut all: Vec<_> = FIXED.iter().map(|&(name, value)| (name, value.to_owned())).collect();
        all.push(("client-output-buffer-limit", limits));
        all.push(("databases", DATABASES.to_string()));
        all.push(("maxclients", self.max_clients.to_string()));
        all.push(("port", self.port.to_string()));
        all.push(("timeout", self.idle_timeout.as_secs().to_string()));
        order::sort_by_key(&mut all, |(name, _)| *name);
        all
    }

    /// Changes a setting, or says why not in the words of Redis.
    pub(in crate::sandbox) fn set(&mut self, name: &str, value: &[u8]) -> Result<(), String> {
        match name {
            "maxclients" => {
                let number = number(value, 1, u32::MAX.into())?;
                self.max_clients = usize::try_from(number).unwrap_or(usize::MAX);
            }
            "timeout" => {
                let seconds = number(value, 0, i32::MAX as i64)?;
                self.idle_timeout = Duration::from_secs(seconds.unsigned_abs());
            }
            _ => return Err("can't set immutable config".to_owned()),
        }
        Ok(())
    }
}

fn number(value: &[u8], least: i64, most: i64) -> Result<i64, String> {
    let number = integer(value).ok_or("argument couldn't be parsed into an integer")?;
    if (least..=most).contains(&number) {
        Ok(number)
    } else {
        Err(format!("argument must be between {least} and {most} inclusive"))
    }
}
