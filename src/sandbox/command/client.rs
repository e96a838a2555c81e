//! `CLIENT`: listing, describing and closing connections.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;

use super::{Call, Client, ClientId, Command, Reply, command, container};
use crate::sandbox::state::{Pause, Replies, State};

pub(super) const COMMANDS: &[Command] = &[container("client", -2, CLIENT)];

const CLIENT: &[Command] = &[
    command("client|getname", 2, get_name),
    command("client|id", 2, |call| Reply::Integer(i64::try_from(call.id()).unwrap_or(i64::MAX))),
    command("client|info", 2, info),
    command("client|kill", -3, kill),
    command("client|list", -2, list),
    command("client|no-evict", 3, |call| switch(call, |client, on| client.no_evict = on)),
    command("client|no-touch", 3, |call| switch(call, |client, on| client.no_touch = on)),
    command("client|pause", -3, pause),
    command("client|reply", 3, reply),
    command("client|setinfo", 4, set_info),
    command("client|setname", 3, |call| set_name(call, 2).map_or_else(|refusal| refusal, |()| Reply::OK)),
    command("client|unpause", 2, |call| {
        call.state.paused = None;
        call.everyone().iter().for_each(|client| client.wake.notify_one());
        Reply::OK
    }),
];

fn pause(call: &mut Call<'_>) -> Reply {
    let args = call.args;
    let Some(millis) = args.integer(2).and_then(|millis| u64::try_from(millis).ok()) else {
        return Reply::error("ERR timeout is not an integer or out of range");
    };
    let writes = args.is(3, "write");
    if args.len() > 4 || args.len() == 4 && !writes && !args.is(3, "all") {
        return Reply::syntax_error();
    }
    let until = call.state.time.elapsed().saturating_add(Duration::from_millis(millis));
    call.state.paused = Some(Pause { until, writes });
    Reply::OK
}

fn reply(call: &mut Call<'_>) -> Reply {
    call.client.replies = match call.args.get(2).to_ascii_uppercase().as_slice() {
        b"ON" => Replies::All,
        b"OFF" => Replies::None,
        b"SKIP" => Replies::Skip,
        _ => return Reply::syntax_error(),
    };
    Reply::OK
}

fn get_name(call: &mut Call<'_>) -> Reply {
    match call.client.name.as_str() {
        "" => Reply::Null,
        name => Reply::Bulk(Bytes::from(name.to_owned())),
    }
}

/// Sets the client name to the argument at `at`; an empty argument removes the name.
pub(super) fn set_name(call: &mut Call<'_>, at: usize) -> Result<(), Reply> {
    match printable(call.args.get(at)) {
        Some(name) => {
            call.client.name = name;
            Ok(())
        }
        None => Err(Reply::error("ERR Client names cannot contain spaces, newlines or special characters.")),
    }
}

fn set_info(call: &mut Call<'_>) -> Reply {
    let args = call.args;
    let name = args.is(2, "lib-name");
    if !name && !args.is(2, "lib-ver") {
        return Reply::error(format!("ERR Unrecognized option '{}'", args.text(2)));
    }
    let Some(value) = printable(args.get(3)) else {
        let option = args.text(2);
        return Reply::error(format!("ERR {option} cannot contain spaces, newlines or special characters."));
    };
    let client = &mut *call.client;
    *(if name { &mut client.lib_name } else { &mut client.lib_ver }) = value;
    Reply::OK
}

/// Returns the text if it is safe in a line of `CLIENT LIST`.
fn printable(text: &[u8]) -> Option<String> {
    let fits = text.iter().all(u8::is_ascii_graphic);
    fits.then(|| String::from_utf8_lossy(text).into_owned())
}

fn switch(call: &mut Call<'_>, set: fn(&mut Client, bool)) -> Reply {
    let on = call.args.is(2, "on");
    if !on && !call.args.is(2, "off") {
        return Reply::syntax_error();
    }
    set(call.client, on);
    Reply::OK
}

fn info(call: &mut Call<'_>) -> Reply {
    let id = call.id();
    Reply::Text(describe(call, |client| client.id == id))
}

fn list(call: &mut Call<'_>) -> Reply {
    let args = call.args;
    let state = &*call.state;
    if args.len() == 2 {
        return Reply::Text(describe(call, |_| true));
    }
    if args.is(2, "TYPE") && args.len() == 4 {
        return match Type::parse(call, 3) {
            Ok(kind) => Reply::Text(describe(call, |client| kind.includes(state, client.id))),
            Err(refusal) => refusal,
        };
    }
    if args.is(2, "ID") && args.len() > 3 {
        let ids: Option<Vec<_>> = (3..args.len()).map(|at| client_id(call, at)).collect();
        return match ids {
            Some(ids) => Reply::Text(describe(call, |client| ids.contains(&client.id))),
            None => Reply::error("ERR Invalid client ID"),
        };
    }
    Reply::syntax_error()
}

fn describe(call: &Call<'_>, wanted: impl Fn(&Client) -> bool) -> String {
    let state = &*call.state;
    let now = state.time.elapsed();
    let clients = call.everyone().into_iter().filter(|client| wanted(client));
    clients.map(|client| client.describe(state.addr, now, &state.subscriptions)).collect()
}

fn client_id(call: &Call<'_>, at: usize) -> Option<ClientId> {
    let id = ClientId::try_from(call.args.integer(at)?).ok()?;
    (id > 0).then_some(id)
}

/// The client types of a `TYPE` filter.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Type {
    Normal,
    Pubsub,
    /// Primaries and replicas; they never connect to the sandbox.
    Replication,
}

impl Type {
    fn parse(call: &Call<'_>, at: usize) -> Result<Self, Reply> {
        match call.args.get(at).to_ascii_lowercase().as_slice() {
            b"normal" => Ok(Self::Normal),
            b"pubsub" => Ok(Self::Pubsub),
            b"master" | b"replica" | b"slave" => Ok(Self::Replication),
            _ => Err(Reply::error(format!("ERR Unknown client type '{}'", call.args.text(at)))),
        }
    }

    fn includes(self, state: &State, id: ClientId) -> bool {
        match self {
            Self::Normal => !state.subscriptions.is_subscribed(id),
            Self::Pubsub => state.subscriptions.is_subscribed(id),
            Self::Replication => false,
        }
    }
}

/// The filters of `CLIENT KILL`; a client must match all of them.
#[derive(Default)]
struct Filter {
    addr: Option<String>,
    id: Option<ClientId>,
    kind: Option<Type>,
    laddr: Option<String>,
    spare_me: bool,
}

impl Filter {
    fn matches(&self, state: &State, client: &Client, me: ClientId) -> bool {
        let is =
            |wanted: &Option<String>, addr: SocketAddr| wanted.as_ref().is_none_or(|text| *text == addr.to_string());
        is(&self.addr, client.addr)
            && is(&self.laddr, state.addr)
            && self.id.is_none_or(|id| id == client.id)
            && self.kind.is_none_or(|kind| kind.includes(state, client.id))
            && !(self.spare_me && client.id == me)
    }
}

fn kill(call: &mut Call<'_>) -> Reply {
    // With a single argument, an address, the caller is not skipped and the reply is not a count.
    let by_address = call.args.len() == 3;
    let filter = if by_address {
        let addr = Some(call.args.text(2));
        Ok(Filter { addr, ..Filter::default() })
    } else {
        parse_filter(call)
    };
    let filter = match filter {
        Ok(filter) => filter,
        Err(refusal) => return refusal,
    };
    let doomed = call.everyone().into_iter().filter(|client| filter.matches(call.state, client, call.id()));
    let doomed: Vec<_> = doomed.map(|client| client.id).collect();
    for &id in &doomed {
        if id == call.id() {
            // The caller gets its reply first.
            call.client.closing = true;
        } else {
            call.state.disconnect(id);
        }
    }
    match doomed.len() {
        0 if by_address => Reply::error("ERR No such client"),
        _ if by_address => Reply::OK,
        killed => Reply::count(killed),
    }
}

fn parse_filter(call: &Call<'_>) -> Result<Filter, Reply> {
    let args = call.args;
    let mut filter = Filter { spare_me: true, ..Filter::default() };
    for at in (2..args.len()).step_by(2) {
        let value = at + 1;
        if value == args.len() {
            return Err(Reply::syntax_error());
        }
        match args.get(at).to_ascii_uppercase().as_slice() {
            b"ADDR" => filter.addr = Some(args.text(value)),
            b"LADDR" => filter.laddr = Some(args.text(value)),
            b"ID" => {
                let id = client_id(call, value);
                filter.id = Some(id.ok_or_else(|| Reply::error("ERR client-id should be greater than 0"))?);
            }
            b"SKIPME" if args.is(value, "yes") => filter.spare_me = true,
            b"SKIPME" if args.is(value, "no") => filter.spare_me = false,
            b"TYPE" => filter.kind = Some(Type::parse(call, value)?),
            // There is only one user, so this filter matches every client.
            b"USER" if args.get(value) == b"default" => {}
            b"USER" => {
                return Err(Reply::error(format!("ERR No such user '{}'", args.text(value))));
            }
            _ => return Err(Reply::syntax_error()),
        }
    }
    Ok(filter)
}
