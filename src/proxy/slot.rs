//! The handle through which a connection receives orders, and the use of the connection so far.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    net::SocketAddr,
    task::Waker,
};

use super::conditions::Mark;
use crate::fault::Order;

/// The handle through which a connection receives orders.
#[derive(Debug, Default)]
pub(super) struct Slot {
    waker: RefCell<Option<Waker>>,
    pub(super) inbox: RefCell<VecDeque<(Order, Mark)>>,
    pub(super) conduct: Cell<Conduct>,
    /// True while the answer to an order is on its way to an application: faults wait for it.
    pub(super) answering: Cell<bool>,
    /// Address of the client, for the record of its orders.
    pub(super) client: Option<SocketAddr>,
    /// True if it has sent the token.
    pub(super) trusted: Cell<bool>,
}

/// The use of a connection so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Conduct {
    /// Nothing but the commands that clients send while they connect.
    #[default]
    Connecting,
    /// Orders to the proxy and nothing else, so no fault affects it.
    Orders,
    /// Commands of an application.
    Application,
}

impl Slot {
    pub(super) fn new(client: Option<SocketAddr>, conduct: Conduct) -> Self {
        Self { client, conduct: Cell::new(conduct), ..Self::default() }
    }

    /// True if no fault affects the connection.
    pub(super) fn is_exempt(&self) -> bool {
        self.conduct.get() == Conduct::Orders
    }

    pub(super) fn register(&self, waker: &Waker) {
        let mut known = self.waker.borrow_mut();
        if !known.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *known = Some(waker.clone());
        }
    }

    pub(super) fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }
}
