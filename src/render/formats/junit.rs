//! JUnit's XML, which continuous integration shows: a test case for each row of a result.

use std::io::{self, Write};

use crate::render::{
    Style,
    document::Document,
    units::clean,
    views::{Problem, Suite, TestCase},
};

pub(super) fn write<D: Document + ?Sized>(document: &D, _: Style, out: &mut dyn Write) -> io::Result<()> {
    let Suite { name, cases } = document.suite()?;
    let number = |wanted: Problem| {
        cases.iter().filter(|case| case.problem.as_ref().is_some_and(|(kind, ..)| *kind == wanted)).count()
    };
    let seconds: f64 = cases.iter().map(|case| case.seconds).sum();
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        out,
        "<testsuites>\n  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{seconds:.3}\">",
        text(name),
        cases.len(),
        number(Problem::Failure),
        number(Problem::Error),
    )?;
    cases.iter().try_for_each(|case| test_case(case, out))?;
    writeln!(out, "  </testsuite>\n</testsuites>")
}

fn test_case(case: &TestCase, out: &mut dyn Write) -> io::Result<()> {
    let TestCase { name, class, seconds, problem, output } = case;
    writeln!(out, "    <testcase name=\"{}\" classname=\"{}\" time=\"{seconds:.3}\">", text(name), text(class))?;
    if let Some((kind, outcome, why)) = problem {
        let element = match kind {
            Problem::Failure => "failure",
            Problem::Error => "error",
        };
        let (outcome, why) = (text(outcome), text(why));
        writeln!(out, "      <{element} type=\"{outcome}\" message=\"{outcome}: {why}\"/>")?;
    }
    if !output.is_empty() {
        let lines: Vec<_> = output.iter().map(|line| text(line)).collect();
        writeln!(out, "      <system-out>{}</system-out>", lines.join("\n"))?;
    }
    writeln!(out, "    </testcase>")
}

/// Returns a text as XML, for content and for values of attributes.
fn text(text: &str) -> String {
    let mut xml = String::with_capacity(text.len());
    for char in clean(text).chars() {
        match char {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            _ => xml.push(char),
        }
    }
    xml
}
