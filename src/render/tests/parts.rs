//! The lists of a report as rows, and the causes that outages share.

use super::*;

#[test]
fn the_lists_of_a_report_are_rows_of_csv() {
    let report = report_of(&rich());
    for (rows, name, number) in [
        (Rows::Intervals, "intervals", report.intervals.len()),
        (Rows::Outages, "outages", report.outages.rows.len()),
        (Rows::Errors, "errors", report.errors.len()),
    ] {
        let mut out = Vec::new();
        write(&report, Format::Csv, Style { rows, ..Style::default() }, &mut out).unwrap();
        let mut reader = csv::Reader::from_reader(out.as_slice());
        // The reader refuses a line with another number of columns than the header has.
        let read: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert!(number > 0 && read.len() == number, "{name}: {}", read.len());
        golden(&format!("report-{name}.csv"), &String::from_utf8(out).unwrap());
    }
}

#[test]
fn a_cause_of_several_outages_says_which_they_are_and_what_is_known_of_how_many() {
    let mut report = report_of(&rich());
    let first = report.outages.rows[0].clone();
    let lines = |report: &Report| {
        let text = laid_out(report, Format::Text, None);
        let labels = ["cause ", "for ", "against ", "missing "];
        text.lines().filter(|line| labels.iter().any(|label| line.starts_with(label))).map(str::to_owned).collect()
    };
    report.outages.rows = vec![first.clone()];
    let alone: Vec<String> = lines(&report);
    assert_eq!(alone[0], "cause     network reset, certain (at 14:02:22.704)");

    let later = |nanos: u64, words: &[&str]| {
        let mut row = first.clone();
        row.outage.time = WallTime::from_unix_nanos(row.outage.time.unix_nanos() + nanos);
        row.diagnosis.evidence_for = words.iter().map(|text| (*text).to_owned()).collect();
        row.diagnosis.missing.clear();
        row
    };
    let seconds = 1_000_000_000;
    let same = first.diagnosis.evidence_for[0].replace("8001", "9917");
    report.outages.rows = vec![
        first.clone(),
        later(seconds, &[&same, "it was reset on both sides"]),
        later(2 * seconds, &["a third story"]),
    ];
    let several: Vec<String> = lines(&report);
    assert_eq!(
        several[0],
        "cause     network reset, certain (3 outages: 14:02:22.704, 14:02:23.704, 14:02:24.704; evidence from 14:02:23.704)"
    );
    assert!(several[1].starts_with("for       ") && several[1].contains("9917") && several[1].ends_with(" [2 of 3]"));
    assert_eq!(several[2], "for       it was reset on both sides [1 of 3]");
    assert_eq!(several[3], "for       a third story [1 of 3] (at 14:02:24.704)");
    assert!(
        several[4].starts_with("missing   ") && several[4].ends_with("[1 of 3] (at 14:02:22.704)"),
        "{}",
        several[4]
    );

    report.outages.rows = (0..50).map(|n| later(n * seconds, &[&"abcdefghij"[(n % 10) as usize..]])).collect();
    let many: Vec<String> = lines(&report);
    assert!(many[0].contains("(50 outages: 14:02:22.704, ") && many[0].ends_with(", 14:02:26.704 … 14:03:11.704)"));
    assert_eq!(many.len(), 5, "one cause, one sentence, three more: {many:?}");
}
