//! The judgment on an application under a case, from what was observed on the wire.

use std::time::Duration;

use super::{Healthy, HealthyRole, RoleOutcome, RoleResult, SurvivalCase, SurvivalOutcome, director::Story};
use crate::{
    event::{FlowRole, Interval},
    fault::Case,
    foreign::Foreign,
    proxy::RoleView,
    record::{Application, Figures, Outage, OutageKind},
};

/// Silence of an old connection for which its client is deaf.
const DEAF: Duration = Duration::from_secs(5);

/// Time around the end of a fault in which it may have taken effect.
const HEALED: Duration = Duration::from_millis(500);

/// Everything that was observed in a case.
pub(super) struct Observed<'a> {
    pub(super) figures: &'a Figures,
    /// The time before the faults.
    pub(super) healthy: &'a Interval,
    /// Error replies since then.
    pub(super) errors: u64,
    pub(super) story: &'a Story,
}

/// Judges a case.
pub(super) fn judge(case: &Case, observed: &Observed<'_>) -> SurvivalCase {
    let Observed { figures, errors, story, .. } = *observed;
    let none = Application::default();
    let application = figures.application.as_ref().unwrap_or(&none);
    let lasted = figures.runs.last().map(|run| run.elapsed).unwrap_or_default();
    let roles: Vec<_> = match story.complete {
        true => story.before.roles.iter().map(|role| judge_role(case, role, observed)).collect(),
        false => Vec::new(),
    };
    let judged = SurvivalCase {
        roles,
        ran_twice: application.ran_twice.clone(),
        ran_twice_count: application.ran_twice_count,
        ran_twice_probably: application.ran_twice_probably.clone(),
        elements_lost: application.elements_lost.clone(),
        elements_lost_count: application.elements_lost_count,
        locks_orphaned: application.locks_orphaned.len() as u64,
        left_pending: application.left_pending.len() as u64,
        outcome_unknown: application.outcome_unknown,
        errors: errors + story.after.refused.saturating_sub(story.before.refused),
        ended: application.ended.clone(),
        restarted: story.restarted,
        lasted,
        healthy: story.struck_at.map(|_| healthy(application, observed)),
        ..SurvivalCase::not_run(case, "")
    };
    let (outcome, why) = verdict(&judged, observed);
    SurvivalCase { outcome, survived: outcome.survived(), why, ..judged }
}

/// Returns the worst of all that happened, with the evidence.
fn verdict(judged: &SurvivalCase, observed: &Observed<'_>) -> (SurvivalOutcome, Option<String>) {
    use SurvivalOutcome::*;
    let Observed { figures, story, .. } = *observed;
    let Some(struck_at) = story.struck_at else { return (NotRun, Some(obstacle(judged, observed))) };
    let mut found: Vec<(SurvivalOutcome, String)> = Vec::new();
    if let Some(ended) = &judged.ended {
        let end = figures.runs.last().map(|run| run.end()).unwrap_or_default();
        if end < struck_at {
            return (NotRun, Some(format!("it ended before the faults: {}", ended.status)));
        }
        let after = end.since(struck_at).as_secs_f64();
        found.push((Died, format!("{}, {after:.1} s after the faults began", ended.status)));
    } else if !story.complete {
        return (NotRun, Some("it was not watched to the end".to_owned()));
    }
    found.extend(judged.roles.iter().filter_map(|role| {
        let outcome = match role.outcome {
            RoleOutcome::Untouched | RoleOutcome::Back => return None,
            RoleOutcome::Unproven => Unproven,
            RoleOutcome::Deaf => Deaf,
            RoleOutcome::Down => Down,
            RoleOutcome::SubscriptionLost => SubscriptionLost,
        };
        Some((outcome, format!("{}: {}", role.role, role.why.as_deref().unwrap_or_default())))
    }));
    found.extend(wrong(judged).map(|wrong| (Wrong, wrong)));
    if let Some(Err(why)) = &story.health {
        found.push((Unhealthy, format!("the health check failed: {why}")));
    }
    if let Some((ended, new)) = story.restarted {
        found.push((Restarted, format!("process {ended} ended, and process {new} took its place")));
    }
    if story.complete && !story.after.struck {
        found.push((Unproven, "the faults had no effect: they met no connection or command".to_owned()));
    }
    if story.complete && story.before.roles.is_empty() {
        found.push((Unproven, "no role worked before the faults".to_owned()));
    }
    let Some(worst) = found.iter().map(|(outcome, _)| *outcome).max() else {
        let errors = judged.errors > 0 || judged.in_doubt() > 0;
        return (if errors { Errors } else { Survived }, None);
    };
    let why: Vec<_> = found.into_iter().filter(|(outcome, _)| *outcome == worst).map(|(_, why)| why).collect();
    (worst, Some(why.join("; ")))
}

/// Returns why the faults could not begin.
fn obstacle(judged: &SurvivalCase, Observed { figures, story, .. }: &Observed<'_>) -> String {
    let unreachable = figures.application.as_ref().map_or(0, |application| application.unreachable);
    let ended = judged.ended.as_ref().map(|ended| format!("it ended before the faults: {}", ended.status));
    let obstacle = figures.runs.last().and_then(|run| run.obstacle.as_ref()).map(ToString::to_string);
    let problem = story.problem.clone().map(|problem| match unreachable {
        0 => problem,
        _ => format!("{problem}; the proxy found no server for {unreachable} connections"),
    });
    let why = ended.or(problem).or(obstacle).unwrap_or_else(|| "no connection to the server".to_owned());
    // Those about the faults, which never began, come last.
    let remarks = figures.notes.kept.len().saturating_sub(judged.faults.len());
    let note = figures.notes.kept.first().filter(|_| remarks > 0).map(|note| format!("; {}", note.text));
    format!("{why}{}", note.unwrap_or_default())
}

/// Describes the wrong results; `None` if there is none.
fn wrong(judged: &SurvivalCase) -> Option<String> {
    let wrong = [
        ("commands ran twice", judged.ran_twice_count),
        ("commands probably ran twice", judged.ran_twice_probably.len() as u64),
        ("elements were removed and not received", judged.elements_lost_count),
        ("locks are held by no client that knows of them", judged.locks_orphaned),
    ];
    let wrong: Vec<_> =
        wrong.into_iter().filter(|(_, count)| *count > 0).map(|(what, count)| format!("{what}: {count}")).collect();
    (!wrong.is_empty()).then(|| wrong.join(", "))
}

fn healthy(application: &Application, Observed { healthy, story, .. }: &Observed<'_>) -> Healthy {
    let mut clients: Vec<Foreign> = application.clients.iter().filter_map(|client| client.library.clone()).collect();
    clients.sort();
    clients.dedup();
    let roles = story.before.roles.iter().map(|view| HealthyRole {
        role: view.role,
        connections: story.before.flows_of(view.role).count(),
        commands: view.answered.iter().map(|command| command.name.clone()).collect(),
    });
    let p99 = healthy.service.as_ref().and_then(|service| service.quantile(0.99));
    Healthy { clients, roles: roles.collect(), rate: healthy.rate().unwrap_or_default(), p99 }
}

fn judge_role(case: &Case, role: &RoleView, observed: &Observed<'_>) -> RoleResult {
    let Observed { figures, story, .. } = *observed;
    let struck_at = story.struck_at.unwrap_or_default();
    let mine = |outage: &&Outage| {
        outage.connection == role.role.number() && outage.restored.is_none_or(|restored| restored > struck_at)
    };
    let outages: Vec<&Outage> = figures.outages.kept.iter().filter(mine).collect();
    let row = figures.application.iter().flat_map(|application| &application.roles).find(|row| row.role == role.role);
    let returns = row.into_iter().flat_map(|row| &row.returns);
    let attempts = returns.filter(|back| !back.back || back.lost_at >= struck_at).map(|back| back.attempts).sum();
    let over = outages.iter().filter_map(|outage| Some((outage, outage.restored?)));
    let after = over.map(|(outage, restored)| restored.since(outage.lost)).max();
    let (outcome, why) = role_outcome(case, role, &outages, attempts, observed);
    RoleResult { role: role.role, outcome, after, attempts, why }
}

fn role_outcome(
    case: &Case,
    role: &RoleView,
    outages: &[&Outage],
    attempts: u64,
    Observed { figures, story, .. }: &Observed<'_>,
) -> (RoleOutcome, Option<String>) {
    use RoleOutcome::*;
    let Story { before, after, healed, .. } = story;
    let found = |outcome, why: &str| (outcome, Some(why.to_owned()));
    let listens = role.role == FlowRole::Subscriber;
    if let Some(open) = outages.iter().find(|outage| outage.restored.is_none()) {
        let others = before.roles.iter().filter(|other| other.role != role.role);
        let lives = attempts > 0 || others.into_iter().any(|other| story.proves(other).is_ok());
        let missing = figures.application.as_ref().and_then(|application| application.channels_missing.as_ref());
        return match (open.kind, listens, lives) {
            (OutageKind::Stall, ..) => found(Deaf, "silent to the end, on a connection that it did not replace"),
            (OutageKind::Drop | OutageKind::Slow, true, true) => match missing {
                Some(missing) => (
                    SubscriptionLost,
                    Some(format!("{} of {} channels are subscribed to", missing.of - missing.count, missing.of)),
                ),
                None => found(SubscriptionLost, "not subscribed again"),
            },
            (OutageKind::Drop | OutageKind::Slow, false, _) if attempts > 0 => {
                (Down, Some(format!("not back after {attempts} connections")))
            }
            (OutageKind::Drop | OutageKind::Slow, ..) => found(Unproven, "lost, and no connection was made afterwards"),
        };
    }
    let silences = case.silences_old_connections();
    let heals = case.heals().map(|_| healed.before(HEALED));
    // The silence ended with the fault, not with a new connection.
    let waited = |outage: &&&Outage| {
        let with_the_fault = outage.restored.zip(heals).is_some_and(|(restored, heals)| restored >= heals);
        outage.kind == OutageKind::Stall && silences && with_the_fault
    };
    let deaf = outages.iter().filter(waited).filter_map(|outage| Some(outage.restored?.since(outage.lost))).max();
    if let Some(deaf) = deaf.filter(|deaf| *deaf >= DEAF) {
        return (Deaf, Some(format!("silent for {:.1} s, until the path worked again", deaf.as_secs_f64())));
    }
    let kept = |flow: &u64| after.flows.iter().any(|now| now.flow == *flow);
    if listens && silences && before.flows_of(role.role).any(|flow| kept(&flow.flow)) {
        return found(Deaf, "it kept a connection on which nothing could arrive");
    }
    if let Err(why) = story.proves(role) {
        return (Unproven, Some(why));
    }
    let [open, of] = [after, before].map(|view| view.flows_of(role.role).count());
    if listens && open < of {
        return (Unproven, Some(format!("{open} of {of} connections are back")));
    }
    let [open, of] = [after, before].map(|view| view.flows_of(role.role).map(|flow| flow.channels).sum::<u64>());
    if listens && open < of {
        return (Unproven, Some(format!("{open} of {of} channels are subscribed to")));
    }
    (if outages.is_empty() { Untouched } else { Back }, None)
}
