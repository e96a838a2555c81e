//! Asks the server when there is reason to, and tells what is known of the outages that it was asked for.

use std::{sync::Arc, time::Duration};

use super::{
    PAUSE, SAMPLE, State, aside,
    case::Case,
    server::{self, Snapshot},
};
use crate::{clock::Stamp, event::EventKind, probe::Context};

/// From the start to the first question: a run that is shorter asks nothing.
const FIRST: Duration = Duration::from_millis(500);

/// While nothing happens, what is known of the server is renewed this often.
const RENEWAL: Duration = Duration::from_secs(60);

/// The same when it could not be reached.
const RETRY: Duration = Duration::from_secs(5);

/// How long the questions after the run's end may take.
const LAST: Duration = Duration::from_millis(500);

impl State {
    /// When the server is to be asked next, in a run that began gathering at `started`.
    fn due(&self, started: Stamp, now: Stamp) -> Stamp {
        let pressing = self.is_pressing(now);
        match self.asked {
            None if pressing => now,
            // What would be asked before an outage is over is worth nothing as what was before the next.
            _ if !pressing && !self.open.is_empty() => now.after(SAMPLE),
            None => started.after(FIRST),
            Some((last, _)) if pressing => last.after(PAUSE),
            Some((last, true)) => last.after(RENEWAL),
            Some((last, false)) => last.after(RETRY),
        }
    }

    /// Whether an outage waits for the server's answers.
    fn is_pressing(&self, now: Stamp) -> bool {
        !self.over.is_empty() || self.open.values().any(|case| case.is_due(now))
    }

    /// Takes the outages that the server is now to be asked for, and gives the clients that may be ghosts.
    fn begin(&mut self, now: Stamp, last: bool) -> Vec<u64> {
        self.asking.append(&mut self.over);
        let lasting = self.open.values().filter(|case| last || case.is_due(now));
        self.asking.iter().chain(lasting).filter_map(Case::client_id).collect()
    }
}

/// Asks the server when there is reason to, and tells what is known, until it is ended.
pub(in crate::probe) async fn gather(ctx: Arc<Context>) {
    let started = ctx.clock.now();
    loop {
        let due = ctx.evidence.lock().due(started, ctx.clock.now());
        tokio::select! {
            () = ctx.clock.sleep_until(due) => {}
            () = ctx.evidence.wake.notified() => continue,
        }
        let old = {
            let now = ctx.clock.now();
            let mut state = ctx.evidence.lock();
            if !state.is_pressing(now) && !state.open.is_empty() {
                continue;
            }
            state.begin(now, false)
        };
        let snapshot = ask(&ctx, &old).await;
        tell(&ctx, snapshot, false);
    }
}

/// After the last task has ended: tells what is left.
pub(in crate::probe) async fn conclude(ctx: &Context) {
    let (old, all_told) = {
        let mut state = ctx.evidence.lock();
        let now = ctx.clock.now();
        let all_told = state.open.is_empty() && state.over.is_empty() && state.asking.is_empty();
        // What has changed beside the connection shows in one more look, unless one has just been taken.
        if all_told && state.asked.is_none_or(|(last, _)| now.since(last) < PAUSE) {
            return;
        }
        (state.begin(now, true), all_told)
    };
    let asked = tokio::time::timeout(LAST, ask(ctx, &old)).await;
    if all_told && asked.is_err() {
        // It may be far away: that is no news.
        return;
    }
    let snapshot =
        asked.unwrap_or_else(|_| Snapshot::unreachable(ctx.clock.now(), "it did not answer before the run ended"));
    tell(ctx, snapshot, true);
}

/// Asks the server. It is asked directly; what stands between it and the connection under test alone is told, too.
async fn ask(ctx: &Context, old: &[u64]) -> Snapshot {
    let mut snapshot = server::ask(&ctx.evidence.path, ctx.clock, old).await;
    if let Some(state) = snapshot.state.as_mut().filter(|_| ctx.server.address != ctx.plan.target.address) {
        Arc::make_mut(state).translated = Some(true);
    }
    snapshot
}

/// Tells of the outages that the server was asked for, and of those that last.
fn tell(ctx: &Context, mut snapshot: Snapshot, last: bool) {
    let now = ctx.clock.now();
    let mut state = ctx.evidence.lock();
    state.examine(now);
    state.hearing.hear(now);
    (snapshot.finished, snapshot.count) = (now, state.count);
    if let Some(kind) = state.known.back().and_then(|before| aside::changed(before, &snapshot, &state, &ctx.plan)) {
        ctx.emit(now, None, kind);
    }
    let snapshot = Arc::new(snapshot);
    state.asked = Some((snapshot.at, snapshot.state.is_some()));
    let mut told = std::mem::take(&mut state.asking);
    for case in state.open.values_mut() {
        if last || case.is_due(now) {
            case.early = true;
            told.push(case.clone());
        }
    }
    for mut case in told {
        case.look_back(&state.host, state.announcements.iter(), now);
        if case.over.is_none() {
            case.evidence.tcp = case.evidence.tcp.or(state.sockets.figures(case.connection));
            if let Some(attempts) = state.hearing.of(case.connection, case.evidence.lost) {
                case.attempted(attempts.clone());
            }
        }
        let connection = case.connection;
        let evidence = case.complete(&snapshot);
        ctx.emit(now, Some(connection), EventKind::Evidence(Box::new(evidence)));
    }
    if snapshot.state.is_some() {
        state.known.push_back(snapshot);
        if state.known.len() > 2 {
            state.known.pop_front();
        }
    }
}
