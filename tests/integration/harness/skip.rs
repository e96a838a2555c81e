//! Tests that this machine cannot run, reported so that they do not count as passed.

use std::io::Write as _;

/// Reports that something was not tested, and why: a line in the output of every run (of a test that passes, the runner
/// would swallow `eprintln!`). With `TESTS_MAY_SKIP=no` it fails, for machines that have all that the tests need.
#[track_caller]
pub(crate) fn skipped(what: &str, why: &str) {
    let line = format!("SKIPPED {what}: {}\n", why.trim());
    assert!(std::env::var_os("TESTS_MAY_SKIP").is_none_or(|may| may != "no"), "{line}");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}
