//! State that the connections of one proxy share: the active faults, the agenda, and the event channel.
//!
//! It lives on the proxy's own thread, behind an `Rc`. Nothing here waits.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::SocketAddr,
    rc::Rc,
    sync::Arc,
};

use rustix::net::Shutdown;
use tokio::{
    net::TcpListener,
    sync::{Notify, mpsc::UnboundedSender},
};

use super::{
    Config, Orders, Shared,
    agenda::Agenda,
    conditions::{self, Active, Conditions, Mark},
    dialogue::Node,
    observer::{News, Observer, view::View},
    outcome,
    slot::{Conduct, Slot},
    stream::Stream,
};
use crate::{
    clock::{Clock, Stamp},
    event::{Event, EventKind},
    fault::{Door, Effect, Fault, FaultSchedule, Order, duration_text},
    tls::Connector,
};

/// Limit on sockets kept open to a server after their client was reset; beyond it the oldest is closed.
const GHOSTS: usize = 256;
/// Limit on active and scheduled faults that clients and stdin can order.
const FAULTS: usize = 1000;
/// Limit on the addresses of servers that are remembered.
const NODES: usize = 1000;
/// Bytes of one read.
const CHUNK: usize = 64 * 1024;

pub(super) struct ProxyState {
    pub(super) config: Config,
    pub(super) shared: Arc<Shared>,
    events: UnboundedSender<Event>,
    active: RefCell<Vec<Active>>,
    /// Each fault that has begun, with its mark.
    begun: RefCell<BTreeMap<String, (Fault, Mark)>>,
    agenda: RefCell<Agenda>,
    /// Grows with every change of `active`.
    version: Cell<u64>,
    slots: RefCell<BTreeMap<u64, Rc<Slot>>>,
    next_flow: Cell<u64>,
    next_fault: Cell<u64>,
    ghosts: RefCell<VecDeque<Stream>>,
    /// The address on which the proxy listens.
    listen: SocketAddr,
    listener: RefCell<Option<Rc<TcpListener>>>,
    /// Addresses of servers that clients have learned.
    nodes: RefCell<BTreeSet<Node>>,
    /// The application, if it is observed.
    pub(super) observer: Option<Observer>,
    /// For a server that speaks TLS.
    pub(super) connector: Connector,
    /// The last note, to leave out repetitions.
    noted: RefCell<String>,
    /// Wakes the acceptor.
    pub(super) changed: Notify,
    /// The buffer into which every connection reads.
    pub(super) scratch: RefCell<Vec<u8>>,
}

impl ProxyState {
    /// The state of a proxy that listens on this address.
    pub(super) fn new(
        config: Config,
        (listen, listener): (SocketAddr, TcpListener),
        shared: Arc<Shared>,
        events: UnboundedSender<Event>,
    ) -> Self {
        Self {
            listen,
            listener: RefCell::new(Some(Rc::new(listener))),
            nodes: RefCell::default(),
            observer: config.observe.then(Observer::default),
            begun: RefCell::default(),
            agenda: RefCell::new(Agenda::new(config.schedules.clone())),
            connector: Connector::new(config.tls.clone()),
            config,
            shared,
            events,
            active: RefCell::default(),
            version: Cell::new(1),
            slots: RefCell::default(),
            next_flow: Cell::new(1),
            next_fault: Cell::new(1),
            ghosts: RefCell::default(),
            noted: RefCell::default(),
            changed: Notify::new(),
            scratch: RefCell::new(vec![0; CHUNK]),
        }
    }

    pub(super) fn clock(&self) -> Clock {
        self.config.clock
    }

    pub(super) fn emit(&self, kind: EventKind) {
        self.emit_of(None, kind);
    }

    /// Emits an event of a role of connections.
    pub(super) fn emit_of(&self, role: Option<u32>, kind: EventKind) {
        let flows = matches!(kind, EventKind::FlowOpened(_) | EventKind::FlowClosed(_));
        if flows && !self.config.report_flows {
            return;
        }
        let at = self.clock().now();
        // The receiver may be gone.
        let _ = self.events.send(Event { at, time: self.clock().wall(at), target: None, connection: role, kind });
    }

    fn emit_all(&self, news: Vec<News>) {
        news.into_iter().for_each(|(role, kind)| self.emit_of(role, kind));
    }

    /// Emits what the observer has counted since the last call, and with `totals` since the start.
    pub(super) fn sample(&self, totals: bool) {
        if let Some(observer) = &self.observer {
            self.emit_all(observer.sample(self.clock().now(), totals));
        }
    }

    /// Emits a note, unless it repeats the last one.
    pub(super) fn note_once(&self, text: String) {
        if *self.noted.borrow() != text {
            self.noted.replace(text.clone());
            self.emit(EventKind::Note { text: text.into() });
        }
    }

    /// Registers a connection; returns its number and its slot.
    pub(super) fn open(&self, client: Option<SocketAddr>) -> (u64, Rc<Slot>) {
        let flow = self.next_flow.replace(self.next_flow.get() + 1);
        // Without orders, all connections are the same.
        let conduct = if self.config.orders == Orders::Nobody { Conduct::Application } else { Conduct::Connecting };
        let slot = Rc::new(Slot::new(client, conduct));
        self.slots.borrow_mut().insert(flow, Rc::clone(&slot));
        (flow, slot)
    }

    /// Removes a connection that has ended.
    pub(super) fn close(&self, flow: u64) {
        self.slots.borrow_mut().remove(&flow);
        // A reset that waited for this one may have nothing left to wait for.
        self.changed.notify_one();
    }

    /// Returns the conditions on a connection with their version, unless that is `known`.
    pub(super) fn conditions(&self, flow: u64, known: u64) -> Option<(u64, Conditions)> {
        let version = self.version.get();
        (version != known).then(|| (version, self.conditions_of(flow)))
    }

    /// Returns the conditions on a connection.
    pub(super) fn conditions_of(&self, flow: u64) -> Conditions {
        Conditions::of(&self.active.borrow(), flow)
    }

    /// Returns the way in which new connections are refused; `None` if they are accepted.
    pub(super) fn door(&self) -> Option<Door> {
        conditions::door(&self.active.borrow()).map(|(door, _)| door)
    }

    /// Returns the same for a connection that has come, on which the fault has had an effect then.
    pub(super) fn door_for_client(&self) -> Option<Door> {
        let active = self.active.borrow();
        let (door, mark) = conditions::door(&active)?;
        mark.strike();
        Some(door)
    }

    /// Returns the listener, unless the port is closed.
    pub(super) fn listener(&self) -> Option<Rc<TcpListener>> {
        self.listener.borrow().clone()
    }

    pub(super) fn open_port(&self, listener: Option<TcpListener>) {
        self.listener.replace(listener.map(Rc::new));
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.listen
    }

    /// Closes the port immediately: a client that another fault disconnects must not get in again.
    fn close_port(&self) {
        if let Some(listener) = self.listener.take() {
            // A child process that is just being started holds a copy of the descriptor until its exec.
            let _ = rustix::net::shutdown(&*listener, Shutdown::Both);
        }
    }

    /// Reports addresses of servers that a client has learned, if it can leave the proxy by them.
    pub(super) fn learn(&self, learned: Vec<Node>) {
        // redis-doctor's own sessions stay where they are.
        if !self.config.report_flows {
            return;
        }
        let mut nodes = self.nodes.borrow_mut();
        let before = nodes.len();
        nodes.extend(learned.into_iter().take(NODES.saturating_sub(before)));
        if nodes.len() == before {
            return;
        }
        if let Some(text) = outcome::bypass(&nodes, self.listen) {
            drop(nodes);
            self.note_once(text);
        }
    }

    /// Reports what was expected of the proxy and did not happen, at the end of a run.
    pub(super) fn conclude(&self) {
        if let Some(observer) = &self.observer {
            self.emit_all(observer.conclude(self.clock().now()));
            self.sample(true);
        }
        let mut texts: Vec<_> = outcome::bypass(&self.nodes.borrow(), self.listen).into_iter().collect();
        let begun = self.begun.borrow();
        texts.extend(begun.values().filter(|(_, mark)| !mark.has_struck()).map(|(fault, _)| outcome::missed(fault)));
        let agenda = self.agenda.borrow();
        let unbegun = agenda.scheduled().filter(|schedule| !begun.contains_key(&schedule.fault.to_string()));
        texts.extend(unbegun.map(|schedule| format!("the fault {schedule} never began: the run ended first")));
        texts.into_iter().for_each(|text| self.emit(EventKind::Note { text: text.into() }));
    }

    /// Returns the state of the application, if it is observed.
    pub(super) fn view(&self) -> View {
        let slots = self.slots.borrow();
        let client = |flow: u64| slots.get(&flow).and_then(|slot| slot.client);
        let struck = self.begun.borrow().values().any(|(_, mark)| mark.has_struck());
        let view = self.observer.as_ref().map(|observer| observer.view(self.clock().now(), client)).unwrap_or_default();
        View { struck, ..view }
    }

    /// Keeps a socket open so that the server does not notice that the client is gone.
    pub(super) fn keep_ghost(&self, stream: Stream) {
        let mut ghosts = self.ghosts.borrow_mut();
        ghosts.push_back(stream);
        if ghosts.len() > GHOSTS {
            ghosts.pop_front();
        }
    }

    /// Starts the clock of the schedules.
    pub(super) fn begin(&self) {
        self.agenda.borrow_mut().begin(self.clock().now());
        self.changed.notify_one();
    }

    /// Puts schedules into effect, counted from now. Those that begin immediately do so together: no byte passes and no
    /// client connects between two of them.
    ///
    /// # Errors
    /// If there are too many faults already.
    pub(super) fn schedule(&self, schedules: Vec<FaultSchedule>) -> Result<(), String> {
        let known = self.active.borrow().len() + self.agenda.borrow().scheduled().count();
        if known + schedules.len() > FAULTS {
            return Err(format!("{FAULTS} faults are active or scheduled; end them with CLEAR"));
        }
        let now = self.clock().now();
        schedules.into_iter().for_each(|schedule| self.agenda.borrow_mut().add(schedule, now));
        self.advance();
        self.changed.notify_one();
        Ok(())
    }

    /// Ends all faults and empties the agenda; returns how many were active.
    pub(super) fn clear(&self) -> usize {
        self.agenda.borrow_mut().clear();
        let ids: Vec<_> = self.active.borrow().iter().map(|active| active.id).collect();
        ids.iter().for_each(|id| self.end(*id));
        ids.len()
    }

    /// Lists the active and the scheduled faults, one a line.
    pub(super) fn list(&self) -> Vec<String> {
        let now = self.clock().now();
        let seconds = |stamp: Stamp| duration_text(std::time::Duration::from_secs(stamp.elapsed().as_secs()));
        let active = self.active.borrow();
        let active = active.iter().map(|active| {
            let since = duration_text(std::time::Duration::from_secs(now.since(active.since).as_secs()));
            let until = active.until.map(|until| format!(", until {}", seconds(until))).unwrap_or_default();
            format!("active     {} (for {since}{until})", active.fault)
        });
        active.chain(self.agenda.borrow().scheduled().map(|schedule| format!("scheduled  {schedule}"))).collect()
    }

    /// Begins and ends faults that are due; returns the time of the next change.
    pub(super) fn advance(&self) -> Option<Stamp> {
        let now = self.clock().now();
        let over: Vec<_> =
            self.active.borrow().iter().filter(|active| self.is_over(active, now)).map(|it| it.id).collect();
        over.iter().for_each(|id| self.end(*id));
        loop {
            let due = self.agenda.borrow_mut().take_due(now);
            let Some((fault, until)) = due else { break };
            self.inject(fault, until);
        }
        let ends = self.active.borrow().iter().filter_map(|active| active.until).min();
        let begins = self.agenda.borrow().next();
        [ends, begins].into_iter().flatten().min()
    }

    /// True if its time has passed, or every connection that it waits for is gone.
    fn is_over(&self, active: &Active, now: Stamp) -> bool {
        let came = self.next_flow.get() >= active.below;
        let gone = || self.slots.borrow().range(..active.below).all(|(_, slot)| slot.is_exempt());
        active.until.is_some_and(|until| until <= now) || (active.ends_with_connections() && came && gone())
    }

    fn inject(&self, fault: Fault, until: Option<Stamp>) {
        self.emit(EventKind::FaultInjected { fault: fault.clone() });
        let mark = self.mark(&fault);
        match fault.effect() {
            Effect::Order(order) => self.order(order, &mark),
            Effect::Door(door) => {
                if *door == Door::Refuse {
                    // Clients that are refused cannot be counted.
                    mark.strike();
                    self.close_port();
                }
                self.activate(fault, until, mark);
            }
            Effect::Shape(_) | Effect::Reply(..) => self.activate(fault, until, mark),
        }
    }

    /// Returns the mark of a fault; its instances share one.
    fn mark(&self, fault: &Fault) -> Mark {
        let mut begun = self.begun.borrow_mut();
        let text = fault.to_string();
        if begun.len() >= FAULTS && !begun.contains_key(&text) {
            return Mark::default();
        }
        begun.entry(text).or_insert_with(|| (fault.clone(), Mark::default())).1.clone()
    }

    fn order(&self, order: &Order, mark: &Mark) {
        for slot in self.slots.borrow().values().filter(|slot| !slot.is_exempt()) {
            slot.inbox.borrow_mut().push_back((order.clone(), mark.clone()));
            slot.wake();
        }
    }

    fn activate(&self, fault: Fault, until: Option<Stamp>, mark: Mark) {
        let next = self.next_flow.get();
        let alone = || self.slots.borrow().values().all(|slot| slot.is_exempt());
        let below = if conditions::waits_for_connections(fault.effect()) && alone() { next + 1 } else { next };
        let id = self.next_fault.replace(self.next_fault.get() + 1);
        let since = self.clock().now();
        self.active.borrow_mut().push(Active { id, fault, since, until, below, mark });
        self.changed();
    }

    fn end(&self, id: u64) {
        let mut active = self.active.borrow_mut();
        let Some(place) = active.iter().position(|active| active.id == id) else { return };
        let over = active.remove(place);
        drop(active);
        self.emit(EventKind::FaultCleared { after: self.clock().now().since(over.since), fault: over.fault });
        self.changed();
    }

    fn changed(&self) {
        self.version.set(self.version.get() + 1);
        self.slots.borrow().values().for_each(|slot| slot.wake());
        self.changed.notify_one();
    }
}
