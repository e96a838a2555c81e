//! Commands to a running proxy, the same on a line of text and as `DOCTOR …` on the wire.

use std::borrow::Cow;

use super::{Orders, slot::Slot, state::ProxyState};
use crate::{
    event::EventKind,
    fault::{Incident, usages},
    foreign::Foreign,
};

/// Runs a command and returns the lines of its answer.
pub(super) fn carry_out(text: &str, state: &ProxyState) -> Result<Vec<String>, String> {
    let text = text.trim();
    let (verb, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    match (verb.to_ascii_lowercase().as_str(), rest.trim()) {
        ("list", "") => Ok(state.list()),
        ("token", _) => Ok(Vec::new()),
        ("clear", "") => Ok(vec![format!("cleared {}", state.clear())]),
        ("help" | "", "") => Ok(help()),
        ("incident", name) => {
            let schedules = name.parse::<Incident>()?.schedules();
            let lines = schedules.iter().map(ToString::to_string).collect();
            state.schedule(schedules)?;
            Ok(lines)
        }
        ("fault", rest) => inject(rest, state),
        _ => inject(text, state),
    }
}

/// Starts one fault, or several that are separated by semicolons, all or none.
fn inject(text: &str, state: &ProxyState) -> Result<Vec<String>, String> {
    let schedules = text.trim_end().trim_end_matches(';').split(';').map(|one| one.trim().parse());
    state.schedule(schedules.collect::<Result<_, _>>()?)?;
    Ok(Vec::new())
}

fn help() -> Vec<String> {
    let mut lines = vec![
        "KIND[=ARGS][@START][+FOR]  start a fault, now unless START is given".to_owned(),
        "FAULT KIND…[; KIND…]       the same; several begin together, without a gap".to_owned(),
        "INCIDENT NAME              start the faults of an incident".to_owned(),
        "LIST                       show active and scheduled faults".to_owned(),
        "CLEAR                      end all faults and empty the schedule".to_owned(),
        "HELP                       show this".to_owned(),
        "Kinds:".to_owned(),
    ];
    lines.extend(usages().map(|usage| format!("  {usage}")));
    lines.push("Incidents:".to_owned());
    lines.extend(Incident::all().map(|incident| format!("  {}", incident.name())));
    lines
}

/// Runs the words after `DOCTOR` on the wire and returns the answer as RESP.
pub(super) fn doctor(words: &[Vec<u8>], state: &ProxyState, slot: &Slot) -> Vec<u8> {
    let words: Vec<_> = words.iter().map(|word| String::from_utf8_lossy(word)).collect();
    match permitted(&words, state, slot).and_then(|()| carry_out(&words.join(" "), state)) {
        Ok(lines) if lines.is_empty() && !words.first().is_some_and(|verb| verb.eq_ignore_ascii_case("list")) => {
            b"+OK\r\n".to_vec()
        }
        Ok(lines) => {
            let bulk: String = lines.iter().map(|line| format!("${}\r\n{line}\r\n", line.len())).collect();
            format!("*{}\r\n{bulk}", lines.len()).into_bytes()
        }
        Err(why) => format!("-ERR {}\r\n", why.replace(['\r', '\n'], " ")).into_bytes(),
    }
}

/// Checks that the client may give this order, and records an order that changes something.
fn permitted(words: &[Cow<'_, str>], state: &ProxyState, slot: &Slot) -> Result<(), String> {
    let verb = words.first().map(|verb| verb.to_ascii_lowercase()).unwrap_or_default();
    if let (Orders::Token(token), "token") = (&state.config.orders, verb.as_str()) {
        slot.trusted.set(words.get(1).is_some_and(|given| is_same(given.as_bytes(), token.as_bytes())));
    }
    let allowed = match &state.config.orders {
        Orders::Nobody => false,
        Orders::Local => slot.client.is_none_or(|client| client.ip().to_canonical().is_loopback()),
        Orders::Token(_) => slot.trusted.get(),
    };
    if !allowed {
        return Err("send DOCTOR TOKEN with the token that the proxy printed at its start".to_owned());
    }
    if !matches!(verb.as_str(), "" | "help" | "list" | "token") {
        let client = slot.client.map_or_else(|| "a client".to_owned(), |client| client.to_string());
        let order = Foreign::new(&words.join(" "));
        state.emit(EventKind::Note { text: format!("ordered by {client}: {order}").into() });
    }
    Ok(())
}

/// Compares in a time that does not depend on where the two differ.
fn is_same(given: &[u8], token: &[u8]) -> bool {
    given.len() == token.len()
        && given.iter().zip(token).fold(0, |different, (one, other)| different | (one ^ other)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::fitted;

    #[test]
    fn the_help_fits_a_terminal_and_goes_on_below_its_text() {
        let orders: Vec<_> = help().into_iter().take_while(|line| line != "Kinds:").collect();
        assert!(orders.len() > 4);
        for line in &orders {
            assert_eq!(fitted(line, Some(80)), *line, "it fits 80 columns");
            let narrow = fitted(line, Some(60));
            for continued in narrow.lines().skip(1) {
                assert!(continued.starts_with(&" ".repeat(27)), "{narrow}");
            }
            assert!(narrow.lines().all(|line| line.chars().count() <= 60), "{narrow}");
        }
        assert!(orders.iter().any(|line| fitted(line, Some(60)).contains('\n')), "none of them was too long");
    }
}
