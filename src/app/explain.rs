//! `redis-doctor explain`: the knowledge base.

use std::io;

use super::{Problem, deliver};
use crate::{
    cli::ExplainRequest,
    exit::Exit,
    knowledge,
    render::{self, Style},
};

/// Answers the question, or says that nothing is known.
pub(super) fn explain(request: &ExplainRequest) -> Result<Exit, Problem> {
    let color = request.color.on(render::is_capable_terminal(&io::stdout()));
    let style = |columns| Style { color, columns, ..Style::default() };
    let Some(query) = &request.query else {
        let all = knowledge::entries();
        return deliver(None, |out, columns| render::write(all, request.format, style(columns), out))
            .map(|()| Exit::Healthy);
    };
    let answer = knowledge::search(query).ok_or_else(|| nothing(query))?;
    deliver(None, |out, columns| render::write(&answer, request.format, style(columns), out)).map(|()| Exit::Healthy)
}

/// The question itself is not repeated: a pasted line may hold a password.
fn nothing(query: &str) -> Problem {
    let names = knowledge::nearest(query).into_iter().map(|(name, entry)| match name {
        name if name == entry.id => entry.id.clone(),
        name => format!("'{name}' ({})", entry.id),
    });
    let names: Vec<_> = names.collect();
    let guess = if names.is_empty() { String::new() } else { format!("; did you mean {}?", names.join(" or ")) };
    format!("explain: nothing is known about these words{guess}\n'redis-doctor explain --list' lists what there is")
}
