//! The monitor of a session: turns what the link and the inbox noticed into events, names the state of a lost
//! connection, and replaces a session that cannot come back.

use std::{collections::HashSet, sync::Arc, time::Duration};

use super::{
    Context,
    identity::{self, ClientInfo},
    inbox::Confirmed,
    link::{Change, Link, Loss},
    path::Interest,
    prognosis::{self, Picture},
    question::WaitingFailure,
    session::Session,
};
use crate::{
    classify::{Failure, Stage},
    clock::Stamp,
    event::{
        ClientState, Confirmations, Connected, Disconnected, EventKind, Reconnected, ReplaceReason, ServerIdentity,
        StopReason,
    },
};

/// How often a connection that is down is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// How often a connection that is up is looked at.
const IDLE_LOOK: Duration = Duration::from_millis(500);

/// How long a hopeless state is left as it is before the run goes on with a fresh session: long enough for the report
/// to show what the application would have seen.
const DWELL: Duration = Duration::from_secs(1);

/// How long a connection that the watchdog has just replaced is waited for before other things are looked after.
const FIRST_LOOK: Duration = Duration::from_secs(1);

/// Between attempts to put a fresh session in place.
const RETRY: Duration = Duration::from_secs(1);

/// A cycle that takes longer than this is worth telling.
const WORTH_TELLING: Duration = Duration::from_secs(1);

/// Watches one session.
pub(super) struct Monitor {
    session: Arc<Session>,
    ctx: Arc<Context>,
    generation: u64,
    sessions: u64,
    client: ClientInfo,
    server: ServerIdentity,
    outage: Option<Outage>,
    stall: Option<Stall>,
    resubscription: Option<Resubscription>,
    /// When the last alarm about missing messages was given.
    silence_told: Stamp,
    pinned: bool,
    /// When a fresh session is to be put in place of one that cannot come back.
    replacement: Option<Stamp>,
}

/// An outage under way.
struct Outage {
    lost_at: Stamp,
    old_client_id: Option<u64>,
    _interest: Interest,
    told: HashSet<ClientState>,
    waiting: Option<WaitingFailure>,
    replaced: Option<ReplaceReason>,
}

/// A stall under way.
struct Stall {
    since: Stamp,
    _interest: Interest,
    told: bool,
}

/// Subscriptions that should come back.
struct Resubscription {
    lost_at: Stamp,
    /// When the connection came back; from then on the clock ticks.
    restored: Option<Stamp>,
}

impl Monitor {
    /// Introduces an established session.
    pub(super) async fn start(session: Arc<Session>) -> Self {
        let ctx = Arc::clone(&session.ctx);
        let now = ctx.clock.now();
        let mut monitor = Self {
            session,
            ctx,
            generation: 1,
            sessions: 1,
            client: ClientInfo::default(),
            server: ServerIdentity::default(),
            outage: None,
            stall: None,
            resubscription: None,
            silence_told: now,
            pinned: false,
            replacement: None,
        };
        monitor.identify().await;
        monitor.emit(
            now,
            EventKind::Connected(Box::new(Connected {
                generation: monitor.generation,
                client_id: monitor.client.id,
                local: monitor.client.addr.clone(),
                peer: monitor.client.laddr.clone(),
                server: monitor.server.clone(),
                resp: if monitor.ctx.resp3 { 3 } else { 2 },
            })),
        );
        let wanted = monitor.session.inbox.subscription().wanted() as u64;
        if wanted > 0 {
            let (_, confirmations) = monitor.session.take_changes();
            let at = confirmations.back().map_or(now, |(at, _)| *at);
            let confirmed = monitor.session.inbox.confirmed() as u64;
            monitor.emit(at, EventKind::Subscribed(Confirmations { wanted, confirmed, after: at.elapsed() }));
        }
        monitor
    }

    /// Watches until the task is ended.
    pub(super) async fn run(mut self) {
        loop {
            let busy = self.outage.is_some() || self.stall.is_some() || self.resubscription.is_some();
            let pause = if busy { LOOK } else { IDLE_LOOK };
            // Either way there may be something to see.
            let _ = tokio::time::timeout(pause, self.session.wake.notified()).await;
            self.look().await;
        }
    }

    async fn look(&mut self) {
        self.take_in().await;
        self.session.inbox.tick(&self.ctx);
        self.watch_outage().await;
        self.watch_stall();
        self.watch_resubscription();
        self.watch_replies();
        self.watch_silence();
        if let Some(why) = self.session.condemned() {
            self.replace(ReplaceReason::Watchdog, Some(why)).await;
        }
        let now = self.ctx.clock.now();
        if self.replacement.is_some_and(|due| due <= now) && self.path_is_healthy() {
            self.replace(ReplaceReason::Terminal, None).await;
        }
    }

    /// Turns what was noticed since the last look into events.
    async fn take_in(&mut self) {
        let (changes, confirmations) = self.session.take_changes();
        // A confirmation of the connection that is now in use comes before the reply that shows it to be in use.
        for change in changes {
            match change {
                Change::Lost(loss) => self.on_lost(loss),
                Change::Restored(loss, at) => self.on_restored(&loss, at).await,
                Change::Stalled { since, unanswered, at } => {
                    self.emit(at, EventKind::Stalled { since, unanswered });
                    self.stall = Some(Stall { since, _interest: self.ctx.path.interest(), told: false });
                }
                Change::Resumed { since, at } => {
                    self.stall = None;
                    self.emit(at, EventKind::Resumed { after: at.since(since) });
                }
            }
        }
        for (at, confirmed) in confirmations {
            match confirmed {
                Confirmed::All => self.on_subscribed(at),
                Confirmed::Again => self.on_superseded(at).await,
                Confirmed::Part => {}
            }
        }
    }

    fn on_lost(&mut self, loss: Loss) {
        self.stall = None;
        self.pinned = false;
        let old_client_id = self.client.id;
        self.emit(
            loss.at,
            EventKind::Disconnected(Disconnected {
                generation: self.generation,
                client_id: old_client_id,
                failure: loss.failure,
                in_flight: loss.in_flight,
                idle: loss.idle,
            }),
        );
        self.outage = Some(Outage {
            lost_at: loss.at,
            old_client_id,
            _interest: self.ctx.path.interest(),
            told: HashSet::new(),
            waiting: None,
            replaced: None,
        });
        if self.session.inbox.subscription().wanted() > 0 {
            self.resubscription = Some(Resubscription { lost_at: loss.at, restored: None });
        }
    }

    async fn on_restored(&mut self, loss: &Loss, at: Stamp) {
        self.replacement = None;
        self.generation += 1;
        if let Err(failure) = self.session.subscribe().await {
            self.could_not_establish(&failure);
        }
        let old_process = self.server.run_id.take();
        self.identify().await;
        let outage = self.outage.take();
        let same_process = old_process.zip(self.server.run_id.clone()).map(|(old, new)| old == new);
        let healthy = self.ctx.path.health().healthy_since.filter(|_| outage.is_some());
        let replaced = outage.as_ref().and_then(|outage| outage.replaced);
        let late = self.session.link(Link::late);
        self.emit(
            at,
            EventKind::Reconnected(Reconnected {
                generation: self.generation,
                after: at.since(loss.at),
                failed: loss.cost.failed + late.failed,
                ambiguous: loss.cost.ambiguous + late.ambiguous,
                old_client_id: outage.as_ref().and_then(|outage| outage.old_client_id),
                client_id: self.client.id,
                local: self.client.addr.clone(),
                same_process,
                by_itself: replaced != Some(ReplaceReason::Terminal),
                path_healthy_after: healthy.map(|since| since.since(loss.at)),
            }),
        );
        // Interest in the path ends only now: its health was still needed above.
        drop(outage);
        if let Some(resubscription) = &mut self.resubscription {
            resubscription.restored = Some(at);
        }
    }

    fn on_subscribed(&mut self, at: Stamp) {
        let Some(resubscription) = self.resubscription.take() else {
            return;
        };
        let wanted = self.session.inbox.subscription().wanted() as u64;
        let confirmed = self.session.inbox.confirmed() as u64;
        let after = at.since(resubscription.lost_at);
        self.emit(at, EventKind::Resubscribed(Confirmations { wanted, confirmed, after }));
    }

    /// The same subscriptions were confirmed twice without a loss in between: the library has replaced a connection
    /// that it had just made.
    async fn on_superseded(&mut self, at: Stamp) {
        if self.outage.is_some() {
            return;
        }
        self.generation += 1;
        self.identify().await;
        self.emit(at, EventKind::Superseded { generation: self.generation, client_id: self.client.id });
    }

    async fn watch_outage(&mut self) {
        let now = self.ctx.clock.now();
        let health = self.ctx.path.health();
        let latest = self.session.take_waiting().pop_back();
        let Some(outage) = &mut self.outage else {
            return;
        };
        outage.waiting = latest.or(outage.waiting.take());
        let mut news = Vec::new();
        let policy = &self.ctx.plan.policy;
        let picture = Picture {
            policy,
            lost_at: outage.lost_at,
            now,
            health: &health,
            waiting: outage.waiting.as_ref(),
            asks: self.ctx.may_ask,
        };
        if let Some(prognosis) = prognosis::prognosis(&picture).filter(|found| outage.told.insert(found.state)) {
            if prognosis.hopeless {
                self.replacement = Some(now.after(DWELL));
                if self.ctx.plan.stop.on_critical {
                    self.ctx.stop(StopReason::Critical);
                }
            }
            news.push((prognosis.state, prognosis.why));
        }
        if let Some(why) = prognosis::masked(&health).filter(|_| outage.told.insert(ClientState::Masked)) {
            news.push((ClientState::Masked, why));
        }
        let long = now.since(outage.lost_at) > WORTH_TELLING && policy.managed && outage.replaced.is_none();
        if long && outage.told.insert(ClientState::Retrying) {
            let path = health.failure.map_or("the server answers others".to_owned(), |(_, text)| text);
            news.push((ClientState::Retrying, format!("still reconnecting: {path}")));
        }
        for (state, why) in news {
            self.enter(now, state, why);
        }
    }

    fn watch_stall(&mut self) {
        let health = self.ctx.path.health();
        let Some(stall) = self.stall.as_mut().filter(|stall| !stall.told) else {
            return;
        };
        // Two good attempts in a row, so that the moment in which a frozen server thaws is not taken for it.
        let proven = health.healthy_since.zip(health.checked).is_some_and(|(since, last)| last > since);
        if proven {
            stall.told = true;
            let silent = self.ctx.clock.now().since(stall.since).as_secs_f64();
            let why = format!(
                "nothing has come for {silent:.1} s on a connection nobody has closed, while new ones are answered"
            );
            self.enter(self.ctx.clock.now(), ClientState::HalfOpen, why);
        }
    }

    fn watch_resubscription(&mut self) {
        let Some(restored) = self.resubscription.as_ref().and_then(|subscription| subscription.restored) else {
            return;
        };
        let now = self.ctx.clock.now();
        // The library itself waits one response timeout for its resubscription.
        if now.since(restored) < self.ctx.plan.policy.response_timeout + DWELL || self.replacement.is_some() {
            return;
        }
        let lost_at = self.resubscription.as_ref().map_or(restored, |subscription| subscription.lost_at);
        let wanted = self.session.inbox.subscription().wanted() as u64;
        let confirmed = self.session.inbox.confirmed() as u64;
        self.emit(now, EventKind::Resubscribed(Confirmations { wanted, confirmed, after: now.since(lost_at) }));
        let why = format!("the connection answers, but {confirmed} of {wanted} subscriptions were confirmed");
        self.enter(now, ClientState::SubscriptionLost, why);
        self.replacement = Some(now.after(DWELL));
        self.resubscription = None;
    }

    /// States that show in the replies themselves.
    fn watch_replies(&mut self) {
        if self.session.take_desync() {
            let why = "replies go to the wrong questions: one too many or one too few has come";
            self.enter(self.ctx.clock.now(), ClientState::Desync, why.into());
        }
        if self.session.take_read_only() && !self.pinned {
            self.pinned = true;
            let why = "writes are refused with READONLY: the server is a replica now, and the connection stays with it";
            self.enter(self.ctx.clock.now(), ClientState::Pinned, why.into());
        }
    }

    fn watch_silence(&mut self) {
        let Some(limit) = self.session.inbox.subscription().expect_every else {
            return;
        };
        let now = self.ctx.clock.now();
        let last = self.session.inbox.last_message();
        if now.since(last.max(self.silence_told)) > limit {
            self.silence_told = now;
            self.emit(now, EventKind::Silent { silence: now.since(last) });
        }
    }

    /// Abandons the session's connection and puts a fresh one in place.
    async fn replace(&mut self, why: ReplaceReason, failure: Option<Failure>) {
        let now = self.ctx.clock.now();
        self.replacement = None;
        self.session.abandon(now, failure.as_ref());
        self.take_in().await;
        self.sessions += 1;
        self.emit(now, EventKind::SessionReplaced { session: self.sessions, why });
        if let Some(outage) = &mut self.outage {
            // Once it took us to go on, it was not the client's doing.
            outage.replaced = outage.replaced.filter(|known| *known == ReplaceReason::Terminal).or(Some(why));
        }
        let by_policy = why == ReplaceReason::Watchdog && self.ctx.plan.policy.managed;
        let limit = if by_policy { FIRST_LOOK } else { self.session.patience() };
        match self.session.establish(limit).await {
            // It goes on trying by itself, as the policy says.
            Err(failure) if by_policy && failure.key.stage != Stage::Subscribe => {}
            Err(failure) => self.could_not_establish(&failure),
            Ok(()) => {}
        }
    }

    fn could_not_establish(&mut self, failure: &Failure) {
        let now = self.ctx.clock.now();
        self.ctx.fail(Some(self.session.connection), failure, now, false);
        self.replacement = Some(now.after(RETRY));
    }

    fn path_is_healthy(&self) -> bool {
        // A lost subscription is no outage: nobody watches the path then, and the connection itself proves it.
        self.outage.is_none() || self.ctx.path.health().healthy_since.is_some()
    }

    fn enter(&self, at: Stamp, state: ClientState, why: String) {
        self.emit(at, EventKind::StateEntered { state, why });
        if state.is_terminal() && self.ctx.plan.stop.on_critical {
            self.ctx.stop(StopReason::Critical);
        }
    }

    /// Asks who is on the other side now. What may not be asked stays unknown.
    async fn identify(&mut self) {
        (self.client, self.server) = identity::ask(&self.session).await;
    }

    fn emit(&self, at: Stamp, kind: EventKind) {
        self.ctx.emit(at, Some(self.session.connection), kind);
    }
}
