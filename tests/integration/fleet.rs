//! A fleet that loses all its connections at once: five hundred of them, or ten thousand with `REDIS_DOCTOR_LONG=1`.

use std::{env, time::Duration};

use crate::harness::{RedisServer, Trial};

/// Time from the loss of all connections to the return of the last.
const BACK: Duration = Duration::from_secs(30);

/// Time that setting up the connections, or the whole run, may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(180);

#[test]
fn a_fleet_that_is_killed_at_once_comes_back_at_once_and_loses_nothing_else() {
    let connections = if env::var_os("REDIS_DOCTOR_LONG").is_some() { 10_000 } else { 500 };
    let server = RedisServer::builder().maxclients(connections + 500).start();
    let soak = format!("soak --connections {connections} --rate 6/m --verify-rate 6/m");
    let trial = Trial::within(PATIENCE, &soak, &server);
    trial.wait_for_events("subscribed", connections, PATIENCE);
    trial.wait_for_answers();
    let killed = server.command(["CLIENT", "KILL", "TYPE", "pubsub"]);
    assert_eq!(killed, connections.to_string());
    trial.wait_for_events("reconnected", connections, BACK);
    let story = trial.stop();
    story.code(1).balances();
    for (path, expected) in [("drops", connections), ("reconnects", connections), ("unresolved", 0)] {
        assert_eq!(story.count(&format!("outages.{path}")), expected as u64, "{path}");
    }
    assert_eq!(story.report["outages"]["not_by_itself"], 0);
    assert_eq!(story.count("delivery.lost"), story.count("delivery.lost_in_outages"));
}
