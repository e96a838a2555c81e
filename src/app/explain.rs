//! `redis-doctor explain`: the knowledge base.

use std::io::{self, BufRead};

use super::{Problem, Work, deliver};
use crate::{
    cli::{
        self,
        commands::explain::{ExplainRequest, Question},
    },
    exit::Exit,
    knowledge::{self, Answer, Cleaned, Survey},
    render::{self, Style},
    units::clean,
};

/// Maximum number of characters of an example.
const EXAMPLE: usize = 160;

impl Work for ExplainRequest {
    /// Writes the matching entry, or all entries.
    fn perform(self) -> Result<Exit, Problem> {
        match &self.question {
            Question::All => {
                let all = knowledge::entries();
                deliver(None, |out, columns| render::write(all, self.format, self.style(columns), out))?;
                Ok(Exit::Healthy)
            }
            Question::Words(words) if words.trim().lines().filter(|line| !line.trim().is_empty()).count() > 1 => {
                self.survey(words.as_bytes())
            }
            Question::Words(words) => self.answer(knowledge::search(words), words),
            Question::Stdin => self.survey(io::stdin().lock()),
        }
    }
}

impl ExplainRequest {
    fn style(&self, columns: Option<usize>) -> Style {
        let color = self.color.on(render::is_capable_terminal(&io::stdout()));
        Style { color, columns, ..Style::default() }
    }

    fn answer(&self, answer: Option<Answer>, question: &str) -> Result<Exit, Problem> {
        let answer = answer.ok_or_else(|| nothing(question))?;
        deliver(None, |out, columns| render::write(&answer, self.format, self.style(columns), out))?;
        Ok(if answer.sure { Exit::Healthy } else { Exit::Degraded })
    }

    fn survey(&self, input: impl BufRead) -> Result<Exit, Problem> {
        match knowledge::survey(input, example).map_err(Problem::Stdin)? {
            Survey::Line { answer, line } => self.answer(answer.map(|answer| *answer), &line),
            Survey::Log(log) if log.lines == 0 => Err(Problem::Unread),
            Survey::Log(log) if log.occurrences.is_empty() => Err(Problem::Unexplained { nearest: Vec::new() }),
            Survey::Log(log) => {
                deliver(None, |out, columns| render::write(&log, self.format, self.style(columns), out))?;
                Ok(Exit::Healthy)
            }
        }
    }
}

/// Cuts a line and removes what must not be shown.
fn example(line: &str) -> Cleaned {
    let line = clean(cli::without_secrets(line).trim());
    let cut = line.char_indices().nth(EXAMPLE).map(|(at, _)| format!("{}…", &line[..at]));
    Cleaned(cut.unwrap_or(line))
}

fn nothing(query: &str) -> Problem {
    let names = knowledge::nearest(query).into_iter().map(|(name, entry)| match name {
        name if name == entry.id => entry.id.clone(),
        name => format!("'{name}' ({})", entry.id),
    });
    Problem::Unexplained { nearest: names.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::{Fuzz, assert_clean};

    #[test]
    fn fuzz_logs() {
        let words = ["password=", "redis://me:", "@", "AUTH ", "\n", "\"", "Connection refused", "\u{2066}"];
        Fuzz::new("explain", &words).run(|input| {
            if let Survey::Log(log) = knowledge::survey(input, example).unwrap() {
                assert!(log.explained <= log.lines, "{log:?}");
                for occurrence in &log.occurrences {
                    let Cleaned(example) = &occurrence.example;
                    assert_clean(example);
                    assert!(example.chars().count() <= EXAMPLE + 1, "{example}");
                }
            }
        });
    }
}
