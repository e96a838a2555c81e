//! Incidents from production by name, as fault schedules that reproduce each in half a minute.

use std::{fmt, str::FromStr};

use super::FaultSchedule;
use crate::suggestion;

/// Name, description, and fault schedules.
const INCIDENTS: [(&str, &str, &[&str]); 9] = [
    (
        "elasticache-reset",
        "one connection reset by the network while a command is in flight, once",
        &["reset_peer=when=in_flight@5s"],
    ),
    (
        "nlb-idle",
        "a load balancer resets a connection reused after 5 s of silence (AWS: 350 s)",
        &["idle_drop=5s,then=reset@0s"],
    ),
    ("nat-forget", "a NAT table forgets silent connections: later packets vanish", &["idle_drop=5s@0s"]),
    (
        "failover",
        "the primary dies, the port is closed for 8 s, the new primary loads its data",
        &["reset_peer@5s", "refuse@5s+8s", "error_reply=LOADING@13s+2s"],
    ),
    (
        "maintenance",
        "an announced handover: pushes, connections closed, new ones turned away",
        &["push=FAILING_OVER@5s", "push=MOVING@6s", "close@8s", "accept_close@8s+3s", "push=FAILED_OVER@15s"],
    ),
    ("az-loss", "an availability zone is cut off: every connection silent, new ones too", &["partition@5s+20s"]),
    (
        "thundering-herd",
        "all connections reset together: do they reconnect at the same instants?",
        &["reset_peer@5s", "refuse@5s+3s"],
    ),
    (
        "auth-rotation",
        "the password changes: reconnecting is refused until the new one is known",
        &["close@5s", "error_reply=WRONGPASS,on=HELLO@5s+10s", "error_reply=WRONGPASS,on=AUTH@5s+10s"],
    ),
    (
        "slow-resubscribe",
        "after a reset, the confirmations of subscriptions come too late",
        &["reset_peer@5s", "latency=3s,on=SUBSCRIBE@5s+15s", "latency=3s,on=PSUBSCRIBE@5s+15s"],
    ),
];

/// An incident with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Incident(usize);

impl Incident {
    /// Every incident.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..INCIDENTS.len()).map(Self)
    }

    pub(crate) fn name(self) -> &'static str {
        INCIDENTS[self.0].0
    }

    /// A description in one sentence.
    pub(crate) fn story(self) -> &'static str {
        INCIDENTS[self.0].1
    }

    /// The fault schedules. A test parses every one.
    pub(crate) fn schedules(self) -> Vec<FaultSchedule> {
        INCIDENTS[self.0].2.iter().filter_map(|text| text.parse().ok()).collect()
    }
}

impl fmt::Display for Incident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Incident {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.trim().to_ascii_lowercase().replace('_', "-");
        Self::all().find(|incident| incident.name() == name).ok_or_else(|| {
            format!("'{text}' is not an incident; {}", suggestion::instead(&name, Self::all().map(Self::name)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_incident_can_be_read_and_is_written_as_it_is_shown() {
        for incident in Incident::all() {
            let written: Vec<_> = incident.schedules().iter().map(ToString::to_string).collect();
            assert_eq!(written.len(), INCIDENTS[incident.0].2.len(), "{incident}");
            for text in written {
                assert!(text.parse::<FaultSchedule>().is_ok_and(|schedule| schedule.to_string() == text), "{text}");
            }
            assert_eq!(incident.name().parse(), Ok(incident));
        }
        assert!("flood".parse::<Incident>().unwrap_err().contains("nlb-idle"));
    }
}
