//! The connections of running applications that a trace examines.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::foreign;

/// The connections to examine: all conditions that are given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tracing {
    /// Name or address of the server; null for any.
    #[serde(deserialize_with = "foreign::cleaned_option")]
    pub host: Option<String>,
    /// Ports of servers; empty for any.
    pub ports: Vec<u16>,
    /// Process; null for all.
    pub pid: Option<u32>,
    /// Program of the process; null before it is known.
    #[serde(deserialize_with = "foreign::cleaned_option")]
    pub program: Option<String>,
    /// True with `--watch`: endings and attempts are watched as well.
    pub watch: bool,
}

impl Tracing {
    /// Describes the connections: `port 6379`, `cache.example, port 6379`, `process 4711 (python)`.
    pub(crate) fn scope(&self) -> String {
        let ports = |ports: &[u16]| ports.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
        let port = match &self.ports[..] {
            [] => None,
            [port] => Some(format!("port {port}")),
            several => Some(format!("ports {}", ports(several))),
        };
        let program = self.program.as_ref().map(|program| format!(" ({program})")).unwrap_or_default();
        let process = self.pid.map(|pid| format!("process {pid}{program}"));
        let parts: Vec<_> = [process, self.host.clone(), port].into_iter().flatten().collect();
        parts.join(", ")
    }
}
