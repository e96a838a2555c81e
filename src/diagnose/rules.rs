//! The table of rules. Each rule looks at one thing, and speaks for or against one cause or says nothing.
//!
//! A rule that [decides](super::verdict::Weight::Decides) must hold in itself all that other stories would need: it
//! asks for facts that are known, never for the absence of knowledge.

mod closing;
mod network;
mod process;
mod silence;

use super::{Cause, Facts, verdict::Word};

/// A rule.
pub(super) type Rule = fn(&Facts<'_>) -> Option<Word>;

/// Where two causes fit equally well, the first of them here is named: the more particular one.
pub(super) const PRECEDENCE: [Cause; 17] = [
    Cause::PlannedMaintenance,
    Cause::AuthenticationChanged,
    Cause::MaxClients,
    Cause::ClientStall,
    Cause::ProtocolError,
    Cause::Failover,
    Cause::DnsMoved,
    Cause::ServerCrashed,
    Cause::ServerRestarted,
    Cause::ServerIdleTimeout,
    Cause::ClientEvicted,
    Cause::OutputBufferLimit,
    Cause::ClientKilled,
    Cause::MiddleboxIdleLimit,
    Cause::PathLost,
    Cause::ServerFrozen,
    Cause::NetworkReset,
];

/// All rules.
pub(super) const RULES: &[(Cause, Rule)] = &[
    (Cause::ServerRestarted, process::new_process_in_the_same_place),
    (Cause::ServerRestarted, process::uptime_fell),
    (Cause::ServerRestarted, process::was_loading),
    (Cause::ServerRestarted, process::nobody_listened),
    (Cause::ServerRestarted, process::offset_was_kept),
    (Cause::ServerRestarted, process::a_kill_may_look_the_same),
    (Cause::ServerRestarted, process::reset_is_no_orderly_end),
    (Cause::ServerRestarted, process::an_orderly_end_is_told),
    (Cause::ServerRestarted, process::it_has_not_come_back),
    (Cause::ServerRestarted, process::the_process_lives),
    (Cause::ServerRestarted, process::the_process_is_older),
    (Cause::ServerRestarted, process::it_is_elsewhere),
    (Cause::ServerCrashed, process::died_with_unread_bytes),
    (Cause::ServerCrashed, process::reset_then_refused),
    (Cause::ServerCrashed, process::nobody_listens_any_more),
    (Cause::ServerCrashed, process::machine_vanished),
    (Cause::ServerCrashed, process::a_command_may_have_crossed),
    (Cause::ServerCrashed, process::offset_fell),
    (Cause::ServerCrashed, process::saving_delays_the_end),
    (Cause::ServerCrashed, process::the_process_lives),
    (Cause::ServerCrashed, process::the_process_is_older),
    (Cause::ServerCrashed, process::it_is_elsewhere),
    (Cause::Failover, process::demoted_and_closed),
    (Cause::Failover, process::a_replica_took_over),
    (Cause::Failover, process::role_changed),
    (Cause::Failover, process::an_older_process_answers),
    (Cause::Failover, process::replication_goes_on),
    (Cause::Failover, process::failover_under_way),
    (Cause::Failover, process::writes_refused),
    (Cause::Failover, process::same_role_as_before),
    (Cause::Failover, process::started_in_the_same_place),
    (Cause::PlannedMaintenance, process::announced_and_closed),
    (Cause::PlannedMaintenance, process::announced),
    (Cause::DnsMoved, process::name_moved),
    (Cause::DnsMoved, process::old_address_is_gone),
    (Cause::DnsMoved, process::name_is_the_same),
    (Cause::DnsMoved, process::it_was_a_promotion),
    (Cause::DnsMoved, process::same_process_elsewhere),
    (Cause::ClientKilled, closing::kill_was_counted),
    (Cause::ClientKilled, closing::kills_cannot_be_counted),
    (Cause::ClientKilled, closing::nobody_was_killed),
    (Cause::ClientKilled, closing::was_not_closed_by_the_server),
    (Cause::ClientKilled, closing::others_were_killed_perhaps),
    (Cause::ServerIdleTimeout, closing::closed_at_the_timeout),
    (Cause::ServerIdleTimeout, closing::timeout_is_unknown),
    (Cause::ServerIdleTimeout, closing::no_timeout_applies),
    (Cause::ServerIdleTimeout, closing::was_not_closed_by_the_server),
    (Cause::ServerIdleTimeout, closing::something_else_closed),
    (Cause::OutputBufferLimit, closing::buffer_limit_was_counted),
    (Cause::OutputBufferLimit, closing::slow_subscriber_was_closed),
    (Cause::OutputBufferLimit, closing::buffer_limit_did_not_strike),
    (Cause::OutputBufferLimit, closing::was_not_closed_by_the_server),
    (Cause::OutputBufferLimit, closing::all_at_once),
    (Cause::ClientEvicted, closing::eviction_was_counted),
    (Cause::ClientEvicted, closing::was_not_closed_by_the_server),
    (Cause::MaxClients, closing::turned_away),
    (Cause::MaxClients, closing::rejections_were_counted),
    (Cause::AuthenticationChanged, closing::credentials_were_refused),
    (Cause::AuthenticationChanged, closing::acl_was_changed),
    (Cause::NetworkReset, network::reset_while_listed),
    (Cause::NetworkReset, network::closed_while_listed),
    (Cause::NetworkReset, network::reset_by_somebody),
    (Cause::NetworkReset, network::closed_without_the_server),
    (Cause::NetworkReset, network::vanished),
    (Cause::NetworkReset, network::refused_by_somebody_else),
    (Cause::NetworkReset, network::the_server_has_a_reason),
    (Cause::NetworkReset, network::another_process_answers),
    (Cause::NetworkReset, network::the_first_packet_after_a_pause),
    (Cause::MiddleboxIdleLimit, network::known_limit),
    (Cause::MiddleboxIdleLimit, network::first_packet_after_a_pause_was_refused),
    (Cause::MiddleboxIdleLimit, network::first_packet_after_a_pause_was_lost),
    (Cause::MiddleboxIdleLimit, network::same_pause_each_time),
    (Cause::MiddleboxIdleLimit, network::was_in_use),
    (Cause::MiddleboxIdleLimit, network::survived_such_pauses),
    (Cause::MiddleboxIdleLimit, network::others_may_have_sent),
    (Cause::MiddleboxIdleLimit, network::another_process_answers),
    (Cause::MiddleboxIdleLimit, network::the_server_has_a_reason),
    (Cause::PathLost, silence::kernel_gave_up_in_use),
    (Cause::PathLost, silence::kernel_gave_up),
    (Cause::PathLost, silence::new_connections_were_answered),
    (Cause::PathLost, silence::new_connections_were_not_made),
    (Cause::PathLost, silence::nothing_was_acknowledged),
    (Cause::PathLost, silence::fell_silent),
    (Cause::PathLost, silence::the_way_behind_a_relay),
    (Cause::PathLost, silence::connected_and_not_answered),
    (Cause::PathLost, silence::silence_after_a_pause),
    (Cause::PathLost, silence::machine_was_replaced),
    (Cause::PathLost, silence::we_were_late),
    (Cause::ServerFrozen, silence::accepted_and_silent),
    (Cause::ServerFrozen, silence::healed),
    (Cause::ServerFrozen, silence::acknowledged_and_silent),
    (Cause::ServerFrozen, silence::others_were_served),
    (Cause::ServerFrozen, silence::packets_were_lost),
    (Cause::ServerFrozen, silence::never_silent),
    (Cause::ServerFrozen, silence::we_were_late),
    (Cause::ClientStall, silence::we_slept),
    (Cause::ClientStall, silence::we_were_stalled),
    (Cause::ClientStall, closing::we_were_stopped_past_the_timeout),
    (Cause::ClientStall, silence::another_process_meanwhile),
    (Cause::ClientStall, silence::path_was_ill),
    (Cause::ProtocolError, network::garbage_and_we_left),
    (Cause::ProtocolError, network::garbage),
    (Cause::ProtocolError, network::garbage_from_a_dying_process),
];

/// A duration for people: `350 s`, `1.5 s`, `0.02 s`.
fn seconds(duration: std::time::Duration) -> String {
    let seconds = duration.as_secs_f64();
    let digits = if seconds >= 100.0 {
        0
    } else if seconds >= 1.0 {
        1
    } else {
        2
    };
    format!("{seconds:.digits$} s")
}
