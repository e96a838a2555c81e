//! The page of a drill: a matrix of cases and policies, the reasons where a policy did not survive, and the remedies.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{
    Page,
    markup::{count, explain, section, table, text, time},
};
use crate::{
    drill::{Cell, Outcome},
    report::{Cause, Diagnosis},
};

/// Returns the page. The policies come with the number of cases that they survived, and of all their cases.
pub(in crate::render) fn of_drill(cells: &[Cell], survivals: &[(String, usize, usize)]) -> Page {
    let mut cases: Vec<&str> = cells.iter().map(|cell| &*cell.case).collect();
    // The cells of a case follow each other.
    cases.dedup();
    let body = format!(
        "<a class=\"skip\" href=\"#matrix\">Skip to the matrix</a>\n<header><b>redis-doctor drill</b>\
         <span>{} cases</span><span>{} policies</span></header>\n<main>\n<h1>Which policy survives which fault</h1>\n\
         {}{}{}{}</main>\n",
        cases.len(),
        survivals.len(),
        figures(survivals),
        section("matrix", "Cases and policies", "", &matrix(cells, &cases, survivals)),
        section("reasons", "What did not survive", "", &reasons(cells)),
        section("remedies", "Remedies by cause", "", &remedies(cells)),
    );
    let survived = cells.iter().filter(|cell| cell.survived).count();
    Page { title: format!("drill · {survived} of {} survived", cells.len()), body }
}

fn figures(survivals: &[(String, usize, usize)]) -> String {
    let figure = |(policy, survived, of): &(String, usize, usize)| {
        format!("<div><dt>{}</dt><dd>{survived} of {of}<small>survived</small></dd></div>", text(policy))
    };
    format!("<dl class=\"figures\">\n{}\n</dl>\n", survivals.iter().map(figure).collect::<Vec<_>>().join("\n"))
}

fn matrix(cells: &[Cell], cases: &[&str], survivals: &[(String, usize, usize)]) -> String {
    let mut html = String::from(
        "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Cases and policies\"><table class=\"matrix\">\n\
         <caption class=\"sr\">Cases and policies</caption>\n<thead><tr><th scope=\"col\">Case</th>",
    );
    for (policy, ..) in survivals {
        let _ = write!(html, "<th scope=\"col\">{}</th>", text(policy));
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for case in cases {
        let _ = write!(html, "<tr><th scope=\"row\">{}</th>", text(case));
        for (policy, ..) in survivals {
            let mut of_it = cells.iter().enumerate();
            let found = of_it.find(|(_, cell)| cell.case == *case && cell.policy.to_string() == *policy);
            html.push_str(&found.map_or("<td></td>".to_owned(), |(index, cell)| one(index, cell)));
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table></div>\n");
    html
}

/// Returns the cell with this index in the JSON.
fn one(index: usize, cell: &Cell) -> String {
    let class = match (cell.outcome, cell.survived) {
        (Outcome::NotRun, _) => "later",
        (_, true) => "yes",
        (_, false) => "no",
    };
    let figure = |name: &str, number: u64, word: &str| {
        (number > 0).then(|| format!("{} {word}", count(&format!("{index}.{name}"), number)))
    };
    let recovery = cell.recovery.map(|recovery| time(&format!("{index}.recovery"), recovery.as_secs_f64()));
    let parts = [
        recovery,
        figure("failed", cell.failed, "failed"),
        figure("lost", cell.lost, "lost"),
        figure("wrong", cell.wrong, "wrong"),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    let why = cell.why.as_ref().or(cell.error.as_ref());
    let title = why.map(|why| format!(" title=\"{}\"", text(why))).unwrap_or_default();
    let outcome = text(&cell.outcome.to_string().replace('_', " "));
    format!("<td class=\"{class}\"{title}><b>{outcome}</b><small>{}</small></td>", parts.join(" · "))
}

fn reasons(cells: &[Cell]) -> String {
    let row = |cell: &Cell| {
        let why = cell.why.as_ref().or(cell.error.as_ref()).map(|why| text(why)).unwrap_or_default();
        vec![text(&cell.case), text(&cell.policy.to_string()), text(&cell.outcome.to_string()), why]
    };
    let rows: Vec<_> = cells.iter().filter(|cell| !cell.survived).map(row).collect();
    if rows.is_empty() { String::new() } else { table("Reasons", &["Case", "Policy", "Outcome", "Reason"], &[], &rows) }
}

fn remedies(cells: &[Cell]) -> String {
    let named = cells.iter().flat_map(|cell| &cell.diagnoses).filter(|diagnosis| diagnosis.cause != Cause::Unknown);
    let by_code: BTreeMap<&str, &Diagnosis> = named.map(|diagnosis| (diagnosis.code, diagnosis)).collect();
    let row = |(code, diagnosis): (&&str, &&Diagnosis)| {
        vec![text(&diagnosis.cause.words()), text(diagnosis.remedy), explain(code)]
    };
    let rows: Vec<_> = by_code.iter().map(row).collect();
    if rows.is_empty() { String::new() } else { table("Remedies", &["Cause", "Remedy", "Explanation"], &[], &rows) }
}
