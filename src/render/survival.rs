//! The drill of an application, in every format.

use std::{
    io::{self, Write},
    path::Path,
};

use serde::Serialize;

use super::{
    Style,
    document::Document,
    fit,
    html::{self, Page},
    table,
    units::{clean, count, duration},
    views::{Overview, Problem, Suite, Table, TestCase, escaped},
};
use crate::{
    drill::{Healthy, RoleOutcome, RoleResult, Survival, SurvivalCase, SurvivalOutcome},
    event::{FlowRole, Observed},
    output::Rows,
};

/// The columns of CSV.
const FIGURES: [&str; 17] = [
    "case",
    "outcome",
    "survived",
    "commands",
    "blocking",
    "subscriber",
    "commands_seconds",
    "blocking_seconds",
    "subscriber_seconds",
    "ran_twice",
    "ran_twice_probably",
    "elements_lost",
    "locks_orphaned",
    "outcome_unknown",
    "errors",
    "ended",
    "lasted_seconds",
];

/// Consequences of each kind that a case shows.
const SHOWN: usize = 3;

impl Document for Survival {
    fn root(&self) -> impl Serialize {
        self
    }

    fn text(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        fit::write_fitted(style.columns, out, |lines| text(self, style.columns, lines))
    }

    /// Figures without units.
    fn rows(&self, _: Rows) -> io::Result<Table> {
        Ok(Table { header: FIGURES.to_vec(), rows: self.cases.iter().map(figures).collect() })
    }

    fn overview(&self, _: Style) -> io::Result<Overview> {
        let roles = roles(self);
        let above = subject(self).into_iter().map(|(label, text)| format!("{label}: {}", escaped(&text)));
        let table = Table { header: header(&roles), rows: self.cases.iter().map(|case| row(case, &roles)).collect() };
        let remarks = remarks(self).into_iter().map(|(label, text)| format!("{label}: {}", escaped(&text)));
        Ok(Overview { above: above.collect(), table, below: [survivals(self)].into_iter().chain(remarks).collect() })
    }

    fn suite(&self) -> io::Result<Suite> {
        Ok(Suite { name: "redis-doctor drill", cases: self.cases.iter().map(test_case).collect() })
    }

    fn page(&self) -> io::Result<Page> {
        Ok(html::of_survival(self))
    }
}

fn text(survival: &Survival, columns: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let subject = subject(survival);
    subject.iter().try_for_each(|(label, text)| writeln!(out, "{label:<11}  {text}"))?;
    if !subject.is_empty() {
        writeln!(out)?;
    }
    let roles = roles(survival);
    let rows: Vec<_> = survival.cases.iter().map(|case| row(case, &roles)).collect();
    table::lines(&header(&roles), 0..0, &rows, columns).iter().try_for_each(|line| writeln!(out, "{line}"))?;
    writeln!(out, "\n{}", survivals(survival))?;
    let remarks = remarks(survival);
    if !remarks.is_empty() {
        writeln!(out)?;
    }
    remarks.iter().try_for_each(|(label, text)| writeln!(out, "{label}: {text}"))
}

pub(super) fn survivals(survival: &Survival) -> String {
    format!("survives {} of {}", survival.survived, survival.cases.len())
}

/// Returns what is known about the application, each line with its label.
pub(super) fn subject(survival: &Survival) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    if let Some(Healthy { clients, roles, rate, p99 }) = &survival.application {
        let mut parts: Vec<_> = clients.iter().map(|client| clean(client)).collect();
        if parts.is_empty() {
            parts.push("clients that do not name themselves".to_owned());
        }
        parts.extend(roles.iter().map(|role| {
            let names: Vec<_> = role.commands.iter().map(|name| clean(name)).collect();
            let names = if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) };
            format!("{}: {}{names}", role.role, count(role.connections as u64, "connection"))
        }));
        lines.push(("application", parts.join(" · ")));
        let p99 = p99.map(|p99| format!(" · p99 {}", duration(p99.as_secs_f64()))).unwrap_or_default();
        lines.push(("healthy", format!("{rate:.1} commands/s{p99}")));
    }
    let logs = survival.cases.iter().find_map(|case| case.log.as_deref()).and_then(Path::parent);
    lines.extend(logs.map(|logs| ("output", clean(&logs.join("CASE.log").display().to_string()))));
    lines
}

/// Returns the roles of all cases, in their order.
pub(super) fn roles(survival: &Survival) -> Vec<FlowRole> {
    let mut roles: Vec<_> = survival.cases.iter().flat_map(|case| &case.roles).map(|result| result.role).collect();
    roles.sort();
    roles.dedup();
    roles
}

pub(super) fn header(roles: &[FlowRole]) -> Vec<&'static str> {
    let names = roles.iter().map(|role| match role {
        FlowRole::Commands => "commands",
        FlowRole::Blocking => "blocking",
        FlowRole::Subscriber => "subscriber",
        FlowRole::Monitor => "monitor",
        FlowRole::Replica => "replica",
    });
    ["case", "outcome"].into_iter().chain(names).chain(["cost"]).collect()
}

fn row(case: &SurvivalCase, roles: &[FlowRole]) -> Vec<String> {
    let results = roles.iter().map(|role| of_role(case, *role).map(result).unwrap_or_default());
    let cost = cost(case).join(" · ");
    [clean(&case.case), outcome(case.outcome)].into_iter().chain(results).chain([cost]).collect()
}

fn of_role(case: &SurvivalCase, role: FlowRole) -> Option<&RoleResult> {
    case.roles.iter().find(|result| result.role == role)
}

/// An outcome in words; one that is not survival is in capitals.
pub(super) fn outcome(outcome: SurvivalOutcome) -> String {
    let words = outcome.to_string().replace('_', " ");
    if outcome.survived() { words } else { words.to_uppercase() }
}

/// `back 4 ms`
fn result(result: &RoleResult) -> String {
    let timed = matches!(result.outcome, RoleOutcome::Back | RoleOutcome::Deaf);
    let after = result.after.filter(|_| timed).map(|after| format!(" {}", duration(after.as_secs_f64())));
    format!("{}{}", words(result.outcome), after.unwrap_or_default())
}

/// The outcome for a role in a word.
pub(super) fn words(outcome: RoleOutcome) -> &'static str {
    match outcome {
        RoleOutcome::Untouched => "ok",
        RoleOutcome::Back => "back",
        RoleOutcome::Deaf => "silent",
        RoleOutcome::Unproven => "unproven",
        RoleOutcome::Down => "down",
        RoleOutcome::SubscriptionLost => "lost",
    }
}

/// Returns the consequences of a case in words.
pub(super) fn cost(case: &SurvivalCase) -> Vec<String> {
    let several = |number: u64, one: &str, many: &str| {
        (number > 0).then(|| format!("{number} {}", if number == 1 { one } else { many }))
    };
    [
        several(case.ran_twice_count, "command ran twice", "commands ran twice"),
        several(case.ran_twice_probably.len() as u64, "command probably ran twice", "commands probably ran twice"),
        several(case.elements_lost_count, "element lost", "elements lost"),
        several(case.locks_orphaned, "lock orphaned", "locks orphaned"),
        several(case.left_pending, "read left pending", "reads left pending"),
        several(case.in_doubt(), "write in doubt", "writes in doubt"),
        several(case.errors, "error reply", "error replies"),
        case.ended.as_ref().map(|ended| clean(&ended.status)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Returns why a case was not survived, and its consequences in detail.
pub(super) fn remarks(survival: &Survival) -> Vec<(String, String)> {
    let of_case = |case: &SurvivalCase| {
        let twice = case.ran_twice.iter().take(SHOWN).map(|twice| Observed::RanTwice(twice.clone()).to_string());
        let lost = case.elements_lost.iter().take(SHOWN).map(|lost| Observed::ElementLost(lost.clone()).to_string());
        let probably = case.ran_twice_probably.iter().take(SHOWN);
        let probably = probably.map(|twice| Observed::ProbablyRanTwice(twice.clone()).to_string());
        let texts: Vec<_> = case.why.iter().cloned().chain(twice).chain(probably).chain(lost).collect();
        let label = clean(&case.case);
        texts.into_iter().map(|text| (label.clone(), clean(&text))).collect::<Vec<_>>()
    };
    survival.cases.iter().flat_map(of_case).collect()
}

/// Returns the columns of a case as figures without units.
fn figures(case: &SurvivalCase) -> Vec<String> {
    const ROLES: [FlowRole; 3] = [FlowRole::Commands, FlowRole::Blocking, FlowRole::Subscriber];
    let results = ROLES.map(|role| of_role(case, role));
    let outcomes = results.map(|result| result.map(|result| result.outcome.to_string()).unwrap_or_default());
    let seconds = results.map(|result| {
        let after = result.and_then(|result| result.after);
        after.map(|after| after.as_secs_f64().to_string()).unwrap_or_default()
    });
    let counts = [
        case.ran_twice_count,
        case.ran_twice_probably.len() as u64,
        case.elements_lost_count,
        case.locks_orphaned,
        case.outcome_unknown,
        case.errors,
    ];
    [case.case.clone(), case.outcome.to_string(), case.survived.to_string()]
        .into_iter()
        .chain(outcomes)
        .chain(seconds)
        .chain(counts.map(|count| count.to_string()))
        .chain([case.ended.as_ref().map(|ended| ended.status.to_string()).unwrap_or_default()])
        .chain([case.lasted.as_secs_f64().to_string()])
        .collect()
}

fn test_case(case: &SurvivalCase) -> TestCase {
    let problem = match case.outcome {
        outcome if outcome.survived() => None,
        SurvivalOutcome::NotRun => Some(Problem::Error),
        _ => Some(Problem::Failure),
    };
    let mut output = cost(case);
    output.extend(case.roles.iter().map(|role| format!("{}: {}", role.role, result(role))));
    output.extend(case.log.iter().map(|log| format!("output: {}", log.display())));
    TestCase {
        name: case.case.clone(),
        class: "redis-doctor.drill".to_owned(),
        seconds: case.lasted.as_secs_f64(),
        problem: problem.map(|kind| (kind, case.outcome.to_string(), case.why.clone().unwrap_or_default())),
        output,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{drill::HealthyRole, event::RanTwice, fault::Case};

    fn healthy() -> Healthy {
        let role = |role, connections, commands: &[&str]| HealthyRole {
            role,
            connections,
            commands: commands.iter().map(|name| (*name).into()).collect(),
        };
        Healthy {
            clients: vec!["redis-py 8.1.0".into()],
            roles: vec![role(FlowRole::Commands, 2, &["LPUSH", "GET"]), role(FlowRole::Subscriber, 1, &[])],
            rate: 41.25,
            p99: Some(Duration::from_micros(1200)),
        }
    }

    fn case(name: &str, outcome: SurvivalOutcome, why: Option<&str>) -> SurvivalCase {
        let case = Case::of(name.to_owned(), vec!["close@2s".parse().unwrap()]);
        SurvivalCase {
            outcome,
            survived: outcome.survived(),
            why: why.map(str::to_owned),
            lasted: Duration::from_millis(9500),
            healthy: Some(healthy()),
            log: Some(format!("/tmp/logs/{name}.log").into()),
            ..SurvivalCase::not_run(&case, "")
        }
    }

    /// An application with a wrong result, that is deaf, and that survived.
    pub(in crate::render) fn survival() -> Survival {
        let role = |role, outcome, after: Option<u64>| {
            let after = after.map(Duration::from_millis);
            RoleResult { role, outcome, after, attempts: 1, why: None }
        };
        let twice = RanTwice { command: "LPUSH".into(), flow: 3, again: 7, after: Duration::from_millis(5) };
        let cases = vec![
            SurvivalCase {
                roles: vec![
                    role(FlowRole::Commands, RoleOutcome::Back, Some(5)),
                    role(FlowRole::Subscriber, RoleOutcome::Untouched, None),
                ],
                ran_twice: vec![twice],
                ran_twice_count: 1,
                outcome_unknown: 1,
                ..case("reset-in-flight", SurvivalOutcome::Wrong, Some("commands ran twice: 1"))
            },
            SurvivalCase {
                roles: vec![
                    role(FlowRole::Commands, RoleOutcome::Back, Some(5100)),
                    role(FlowRole::Subscriber, RoleOutcome::Deaf, Some(70_000)),
                ],
                ..case("blackhole-70s", SurvivalOutcome::Deaf, Some("subscriber: silent <70> s"))
            },
            SurvivalCase {
                roles: vec![role(FlowRole::Commands, RoleOutcome::Back, Some(12))],
                ..case("close", SurvivalOutcome::Survived, None)
            },
            case("refuse-12s", SurvivalOutcome::NotRun, Some("it ended before the faults: exit status: 1")),
        ];
        Survival { application: Some(healthy()), survived: 1, cases }
    }

    #[test]
    fn a_table_names_the_outcome_of_each_case_and_the_reasons() {
        let mut out = Vec::new();
        survival().text(Style { columns: Some(120), ..Style::default() }, &mut out).unwrap();
        let expected = "\
application  redis-py 8.1.0 · commands: 2 connections (LPUSH, GET) · subscriber: 1 connection
healthy      41.2 commands/s · p99 1.2 ms
output       /tmp/logs/CASE.log

case             outcome   commands    subscriber         cost
reset-in-flight  WRONG     back 5 ms   ok                 1 command ran twice
blackhole-70s    DEAF      back 5.1 s  silent 1 min 10 s
close            survived  back 12 ms
refuse-12s       NOT RUN

survives 1 of 4

reset-in-flight: commands ran twice: 1
reset-in-flight: LPUSH ran twice: the server answered it on flow 3, the answer was lost, and flow 7 sent the same bytes
0.005 s later
blackhole-70s: subscriber: silent <70> s
refuse-12s: it ended before the faults: exit status: 1
";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn continuous_integration_sees_what_failed_and_what_could_not_run() {
        let mut out = Vec::new();
        crate::render::write(&survival(), crate::output::Format::Junit, Style::default(), &mut out).unwrap();
        let xml = String::from_utf8(out).unwrap();
        assert!(xml.contains("tests=\"4\" failures=\"2\" errors=\"1\""), "{xml}");
        assert!(xml.contains("<failure type=\"deaf\" message=\"deaf: subscriber: silent &lt;70&gt; s\"/>"), "{xml}");
        assert!(xml.contains("<error type=\"not_run\""), "{xml}");
        assert_eq!(xml.matches("<testcase ").count(), xml.matches("</testcase>").count());
    }
}
