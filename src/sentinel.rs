//! The Sentinels that name the target of a run: queried before it, and watched during it.

mod node;
mod watch;

use std::{collections::HashSet, net::SocketAddr, time::Duration};

use futures_util::future::join_all;
use thiserror::Error;

pub(crate) use self::watch::watch;
use crate::{
    classify::{ErrorClass, Failure, Stage},
    clock::Clock,
    dial::{RespStream, Route, identity::from_role, is_forbidden},
    foreign::Foreign,
    plan::{Address, Plan, Protocol, Sentinels, Target},
    topology::{
        Place,
        sentinel::{self, Primary},
        shown_place,
    },
};

/// Time limit of the query of one Sentinel, or of one server.
const LIMIT: Duration = Duration::from_secs(2);

/// Time limit of the check that a named server is a primary.
const ROLE_LIMIT: Duration = Duration::from_millis(500);

/// Sentinels that a run watches.
const MOST: usize = 16;

/// The reason why no primary is known although a Sentinel has answered.
#[derive(Debug, Error)]
pub(crate) enum SentinelError {
    #[error("--master: the Sentinel {sentinel} knows no primary '{name}'; {}", known(.names))]
    Unknown { sentinel: Foreign, name: String, names: Vec<Foreign> },
    #[error("--sentinel: {sentinel} wants a login: {failure}; write it as --sentinel redis://:PASSWORD@{sentinel}")]
    Login { sentinel: Foreign, failure: Failure },
    #[error("--sentinel: {sentinel} answers SENTINEL MASTER with: {failure}; name a Sentinel (usually port 26379)")]
    Refused { sentinel: Foreign, failure: Failure },
}

fn known(names: &[Foreign]) -> String {
    match names {
        [] => "it watches none".to_owned(),
        names => format!("expected one of {}", names.join(", ")),
    }
}

/// The reply of a Sentinel.
struct View {
    primary: Primary,
    /// The other Sentinels that it knows.
    others: Vec<Place>,
    /// Its own address.
    peer: Option<SocketAddr>,
}

/// Makes the primary that the Sentinels name the target of a plan that has some. If none of them answers, the target stays,
/// and the run shows why.
///
/// # Errors
/// Returns why a Sentinel that answers names no primary.
pub(crate) async fn find_primary(mut plan: Plan, clock: Clock) -> Result<Plan, SentinelError> {
    let Some(Sentinels { primary: name, sentinels, .. }) = plan.sentinels.clone() else { return Ok(plan) };
    let views = join_all(sentinels.iter().map(|sentinel| look(sentinel, &plan.target, &name, clock))).await;
    let mut failures = Vec::new();
    let mut found = Vec::new();
    for (sentinel, view) in sentinels.iter().zip(views) {
        match view {
            Ok(view) => found.push(view),
            Err(failure) => failures.push((sentinel, failure)),
        }
    }
    if found.is_empty() {
        let refused = failures.into_iter().find(|(_, failure)| failure.key.class.is_server_reply());
        return match refused {
            Some((sentinel, failure)) => Err(refusal(sentinel, &plan.target, &name, failure, clock).await),
            None => Ok(plan),
        };
    }
    let mut named: Vec<_> = found.iter().map(|view| &view.primary).collect();
    named.sort_by_key(|primary| std::cmp::Reverse(primary.epoch));
    named.dedup_by(|one, other| one.place == other.place);
    let mut chosen = named[0];
    for candidate in &named {
        let target = plan.target.at(&candidate.place.host, candidate.place.port);
        if is_primary(&target, plan.protocol, clock).await {
            chosen = candidate;
            break;
        }
    }
    plan.target = plan.target.at(&chosen.place.host, chosen.place.port);
    let epoch = Some(chosen.epoch);
    plan.sentinels = Some(Sentinels { primary: name, sentinels: with_others(sentinels, &found), epoch });
    Ok(plan)
}

/// Adds the Sentinels that the named ones know, with the encryption of the first and without its login.
fn with_others(mut sentinels: Vec<Target>, views: &[View]) -> Vec<Target> {
    let mut known: HashSet<Foreign> = sentinels.iter().filter_map(address).collect();
    known
        .extend(views.iter().filter_map(|view| view.peer).map(|peer| shown_place(&peer.ip().to_string(), peer.port())));
    let Some(first) = sentinels.first().cloned() else { return sentinels };
    for place in views.iter().flat_map(|view| &view.others) {
        if sentinels.len() < MOST && known.insert(place.shown.clone()) {
            sentinels.push(first.at(&place.host, place.port));
        }
    }
    sentinels
}

/// Returns the address of a target in the form in which a Sentinel names a server.
fn address(target: &Target) -> Option<Foreign> {
    match &target.address {
        Address::Tcp { host, port, .. } => Some(shown_place(host, *port)),
        Address::Unix(_) => None,
    }
}

/// Connects to a Sentinel. One that wants a login and was named without is given that of the server.
async fn connect(
    sentinel: &Target,
    server: &Target,
    clock: Clock,
) -> Result<(Option<SocketAddr>, RespStream), Failure> {
    let route = Route::new(sentinel.clone(), Protocol::Auto, LIMIT, clock).with_ping(false);
    let connected = match route.connect().await {
        Err(failure) if failure.key.class == ErrorClass::NoAuth && sentinel.password.is_none() => {
            let (user, password) = (server.user.clone(), server.password.clone());
            if password.is_none() {
                return Err(failure);
            }
            route.to(Target { user, password, ..sentinel.clone() }).connect().await
        }
        connected => connected,
    };
    connected.map(|(attempt, stream)| (attempt.peer, stream))
}

async fn look(sentinel: &Target, server: &Target, name: &str, clock: Clock) -> Result<View, Failure> {
    let (peer, mut stream) = connect(sentinel, server, clock).await?;
    let primary = named(&mut stream, name).await?;
    let others = stream.command(&["SENTINEL", "SENTINELS", name]).await;
    Ok(View { primary, others: others.map(|reply| sentinel::places(&reply)).unwrap_or_default(), peer })
}

/// Returns the primary that a Sentinel names.
async fn named(stream: &mut RespStream, name: &str) -> Result<Primary, Failure> {
    let reply = stream.command(&["SENTINEL", "MASTER", name]).await?;
    let strange =
        || Failure::doctor(ErrorClass::Other, Stage::Command, "the reply to SENTINEL MASTER names no address");
    let mut primary = sentinel::primary(&reply).ok_or_else(strange)?;
    if primary.failing_over {
        let reply = stream.command(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name]).await?;
        primary.place = sentinel::pair(&reply).ok_or_else(strange)?;
    }
    Ok(primary)
}

/// Returns the role of a server, and its primary if it is a replica.
async fn role(stream: &mut RespStream) -> Result<(Foreign, Option<Foreign>), Failure> {
    let reply = stream.command(&["ROLE"]).await?;
    from_role(&reply).ok_or_else(|| Failure::doctor(ErrorClass::Other, Stage::Command, "the reply to ROLE names none"))
}

/// Returns true if a server calls itself a primary, or may not be asked.
async fn is_primary(target: &Target, protocol: Protocol, clock: Clock) -> bool {
    let route = Route::new(target.clone(), protocol, ROLE_LIMIT, clock).with_ping(false);
    let Ok((attempt, mut stream)) = route.connect().await else { return false };
    match role(&mut stream).await {
        Ok((role, _)) => role == "master",
        // HELLO names the role, too, and no ACL forbids it.
        Err(failure) if is_forbidden(&failure) => attempt.server.role.is_none_or(|role| role == "master"),
        Err(_) => false,
    }
}

/// Explains the error reply of a Sentinel.
async fn refusal(sentinel: &Target, server: &Target, name: &str, failure: Failure, clock: Clock) -> SentinelError {
    let shown = address(sentinel).unwrap_or_default();
    if matches!(failure.key.class, ErrorClass::NoAuth | ErrorClass::WrongPass | ErrorClass::NoPerm) {
        return SentinelError::Login { sentinel: shown, failure };
    }
    let masters = async {
        let (_, mut stream) = connect(sentinel, server, clock).await.ok()?;
        stream.command(&["SENTINEL", "MASTERS"]).await.ok()
    };
    match masters.await {
        Some(reply) => {
            SentinelError::Unknown { sentinel: shown, name: name.to_owned(), names: sentinel::names(&reply) }
        }
        None => SentinelError::Refused { sentinel: shown, failure },
    }
}
