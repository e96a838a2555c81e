//! Pages are well-formed and self-contained, have the figures of the JSON, and are safe with any text.

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::{
    event::{Event, EventKind, EventSink},
    output::Format,
    plan::{Plan, Scope, Target},
    record::{
        Recorder, Records,
        fixture::{at, connected, disconnected, finished, good, interval, plan, reconnected, rich, started},
    },
    render::{self, Style, document::Document},
    report::RunReport,
};

fn report_of(events: &[Event]) -> Report {
    let mut recorder = Recorder::default();
    events.iter().for_each(|event| recorder.on_event(event));
    Report::new(&recorder.figures())
}

fn page_of(report: &impl Document) -> String {
    let mut out = Vec::new();
    render::write(report, Format::Html, Style::default(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Returns the events of a run with this number of drops of 0.2 s, 100 s apart.
fn drops(number: u32) -> Vec<Event> {
    let mut events = vec![started(plan()), at(0.0, connected(1))];
    for index in 1..=number {
        let lost = f64::from(index) * 100.0;
        events.push(at(lost, disconnected(u64::from(index), None)));
        events.push(at(lost + 0.2, reconnected(u64::from(index) + 1, 0.2)));
    }
    events.push(finished(f64::from(number + 1) * 100.0));
    events
}

/// The elements of a page in order, with their attributes; a page that is not well-formed fails.
fn elements(page: &str) -> Vec<(String, Vec<(String, String)>)> {
    const VOID: [&str; 3] = ["meta", "input", "br"];
    let mut rest = page.strip_prefix("<!DOCTYPE html>\n").expect("a doctype");
    let (mut open, mut found) = (Vec::<String>::new(), Vec::new());
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let end = rest.find('>').expect("an end of the tag");
        let tag = &rest[..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "closed in another order");
            continue;
        }
        let own = tag.ends_with('/');
        let tag = tag.trim_end_matches('/');
        let name = tag.split(' ').next().unwrap().to_owned();
        assert!(name.chars().all(|char| char.is_ascii_alphanumeric()), "<{tag}>");
        let mut attributes = Vec::new();
        let mut text = tag[name.len()..].trim();
        while !text.is_empty() {
            let length = text.find(['=', ' ']).unwrap_or(text.len());
            let key = text[..length].to_owned();
            text = &text[length..];
            let mut value = "";
            if let Some(quoted) = text.strip_prefix('=') {
                let quoted = quoted.strip_prefix('"').unwrap_or_else(|| panic!("not quoted: <{tag}>"));
                let length = quoted.find('"').unwrap_or_else(|| panic!("not closed: <{tag}>"));
                (value, text) = (&quoted[..length], &quoted[length + 1..]);
            }
            attributes.push((key, value.to_owned()));
            text = text.trim_start();
        }
        if name == "script" || name == "style" {
            let close = format!("</{name}>");
            let length = rest.find(&close).expect("the end of a script");
            rest = &rest[length + close.len()..];
        } else if !own && !VOID.contains(&name.as_str()) {
            open.push(name.clone());
        }
        found.push((name, attributes));
    }
    assert!(open.is_empty(), "not closed: {open:?}");
    found
}

fn attribute<'a>(attributes: &'a [(String, String)], name: &str) -> Option<&'a str> {
    attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn embedded(page: &str) -> Value {
    let start = "<script type=\"application/json\" id=\"report\">";
    let json = page.split(start).nth(1).and_then(|rest| rest.split("</script>").next()).expect("embedded JSON");
    serde_json::from_str(json).unwrap()
}

/// Checks that a page is well-formed, loads nothing, links to what it has, and has the figures of its report.
fn check(report: &impl Document) -> String {
    let page = page_of(report);
    let json = serde_json::to_value(report.root()).unwrap();
    assert_eq!(embedded(&page), json);
    let found = elements(&page);
    let mut ids = BTreeSet::new();
    for (name, attributes) in &found {
        if let Some(id) = attribute(attributes, "id") {
            assert!(ids.insert(id.to_owned()), "twice: {id}");
        }
        assert!(!["img", "link", "iframe", "base", "object"].contains(&name.as_str()));
        for (key, value) in attributes {
            assert!(!key.starts_with("on") && key != "src" && key != "srcset", "<{name} {key}>");
            assert!(
                !(value.contains("//") && key != "value" && key != "title" && key != "aria-label"),
                "{key}={value}"
            );
        }
    }
    let mut figures = 0;
    for (name, attributes) in &found {
        if let Some(target) = attribute(attributes, "href") {
            assert!(ids.contains(target.strip_prefix('#').expect("a link within the page")), "{target}");
        }
        if name == "data" {
            let path = attribute(attributes, "data-json").unwrap();
            let value = path.split('.').fold(&json, |value, part| {
                let at = part.parse::<usize>().map_or_else(|_| value.get(part), |index| value.get(index));
                at.unwrap_or_else(|| panic!("{path}"))
            });
            let shown: f64 = attribute(attributes, "value").unwrap().parse().unwrap();
            assert_eq!(Some(shown), value.as_f64(), "{path}");
            figures += 1;
        }
    }
    assert!(figures >= 2, "{figures} figures");
    let style = page.split("<style>").nth(1).and_then(|rest| rest.split("</style>").next()).unwrap();
    assert!(!style.contains("url(") && !style.contains("@import"));
    page
}

#[test]
fn a_page_is_complete_well_formed_and_has_the_figures_of_the_json() {
    let page = check(&report_of(&rich()));
    for part in
        ["CRITICAL", "network reset", "Where the ", "Percentiles", "class=\"p50\"", "Evidence", "--max-delay", "wedged"]
    {
        assert!(page.to_lowercase().contains(&part.to_lowercase()), "{part}");
    }
    assert_eq!(page.matches("<article").count(), 3, "a card for each incident");
    assert!(!page.contains("id=\"all\""));
}

#[test]
fn many_incidents_are_a_row_for_each_cause_and_a_card_for_the_longest() {
    let page = check(&report_of(&drops(500)));
    assert_eq!(page.matches("<article").count(), 1);
    assert!(page.contains("class=\"causes\"") && page.contains("id=\"all\""));
    assert!(page.contains("Of 500, 320 are listed"));
    assert!(page.len() < 2_000_000, "{}", page.len());
}

#[test]
fn merged_runs_have_links_of_their_own() {
    let mut events = rich();
    events.extend(rich());
    let page = check(&report_of(&events));
    assert!(page.contains("href=\"#r2-i1\"") && page.contains("id=\"r1-i1\""));
}

#[test]
fn a_run_without_an_outage_says_so_in_a_sentence() {
    let page = check(&report_of(&[started(plan()), at(0.0, connected(1)), finished(10.0)]));
    assert!(page.contains("No connection was lost") && !page.contains("<article"));
}

#[test]
fn a_run_that_never_connected_shows_the_step_that_failed() {
    let failure = crate::classify::Failure {
        key: crate::classify::FailureKey {
            class: crate::classify::ErrorClass::Refused,
            errno: Some(111),
            origin: crate::classify::Origin::Kernel,
            stage: crate::classify::Stage::Tcp,
        },
        text: "Connection refused (os error 111)".into(),
    };
    let probed = crate::event::PathProbed { stages: Vec::new(), failure: Some(failure), server: None };
    let events = [started(plan()), at(0.1, EventKind::PathProbed(probed)), finished(5.0)];
    let page = check(&report_of(&events));
    let ladder = page.split("<ol class=\"ladder\">").nth(1).and_then(|rest| rest.split("</ol>").next()).unwrap();
    let steps: Vec<_> =
        ladder.lines().filter_map(|line| line.strip_prefix("<li class=\"")?.split('"').next()).collect();
    assert_eq!(steps, ["yes", "no", "later", "later"], "{ladder}");
    assert!(!page.contains("id=\"timeline\""));
}

#[test]
fn replies_show_a_connection_whose_event_is_not_in_the_journal() {
    let replies = |second| at(second, interval(good(10), &[100, 200]));
    let page = check(&report_of(&[started(plan()), replies(1.0), replies(2.0), finished(10.0)]));
    assert!(page.contains("id=\"timeline\"") && page.contains("No connection was lost"));
    assert!(!page.contains("not connected") && !page.contains("class=\"ladder\""));
}

#[test]
fn no_text_from_outside_becomes_markup() {
    let hostile = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&\u{202e}";
    let mut report = report_of(&rich());
    for row in &mut report.outages.rows {
        row.diagnosis.evidence_for = vec![hostile.into()];
        row.diagnosis.evidence_against = vec![hostile.into()];
        row.diagnosis.missing = vec![hostile.into()];
        if let Some(failure) = &mut row.outage.failure {
            failure.text = hostile.into();
        }
    }
    report.errors.iter_mut().for_each(|row| row.example = hostile.into());
    report.states.iter_mut().for_each(|row| row.why = hostile.into());
    report.notes.iter_mut().for_each(|row| row.text = hostile.into());
    report.findings.iter_mut().for_each(|finding| finding.text = hostile.into());
    for run in &mut report.runs {
        run.started.run_id = hostile.into();
        run.started.plan.target.named_by = hostile.into();
        run.started.plan.target.user = Some(hostile.into());
        run.started.plan.command_line = vec![hostile.into()];
        if let Some(connected) = &mut run.connected {
            connected.server.product = Some(hostile.into());
            connected.server.version = Some(hostile.into());
        }
    }
    let page = check(&report);
    assert!(!page.contains("<script>alert") && !page.contains("<img"));
    assert!(!page.split("id=\"report\"").next().unwrap().contains('\u{202e}'));
    assert!(page.matches("&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;\\u{202e}").count() > 10);
    assert_eq!(page.matches("</script").count(), 3, "the view, the report and the program");
}

#[test]
fn several_targets_are_rows_of_a_page_with_the_findings_of_each() {
    let hostile = "</script><img src=x>";
    let target = |name: &str| Target { name: Some(name.into()), ..plan().target };
    let scope = Scope { targets: ["one", "two", hostile].map(target).to_vec(), ..Scope::default() };
    let mut records = Records::default();
    records.on_event(&started(Plan { scope: Some(scope), subscription: None, ..plan() }));
    for name in ["one", "two", hostile] {
        let mut of = |event: Event| records.on_event(&Event { target: Some(name.into()), ..event });
        of(at(0.1, connected(1)));
        of(at(1.0, interval(good(10), &[100])));
        if name != "one" {
            of(at(5.0, disconnected(1, None)));
            of(at(5.5, reconnected(2, 0.5)));
        }
    }
    records.on_event(&finished(60.0));
    let page = check(&RunReport::new(&records.figures()));
    assert!(page.contains("2 of 3 targets degraded") && page.contains("<td>two</td><td>degraded</td>"));
    assert!(page.contains("<td>&lt;/script&gt;&lt;img src=x&gt;</td>") && !page.contains("<img"));
    assert_eq!(page.matches("</script").count(), 2, "the report and the program");
}

/// The browser refuses a script with another hash.
#[test]
fn an_application_has_a_matrix_of_cases_and_roles() {
    let page = check(&render::survival::tests::survival());
    let deaf = "<td class=\"no\" title=\"subscriber: silent &lt;70&gt; s\"><b>DEAF</b>";
    assert!(page.contains(&format!("<th scope=\"row\">blackhole-70s</th>{deaf}")), "{page}");
    assert!(page.contains("<h1>The application survives 1 of 4</h1>"), "{page}");
}

#[test]
fn the_policy_of_the_page_has_the_hash_of_the_script() {
    use base64::{Engine, prelude::BASE64_STANDARD};
    use rustls::crypto::{hash::HashAlgorithm, ring::default_provider};

    let hash = default_provider().cipher_suites.iter().find_map(|suite| {
        let provider = suite.tls13()?.common.hash_provider;
        (provider.algorithm() == HashAlgorithm::SHA256).then(|| provider.hash(SCRIPT.as_bytes()))
    });
    let hash = BASE64_STANDARD.encode(hash.expect("SHA-256"));
    assert_eq!(SCRIPT_HASH, format!("sha256-{hash}"));
}
