//! `redis-doctor explain`: the knowledge base.

use std::io;

use super::{Problem, Work, deliver};
use crate::{
    cli::commands::explain::ExplainRequest,
    exit::Exit,
    knowledge,
    render::{self, Style},
};

impl Work for ExplainRequest {
    /// Writes the matching entry, or all entries.
    fn perform(self) -> Result<Exit, Problem> {
        let color = self.color.on(render::is_capable_terminal(&io::stdout()));
        let style = |columns| Style { color, columns, ..Style::default() };
        match &self.query {
            None => {
                let all = knowledge::entries();
                deliver(None, |out, columns| render::write(all, self.format, style(columns), out))?;
            }
            Some(query) => {
                let answer = knowledge::search(query).ok_or_else(|| nothing(query))?;
                deliver(None, |out, columns| render::write(&answer, self.format, style(columns), out))?;
            }
        }
        Ok(Exit::Healthy)
    }
}

fn nothing(query: &str) -> Problem {
    let names = knowledge::nearest(query).into_iter().map(|(name, entry)| match name {
        name if name == entry.id => entry.id.clone(),
        name => format!("'{name}' ({})", entry.id),
    });
    Problem::Unexplained { nearest: names.collect() }
}
