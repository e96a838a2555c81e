//! The clock of a server: what merged journals of several machines have in common.

use super::Query;
use crate::{clock::WallTime, event::ServerClock};

impl Query {
    /// Reads the server's clock, if the process that answers is known or what it did has to be dated.
    pub(super) async fn server_clock(&mut self) -> Option<ServerClock> {
        let run_id = self.state.run_id.clone();
        if run_id.is_none() && !self.workload.wants_clock() {
            return None;
        }
        let asked = self.clock.now();
        let answer = self.query::<(u64, u64)>(&["TIME"]).await;
        let round_trip = self.clock.now().since(asked);
        match answer {
            Ok((seconds, micros)) => {
                let micros = seconds.saturating_mul(1_000_000).saturating_add(micros);
                self.workload.clock.get_or_insert((micros, asked.after(round_trip)));
                let server_time = WallTime::from_unix_nanos(micros.saturating_mul(1000));
                Some(ServerClock { run_id: run_id?, server_time, read_at: asked.after(round_trip / 2), round_trip })
            }
            Err(failure) => {
                if self.workload.wants_clock() {
                    self.miss_workload("TIME", &failure);
                }
                None
            }
        }
    }
}
