//! The connections of one target: they go with the slots of their node, to the replica that takes its place.

use std::sync::Arc;

use tokio::sync::watch;

use super::address;
use crate::{
    clock::Stamp,
    event::{ClusterEvent, EventKind},
    plan::Target,
    session::RunContext,
};

/// The link between the run of one target and the watch of the cluster.
pub(crate) struct Follower {
    /// Server that has taken the place of the target; `None` until one has.
    pub(super) successor: watch::Receiver<Option<Target>>,
    /// Hash tag of the keys that the node serves; `None` until it is another one than at the start.
    pub(super) tag: watch::Receiver<Option<String>>,
    /// Receives the time of each sign that the target has another primary.
    pub(super) doubts: watch::Sender<Stamp>,
}

/// Sends the connections under test to each successor of their `server`, until it is aborted.
pub(crate) async fn follow(ctx: Arc<RunContext>, server: Target, mut follower: Follower) {
    let mut place = address(&server);
    let emit = |event| ctx.emit(ctx.clock.now(), None, EventKind::Cluster(Box::new(event)));
    emit(ClusterEvent::Followed { from: None, to: place.clone() });
    loop {
        tokio::select! {
            changed = follower.successor.changed() => {
                let successor = follower.successor.borrow_and_update().clone();
                let (Ok(()), Some(target)) = (changed, successor) else { return };
                let to = address(&target);
                emit(ClusterEvent::Followed { from: Some(std::mem::replace(&mut place, to.clone())), to });
                ctx.follow(target);
            }
            Ok(()) = follower.tag.changed() => {
                let tag = follower.tag.borrow_and_update().clone();
                tag.iter().for_each(|tag| ctx.retag(tag));
            }
            () = ctx.doubts.notified() => {
                // The watch has ended.
                let _ = follower.doubts.send(ctx.clock.now());
            }
        }
    }
}
