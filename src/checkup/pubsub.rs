//! The check of pub/sub: a message to ourselves, and what its failure means.

use super::{
    Mark, Sheet,
    finding::{self, CheckFinding},
    server::is_sentinel,
    survey::{PubSub, SurveyCommand},
};
use crate::{classify::ErrorClass, verdict::Severity};

pub(super) fn judge(sheet: &mut Sheet<'_>) {
    let Some(result) = &sheet.facts.pubsub else {
        return sheet.line("pubsub", Mark::NotAvailable, "not reached");
    };
    match result {
        PubSub::Received { after } => {
            sheet.timed("pubsub", Mark::Ok, Some(*after), "subscribed, published and received on a private channel");
        }
        PubSub::Lost { why } => {
            let text = "a published message did not reach its subscriber";
            let remedy = "look for a proxy that does not forward pub/sub, and verify delivery with `redis-doctor \
                          subscribe CHANNEL --verify`";
            let finding =
                CheckFinding::new(Severity::Critical, finding::NOT_DELIVERED, text).evidence(why).remedy(remedy);
            let mark = sheet.finding(finding);
            sheet.line("pubsub", mark, why);
        }
        PubSub::Refused { .. } if is_sentinel(sheet) => {
            sheet.line("pubsub", Mark::NotAvailable, "a Sentinel accepts no messages");
        }
        PubSub::Refused { command } => refused(sheet, *command),
        PubSub::HeldBack => {
            sheet.line("pubsub", Mark::NotAvailable, "not tested: CLIENT PAUSE holds back PUBLISH, too");
        }
        PubSub::NoSecondConnection { why } => {
            let text = "a second connection could not be opened";
            let remedy = "the server may be at its maxclients, or a proxy may allow only one connection";
            let finding =
                CheckFinding::new(Severity::Warning, finding::NEAR_MAX_CLIENTS, text).evidence(why).remedy(remedy);
            let mark = sheet.finding(finding);
            sheet.line("pubsub", mark, why);
        }
    }
}

/// Judges a command that the server or a proxy refuses.
fn refused(sheet: &mut Sheet<'_>, command: SurveyCommand) {
    let refusal = sheet.facts.refusal(command);
    let why = refusal.map(|refused| refused.why.clone()).unwrap_or_default();
    if refusal.is_none_or(|refused| refused.class == ErrorClass::NoPerm) {
        let user = sheet.subject.target.user.as_deref().unwrap_or("default");
        let text = format!("user {user} may not {command} on a private channel");
        let remedy = format!(
            "if the application uses pub/sub, allow the command and its channels: ACL SETUSER {user} +subscribe \
             +publish &CHANNEL"
        );
        let finding = CheckFinding::new(Severity::Warning, finding::AUTHENTICATION, text).evidence(&why).remedy(remedy);
        let mark = sheet.finding(finding);
        return sheet.line("pubsub", mark, format!("{command} is not permitted"));
    }
    let proxied = sheet.facts.attempt.as_ref().is_some_and(|attempt| attempt.server.proxy.is_some());
    let (severity, text, remedy) = match proxied {
        true => (
            Severity::Info,
            format!("the proxy does not pass on {command}"),
            "if the application uses pub/sub, connect it to a server directly; others are not affected",
        ),
        false => (
            Severity::Warning,
            format!("{command} is refused"),
            "look for a proxy that does not pass it on, or for a rename-command in the server's configuration",
        ),
    };
    let finding = CheckFinding::new(severity, finding::IN_BETWEEN, &text).evidence(why).remedy(remedy);
    let mark = sheet.finding(finding);
    sheet.line("pubsub", mark, text);
}
