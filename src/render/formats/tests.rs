//! Every pair of content and format that the table allows can be written.

use std::time::Duration;

use strum::VariantArray;

use super::{nagios::figure, *};
use crate::{
    checkup,
    clock::WallTime,
    compare::{self, Recording, Side},
    drill::{Cell, Outcome},
    event::{Event, EventKind, EventSink},
    idle::{IdleReport, Search, SearchContext, ServerSummary, Steps},
    knowledge,
    output::Content,
    plan::{PolicyName, Protocol, ReconnectPolicy},
    record::{Recorder, fixture},
    render::views::{Figure, escaped},
    report::{Comparison, Report, TraceReport},
};

const TIME: WallTime = WallTime::from_unix_nanos(1_795_356_131_204_512_000);

fn written<D: Document + ?Sized>(document: &D, format: Format) -> io::Result<String> {
    let mut out = Vec::new();
    write(document, format, Style::default(), &mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

/// A sample of each content in this format.
fn sample(content: Content, format: Format) -> io::Result<String> {
    match content {
        Content::Report => written(&Report::new(&Recorder::default().figures()), format),
        Content::Comparison => written(&comparison(), format),
        Content::Checkup => written(&checkup(), format),
        Content::IdleReport => written(&idle_report(), format),
        Content::Trace => written(&TraceReport::example(), format),
        Content::Drill => written(&[cell("close@1s")][..], format),
        Content::Survival => written(&crate::render::survival::tests::survival(), format),
        Content::Explanation => written(&knowledge::search("RD012").unwrap(), format)
            .and_then(|answer| Ok(answer + &written(knowledge::entries(), format)?)),
        Content::Events => written(&event(), format),
    }
}

fn comparison() -> Comparison {
    let side = |name: &str| {
        let mut recording = Recording::default();
        recording.on_event(&fixture::started(fixture::plan()));
        Side::recorded(name.to_owned(), recording).unwrap()
    };
    compare::compare(&side("before"), &side("after"), &[])
}

fn checkup() -> checkup::Checkup {
    let subject = checkup::CheckSubject {
        target: fixture::plan().target,
        protocol: Protocol::Resp3,
        policy: ReconnectPolicy::preset(PolicyName::Hardened),
        warning: None,
        critical: None,
        certificate_warning: std::time::Duration::ZERO,
    };
    checkup::judge(&subject, &Default::default(), &Default::default(), TIME)
}

fn idle_report() -> IdleReport {
    let second = Duration::from_secs(1);
    let context = SearchContext {
        target: "redis://cache.example:6379".into(),
        named_by: "--uri".into(),
        started: TIME,
        lasted: second,
        interrupted: false,
        server: Ok(ServerSummary::default()),
        refused: None,
        restarted: false,
        must_survive: None,
    };
    IdleReport::new(&Search::new(&Steps::List(vec![second]), second, None, None), context)
}

fn cell(case: &str) -> Cell {
    Cell {
        case: case.to_owned(),
        policy: PolicyName::Hardened,
        outcome: Outcome::Recovered,
        survived: true,
        cause: None,
        confidence: None,
        recovery: Some(Duration::from_millis(306)),
        failed: 1,
        ambiguous: 0,
        lost: 0,
        wrong: 0,
        error: None,
        why: None,
        diagnoses: Vec::new(),
    }
}

fn event() -> Event {
    fixture::at(1.0, EventKind::Note { text: "a note".into() })
}

#[test]
fn whatever_a_command_offers_can_be_written() {
    for content in Content::VARIANTS {
        assert_eq!(Format::all_of(*content).next(), Some(Format::default()), "{content:?}: text is the default");
        for format in Format::all_of(*content) {
            let text = sample(*content, format).unwrap_or_else(|error| panic!("{content:?} {format:?}: {error}"));
            assert!(text.ends_with('\n') && text.len() > 10, "{content:?} {format:?}: {text:?}");
        }
    }
}

#[test]
fn each_format_is_offered_by_a_command_under_its_own_name() {
    for format in Format::VARIANTS {
        assert!(Content::VARIANTS.iter().any(|content| Format::all_of(*content).any(|offered| offered == *format)));
        assert_eq!(format.name().parse(), Ok(*format));
    }
}

#[test]
fn a_view_that_a_result_does_not_have_is_an_error() {
    for format in [Format::Ndjson, Format::Hlog, Format::Markdown] {
        let error = written(&checkup(), format).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Unsupported, "{format:?}");
    }
}

#[test]
fn csv_is_quoted_only_where_it_must_be_and_its_lines_end_as_rfc_4180_asks() {
    let cells = [cell("close@1s"), cell("delay=1s, then \"close\"")];
    let expected = "case,policy,outcome,survived,recovery_seconds,failed,ambiguous,lost,wrong_replies,cause,confidence\r\n\
        close@1s,hardened,recovered,true,0.306,1,0,0,0,,\r\n\
        \"delay=1s, then \"\"close\"\"\",hardened,recovered,true,0.306,1,0,0,0,,\r\n";
    assert_eq!(written(&cells[..], Format::Csv).unwrap(), expected);
}

#[test]
fn a_pipe_does_not_end_a_cell_of_a_markdown_table() {
    let text = written(&[cell("a|b")][..], Format::Markdown).unwrap();
    assert!(text.contains("\n| a\\|b | hardened | recovered | yes | 306 ms |"), "{text}");
}

#[test]
fn no_text_from_outside_is_markdown() {
    for (text, shown) in [
        ("a|b", "a\\|b"),
        ("`rm -rf`", "\\`rm -rf\\`"),
        ("<img src=x onerror=1>", "&lt;img src=x onerror=1\\>"),
        ("[text](https://a) ![i](b)", "\\[text\\](https://a) \\!\\[i\\](b)"),
        ("&lt;", "&amp;lt;"),
        ("@team #1", "&#64;team \\#1"),
        ("reset_peer _x_ *y*", "reset_peer \\_x_ \\*y\\*"),
        ("a\\|b", "a\\\\\\|b"),
        ("two\nlines\u{1b}[31m", "two lines\\\\u{1b}\\[31m"),
    ] {
        assert_eq!(escaped(text), shown);
    }
}

#[test]
fn a_whole_number_keeps_all_of_its_digits() {
    for (label, value, unit, expected) in [
        ("memory", Some(9_007_199_254_740_991.0), "B", "'memory'=9007199254740991B;;;0;"),
        ("ping", Some(0.1 + 0.2), "ms", "'ping'=0.3ms;;;0;"),
        ("ping", None, "ms", "'ping'=U;;;0;"),
    ] {
        assert_eq!(figure(&Figure::new(label, value, unit)), expected);
    }
}
