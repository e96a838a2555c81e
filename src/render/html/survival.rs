//! The page of the drill of an application: a matrix of cases and roles, the reasons where it did not survive, and its
//! wrong results.

use std::fmt::Write as _;

use super::{
    Page,
    markup::{section, table, text, time},
};
use crate::{
    drill::{RoleOutcome, RoleResult, Survival, SurvivalCase, SurvivalOutcome},
    event::FlowRole,
    render::survival::{cost, header, outcome, remarks, roles, subject, survivals, words},
};

/// Returns the page.
pub(in crate::render) fn of_survival(survival: &Survival) -> Page {
    let about = subject(survival).into_iter();
    let about = about.map(|(label, words)| format!("<div><dt>{}</dt><dd>{}</dd></div>", text(label), text(&words)));
    let survived = survivals(survival);
    let body = format!(
        "<a class=\"skip\" href=\"#matrix\">Skip to the matrix</a>\n<header><b>redis-doctor drill</b>\
         <span>application</span><span>{} cases</span></header>\n<main>\n<h1>The application {}</h1>\n\
         <dl class=\"figures\">\n{}\n</dl>\n{}{}</main>\n",
        survival.cases.len(),
        text(&survived),
        about.collect::<Vec<_>>().join("\n"),
        section("matrix", "Cases and connections", "", &matrix(survival)),
        section("reasons", "What did not survive, and wrong results", "", &reasons(survival)),
    );
    Page { title: format!("drill · application · {survived}"), body }
}

fn matrix(survival: &Survival) -> String {
    let roles = roles(survival);
    let mut html = String::from(
        "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Cases and connections\"><table class=\"matrix\">\n\
         <caption class=\"sr\">Cases and connections</caption>\n<thead><tr>",
    );
    header(&roles).iter().for_each(|name| _ = write!(html, "<th scope=\"col\">{}</th>", text(name)));
    html.push_str("</tr></thead>\n<tbody>\n");
    for (index, case) in survival.cases.iter().enumerate() {
        html.push_str(&row(index, case, &roles));
    }
    html.push_str("</tbody></table></div>\n");
    html
}

/// Returns the row of the case with this index in the JSON.
fn row(index: usize, case: &SurvivalCase, roles: &[FlowRole]) -> String {
    let class = match case.outcome {
        SurvivalOutcome::NotRun => "later",
        outcome if outcome.survived() => "yes",
        _ => "no",
    };
    let title = case.why.as_ref().map(|why| format!(" title=\"{}\"", text(why))).unwrap_or_default();
    let lasted = match case.outcome {
        SurvivalOutcome::NotRun => String::new(),
        _ => time(&format!("cases.{index}.lasted"), case.lasted.as_secs_f64()),
    };
    let mut html = format!(
        "<tr><th scope=\"row\">{}</th><td class=\"{class}\"{title}><b>{}</b><small>{lasted}</small></td>",
        text(&case.case),
        text(&outcome(case.outcome)),
    );
    for role in roles {
        let found = case.roles.iter().enumerate().find(|(_, result)| result.role == *role);
        let cell = found.map(|(place, result)| cell(&format!("cases.{index}.roles.{place}"), result));
        html.push_str(&cell.unwrap_or_else(|| "<td></td>".to_owned()));
    }
    let cost: Vec<_> = cost(case).iter().map(|part| text(part)).collect();
    let _ = writeln!(html, "<td>{}</td></tr>", cost.join("<br>"));
    html
}

/// Returns the cell of a role; `path` is the place of its result in the JSON.
fn cell(path: &str, result: &RoleResult) -> String {
    let class = match result.outcome {
        RoleOutcome::Untouched | RoleOutcome::Back => "yes",
        RoleOutcome::Unproven | RoleOutcome::Deaf | RoleOutcome::Down | RoleOutcome::SubscriptionLost => "no",
    };
    let title = result.why.as_ref().map(|why| format!(" title=\"{}\"", text(why))).unwrap_or_default();
    let after = result.after.map(|after| time(&format!("{path}.after"), after.as_secs_f64())).unwrap_or_default();
    format!("<td class=\"{class}\"{title}><b>{}</b><small>{after}</small></td>", words(result.outcome))
}

fn reasons(survival: &Survival) -> String {
    let rows: Vec<_> = remarks(survival).iter().map(|(case, why)| vec![text(case), text(why)]).collect();
    if rows.is_empty() { String::new() } else { table("Reasons", &["Case", "Reason"], &[], &rows) }
}
