//! The settings of `CONFIG GET` and `CONFIG SET`.
//!
//! Only settings that the sandbox acts on can be changed; the others exist because diagnostic tools read them.

use std::time::Duration;

use super::keyspace::DATABASES;
use crate::resp::integer;
use crate::sandbox::SandboxConfig;

/// Constant settings, with the defaults of Redis.
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

/// Limits of a subscriber's unsent output.
#[derive(Clone, Copy, Debug)]
pub(in crate::sandbox) struct OutputLimits {
    /// Unsent bytes above which a client is closed immediately.
    pub(super) hard: usize,
    /// Unsent bytes above which a client is closed after `soft_for`.
    pub(super) soft: usize,
    pub(super) soft_for: Duration,
}

/// The settings that can be changed.
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

    /// Returns every setting with its value, by name, except the password.
    pub(in crate::sandbox) fn list(&self) -> Vec<(&'static str, String)> {
        let OutputLimits { hard, soft, soft_for } = self.output_limits;
        let limits = format!("normal 0 0 0 slave 268435456 67108864 60 pubsub {hard} {soft} {}", soft_for.as_secs());
        let mut all: Vec<_> = FIXED.iter().map(|&(name, value)| (name, value.to_owned())).collect();
        all.push(("client-output-buffer-limit", limits));
        all.push(("databases", DATABASES.to_string()));
        all.push(("maxclients", self.max_clients.to_string()));
        all.push(("port", self.port.to_string()));
        all.push(("timeout", self.idle_timeout.as_secs().to_string()));
        all.sort_by_key(|(name, _)| *name);
        all
    }

    /// Changes a setting.
    ///
    /// # Errors
    /// Redis' own text if the setting cannot be changed.
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
