//! The monitor of a session: turns changes of the link and the inbox into events, detects the state of a lost
//! connection, and replaces a session that cannot reconnect.

mod identity;
mod replace;
mod slowness;
mod watch;
mod writes;

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use self::writes::Rebuilds;
use super::{
    connection::Session,
    context::RunContext,
    identify,
    inbox::{Confirmed, Inbox},
    link::{Change, Link, Loss},
    request::WaitingFailure,
    tempo::Stretch,
};
use crate::{
    classify::{ErrorClass, Failure},
    clock::Stamp,
    dial::{ClientInfo, Interest},
    event::{
        ClientState, Confirmations, Connected, Disconnected, EventKind, Peer, Reconnected, ReplaceReason,
        ServerIdentity, StopReason, Succession,
    },
    plan::Target,
};

/// Polling interval of a connection that is down, for each thousand connections: all of them can be down, and a poll takes
/// microseconds. What is reported in between wakes the monitor.
const POLL: Duration = Duration::from_millis(50);

/// Polling interval of a connection that is up.
const IDLE_POLL: Duration = Duration::from_millis(500);

/// Time that an unrecoverable state is left alone before the run continues with a new session: long enough for the
/// report to show what the application would have seen.
const DWELL: Duration = Duration::from_secs(1);

/// The monitor of one session.
pub(super) struct Monitor {
    session: Arc<Session>,
    ctx: Arc<RunContext>,
    generation: u64,
    sessions: u64,
    client: ClientInfo,
    server: ServerIdentity,
    /// The server of this connection was a primary once, or accepted a write: if it refuses writes, it was demoted.
    was_primary: bool,
    /// Processes of which that is known, for later connections.
    primaries: VecDeque<Peer>,
    outage: Option<Outage>,
    stall: Option<Stall>,
    /// The current slow stretch; not reported while it is short.
    stretch: Option<Stretch>,
    resubscription: Option<Resubscription>,
    /// Time of the last alarm about missing messages.
    silence_reported: Stamp,
    /// Time since which writes have been refused with READONLY.
    pinned: Option<Stamp>,
    rebuilds: Rebuilds,
    /// Due time of a replacement for a session that cannot reconnect.
    replacement: Option<Stamp>,
    /// Server that the connections go to.
    target: tokio::sync::watch::Receiver<Target>,
    /// The current connection works, but the server refused its subscriptions with this.
    refused: Option<ErrorClass>,
}

/// The current outage.
struct Outage {
    lost_at: Stamp,
    /// The failure in the loss event.
    failure: Option<Failure>,
    old_client_id: Option<u64>,
    _interest: Interest,
    reported: HashSet<ClientState>,
    waiting: Option<WaitingFailure>,
    replaced: Option<ReplaceReason>,
    /// Time at which the library replaced a connection that it had just made.
    superseded: Option<Stamp>,
}

/// The current stall.
struct Stall {
    since: Stamp,
    _interest: Interest,
    reported: bool,
}

/// Subscriptions that must be restored.
#[derive(Clone, Copy)]
struct Resubscription {
    lost_at: Stamp,
    /// Time of the reconnect or of the renewal, from which the limit counts.
    restored: Option<Stamp>,
    /// Requested again, because they were not confirmed.
    renewed: bool,
    /// Reported as lost.
    reported: bool,
}

impl Monitor {
    /// Establishes the session of `connection` and emits its first events.
    pub(super) async fn start(
        ctx: Arc<RunContext>,
        connection: u32,
        inbox: Inbox,
    ) -> Result<(Arc<Session>, Self), Failure> {
        let target = ctx.target();
        let session = Session::new(Arc::clone(&ctx), connection, inbox).await?;
        let (signal, up) = tokio::sync::watch::channel(false);
        let coming = async {
            session.come_up(session.first_patience()).await?;
            signal.send_replace(true);
            session.subscribe().await?;
            session.confirmed().await;
            Ok(ctx.clock.now())
        };
        // Polled in this order and concurrently: it saves a round trip.
        let (now, (client, server)) =
            tokio::try_join!(biased; coming, async { Ok(identify::query(&session, &up).await) })?;
        ctx.observer.on_identified(connection, &client, now);
        let mut monitor = Self {
            session: Arc::clone(&session),
            ctx,
            generation: 1,
            sessions: 1,
            client,
            server,
            was_primary: false,
            primaries: VecDeque::new(),
            outage: None,
            stall: None,
            stretch: None,
            resubscription: None,
            silence_reported: now,
            pinned: None,
            rebuilds: Rebuilds::default(),
            replacement: None,
            refused: None,
            target,
        };
        monitor.on_identified();
        monitor.emit(
            now,
            EventKind::Connected(Box::new(Connected {
                generation: monitor.generation,
                client_id: monitor.client.id,
                local: monitor.client.addr.clone(),
                peer: monitor.client.laddr.clone(),
                server: monitor.server.clone(),
                resp: if monitor.ctx.dialect.resp3 { 3 } else { 2 },
            })),
        );
        let wanted = monitor.session.inbox.subscription().wanted() as u64;
        if wanted > 0 {
            let (_, confirmations) = monitor.session.take_changes();
            let at = confirmations.back().map_or(now, |(at, _)| *at);
            let confirmed = monitor.session.inbox.confirmed() as u64;
            monitor.emit(at, EventKind::Subscribed(Confirmations { wanted, confirmed, after: at.elapsed() }));
            if confirmed < wanted {
                monitor.on_subscriptions_ended(at);
            }
        }
        Ok((session, monitor))
    }

    /// Runs until it is aborted.
    ///
    /// A task reserves room for every future that it may await, and there may be ten thousand of this one: what it seldom
    /// awaits is on the heap while it lasts.
    pub(super) async fn run(mut self) {
        Box::pin(identify::request_announcements(&self.session, &self.server)).await;
        loop {
            let busy = self.outage.is_some() || self.stall.is_some() || self.resubscription.is_some();
            let pause = if busy { (POLL * (1 + self.ctx.plan.connections / 1000)).min(IDLE_POLL) } else { IDLE_POLL };
            self.wait(pause).await;
            self.poll().await;
        }
    }

    async fn poll(&mut self) {
        self.process_changes().await;
        self.session.inbox.tick(&self.ctx);
        self.session.settle_refusals();
        self.watch_outage().await;
        self.watch_stall();
        self.watch_tempo();
        self.watch_resubscription().await;
        self.watch_replies().await;
        self.watch_silence();
        if let Some(why) = self.session.condemned() {
            let desync = why.key.class == ErrorClass::Desync;
            let reason = if desync { ReplaceReason::Desync } else { ReplaceReason::Watchdog };
            Box::pin(self.replace(reason, Some(why))).await;
        }
        // During an outage the next connection may be given its subscriptions.
        if self.outage.is_none()
            && let Some(failure) = self.session.take_subscription_failure()
        {
            Box::pin(self.on_unsubscribed(failure)).await;
        }
        let now = self.ctx.clock.now();
        if self.replacement.is_some_and(|due| due <= now) && self.path_is_healthy() {
            Box::pin(self.recover()).await;
        }
    }

    /// Turns the changes since the last poll into events.
    async fn process_changes(&mut self) {
        let (changes, confirmations) = self.session.take_changes();
        // The confirmation of a connection arrives before the reply that shows it to be in use.
        for change in changes {
            match change {
                Change::Lost(loss) => self.on_lost(loss),
                Change::Restored(loss, at) => Box::pin(self.on_restored(&loss, at)).await,
                Change::Stalled { since, unanswered, at } => {
                    self.end_stretch(at);
                    self.emit(at, EventKind::Stalled { since, unanswered, flow: None });
                    self.stall = Some(Stall { since, _interest: self.ctx.path.interest(), reported: false });
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
                Confirmed::Again => Box::pin(self.on_superseded(at)).await,
                Confirmed::Ended => self.on_subscriptions_ended(at),
                Confirmed::Part => {}
            }
        }
    }

    fn on_lost(&mut self, loss: Loss) {
        self.end_stretch(loss.at);
        self.stall = None;
        self.refused = None;
        if !loss.failure.as_ref().is_some_and(|failure| failure.key.class.is_by_demoted()) {
            (self.pinned, self.rebuilds) = (None, Rebuilds::default());
        }
        // A replacement was meant for the lost connection; the next one gets a new chance.
        self.replacement = None;
        let old_client_id = self.client.id;
        self.emit(
            loss.at,
            EventKind::Disconnected(Disconnected {
                generation: self.generation,
                client_id: old_client_id,
                failure: loss.failure.clone(),
                in_flight: loss.in_flight,
                idle: loss.idle,
            }),
        );
        self.outage = Some(Outage {
            lost_at: loss.at,
            failure: loss.failure,
            old_client_id,
            _interest: self.ctx.path.interest(),
            reported: HashSet::new(),
            waiting: None,
            replaced: None,
            superseded: None,
        });
        self.expect_resubscription(loss.at);
    }

    async fn on_restored(&mut self, loss: &Loss, at: Stamp) {
        self.replacement = None;
        self.generation += 1;
        self.session.request_subscription();
        let old = self.peer();
        self.identify().await;
        let outage = self.outage.take();
        let succession = Succession::between(&old, &self.peer(), self.ctx.clock.now().since(loss.at));
        let healthy = self.ctx.path.health().healthy_since.filter(|_| outage.is_some());
        let replaced = outage.as_ref().and_then(|outage| outage.replaced);
        let late = self.session.link(Link::late);
        for failed in self.session.take_waiting() {
            self.ctx.observer.on_attempt_failed(self.session.connection, &failed.failure, failed.at);
        }
        // A command in flight can have a more precise failure than the library's push.
        let noted = outage.as_ref().and_then(|outage| outage.failure.as_ref());
        let failure = loss.failure.clone().filter(|failure| noted != Some(failure));
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
                peer: self.client.laddr.clone(),
                server: Some(Box::new(self.server.clone())),
                same_process: succession.map(|succession| succession == Succession::SameProcess),
                succession,
                by_itself: replaced != Some(ReplaceReason::Terminal),
                failure,
                path_healthy_after: healthy.map(|since| since.since(loss.at)),
            }),
        );
        // The outage's interest in the path ends here: its health was needed above.
        if let Some(at) = outage.and_then(|outage| outage.superseded) {
            self.on_superseded(at).await;
        }
        if let Some(resubscription) = &mut self.resubscription {
            resubscription.restored = Some(at);
        }
    }

    fn on_subscribed(&mut self, at: Stamp) {
        self.refused = None;
        let Some(resubscription) = self.resubscription.take() else {
            return;
        };
        let wanted = self.session.inbox.subscription().wanted() as u64;
        let confirmed = self.session.inbox.confirmed() as u64;
        let after = at.since(resubscription.lost_at);
        self.emit(at, EventKind::Resubscribed(Confirmations { wanted, confirmed, after }));
    }

    /// Handles subscriptions confirmed twice without a loss in between: the library has replaced a connection that it
    /// had just made. During an outage, this is reported at its end.
    async fn on_superseded(&mut self, at: Stamp) {
        if let Some(outage) = &mut self.outage {
            outage.superseded = Some(at);
            return;
        }
        self.generation += 1;
        self.identify().await;
        self.emit(
            at,
            EventKind::Superseded {
                generation: self.generation,
                client_id: self.client.id,
                peer: self.client.laddr.clone(),
                server: Some(Box::new(self.server.clone())),
            },
        );
    }

    fn enter(&self, at: Stamp, state: ClientState, why: String) {
        self.emit(at, EventKind::StateEntered { state, why: why.into() });
        if state.is_terminal() && self.ctx.plan.stop.on_critical {
            self.ctx.stop.stop(StopReason::Critical);
        }
    }

    fn emit(&self, at: Stamp, kind: EventKind) {
        self.ctx.emit(at, Some(self.session.connection), kind);
    }
}
