//! Tests that the data is complete and consistent: every entry, every link, every code used elsewhere.

use std::collections::BTreeSet;

use strum::VariantArray;

use super::*;
use crate::{classify::ErrorClass, diagnose::Cause, event::ClientState};

/// Each fact, and the figures and words that it must contain.
const FACTS: [(&str, &[&str]); 51] = [
    ("aws-nlb", &["350 s", "60 to 6000 s", "fixed"]),
    ("aws-nlb-nitro6", &["350 s", "silently"]),
    ("aws-nlb-rst", &["RST", "104", "unverified"]),
    ("aws-gwlb", &["350 s", "60 to 6000 s"]),
    ("aws-natgw", &["350 s", "55,000"]),
    ("aws-ec2-ct", &["432000 s", "350 s", "Nitro v6"]),
    ("aws-ec-max", &["65,000"]),
    ("aws-ec-timeout", &["0", "Serverless"]),
    ("aws-ec-ka", &["300 s", "Older"]),
    ("aws-ec-cowr", &["end of file"]),
    ("aws-ec-fo", &["few seconds", "a minute"]),
    ("aws-ec-test", &["15 shards", "24 hours"]),
    ("aws-ec-dns", &["5 to 10 s"]),
    ("az-lb", &["240 s", "4 to 100 minutes", "silent"]),
    ("az-redis", &["600 s"]),
    ("az-linux", &["13 minutes", "tcp_retries2=5", "10 to 15 s", "5 s"]),
    ("gcp-vpc", &["600 s", "interval 60 s", "5 probes"]),
    ("gcp-nat", &["1200 s"]),
    ("gcp-mem", &["several seconds"]),
    ("ibm-pgw", &["240 s"]),
    ("oci-lb", &["300 s"]),
    ("envoy", &["3600 s", "5 s"]),
    ("haproxy", &["30 s", "50 s", "60 s", "330 s", "FIN"]),
    ("nginx", &["600 s", "10 minutes"]),
    ("aws-iam", &["12 hours", "15 minutes"]),
    ("systemd", &["90 s", "100 ms", "5 starts in 10 s"]),
    ("kube-probe", &["every 10 s", "3 failures", "30 s"]),
    ("kube-backoff", &["10 s, 20 s, 40 s", "300 s", "10 minutes"]),
    ("docker-restart", &["100 ms", "1 s", "3 failed starts"]),
    ("monit", &["120 s"]),
    ("r-save", &["3600 s", "300 s", "60 s", "10,000"]),
    ("ipvs", &["900 s", "120", "300"]),
    ("kube-proxy", &["24 h", "1 h"]),
    ("nf-ct", &["432000 s", "300 s", "3 retransmissions"]),
    ("tcp-ka", &["7200", "75", "9", "7875 s"]),
    ("tcp-r2", &["15", "924.6 s", "940 to 960 s", "8 or more"]),
    ("tcp-ut", &["tcp_retries2", "none"]),
    ("tcp-syn", &["127 s", "131 s", "unverified"]),
    ("ports", &["32768", "60999", "28,232"]),
    ("somaxconn", &["511", "4096"]),
    ("r-timeout", &["0", "subscri", "blocked"]),
    ("r-ka", &["300 s", "100 s", "3 probes", "600 s"]),
    ("r-max", &["10000", "32"]),
    ("r-cob", &["normal 0 0 0", "256mb 64mb 60", "32mb 8mb 60", "7.4"]),
    ("r-qbuf", &["1 GB", "512 MB"]),
    ("r-evict", &["0", "7.0"]),
    ("r-cl", &["15000 ms", "60 s"]),
    ("r-sent", &["30000 ms", "180000 ms"]),
    ("r-prot", &["-DENIED"]),
    ("r-sch", &["MAINT_NOTIFICATIONS", "MOVING", "RESP3", "8.0.2"]),
    ("cli-lib", &["500 ms", "1 s", "6 retries", "60 s", "5000 ms", "20 retries"]),
];

#[test]
fn the_file_can_be_read_whole() {
    let read = read(include_str!("entries.toml")).unwrap();
    assert_eq!(read, entries());
}

#[test]
fn every_id_is_unique_and_of_the_form_of_its_kind() {
    let mut seen = BTreeSet::new();
    let mut names = BTreeSet::new();
    for Entry { id, kind, name, .. } in entries() {
        assert!(seen.insert(id), "{id} is a duplicate");
        let number = code(id);
        let fits = match kind {
            Kind::Cause => number.is_some_and(|number| (1..=20).contains(&number) || number >= 153),
            Kind::State => number.is_some_and(|number| (21..=39).contains(&number) || number > 200),
            Kind::Finding => number.is_some_and(|number| (40..=99).contains(&number) || number > 152),
            Kind::Error => number.is_some_and(|number| number > 100),
            Kind::Fact => {
                number.is_none() && id.bytes().all(|byte| byte.is_ascii_lowercase() || b"-26".contains(&byte))
            }
        };
        assert!(fits, "{id} is not a {kind}");
        let snake = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte == b'3');
        assert!(snake && (name.is_empty() == (*kind == Kind::Fact)), "{id}: '{name}'");
        assert!(name.is_empty() || names.insert((*kind, name)), "{id}: {name} is a duplicate");
    }
}

#[test]
fn every_entry_is_complete() {
    for entry in entries() {
        let Entry { id, kind, title, aliases, said_by, meaning, causes, tell, remedy, see, sources, .. } = entry;
        assert!((8..=90).contains(&title.chars().count()), "{id}: {title}");
        assert!(!title.ends_with('.'), "{id}: a title has no full stop");
        let prose = tell.iter().chain(remedy).filter(|step| !step.starts_with("$ "));
        for text in prose.chain([meaning]) {
            assert!(text.ends_with(['.', ':', ')']), "{id}: {text}");
            assert!(!text.contains("  ") && !text.contains('\n'), "{id}: {text:?}");
        }
        assert!(meaning.chars().count() >= 40, "{id}: {meaning}");
        for steps in [tell, remedy] {
            assert!(steps.iter().all(|step| !step.trim().is_empty()) && !steps.is_empty(), "{id}");
        }
        assert!(sources.iter().all(|source| source.place.len() > 5) && !sources.is_empty(), "{id}: sources");
        assert!(!causes.is_empty() || !see.is_empty(), "{id} has no links");
        assert!(
            *kind == Kind::Fact || !said_by.is_empty() && !aliases.is_empty(),
            "{id}: no source of the report, or no alias"
        );
    }
}

#[test]
fn every_link_leads_to_another_entry() {
    for entry in entries() {
        for link in entry.causes.iter().chain(&entry.see) {
            assert!(super::entry(link).is_some(), "{}: {link} does not exist", entry.id);
            assert_ne!(*link, entry.id);
        }
        let twice =
            entry.causes.iter().collect::<BTreeSet<_>>().len() + entry.see.iter().collect::<BTreeSet<_>>().len();
        assert_eq!(twice, entry.causes.len() + entry.see.len(), "{}: duplicate link", entry.id);
        let prose = entry.tell.iter().chain(&entry.remedy).chain([&entry.meaning]);
        for mention in prose.flat_map(|text| codes(text)) {
            assert!(super::entry(&mention).is_some(), "{}: there is no {mention}", entry.id);
        }
    }
}

#[test]
fn unchecked_statements_are_marked_unverified() {
    let marked = entries().iter().filter(|entry| entry.sources.iter().any(|source| source.how == Evidence::Unverified));
    let marked: Vec<_> = marked.map(|entry| entry.id.as_str()).collect();
    for id in ["aws-nlb-rst", "tcp-syn", "r-ka"] {
        assert!(marked.contains(&id), "{id}");
    }
}

#[test]
fn every_error_class_and_client_state_has_an_entry_by_its_code_and_name() {
    let classes = ErrorClass::VARIANTS.iter().map(|class| (Kind::Error, class.code(), class.to_string()));
    let states = ClientState::VARIANTS.iter().map(|state| (Kind::State, state.code(), state.to_string()));
    for (kind, code, name) in classes.chain(states) {
        assert_eq!(entry(code).map(|entry| (entry.kind, entry.name.as_str())), Some((kind, name.as_str())), "{code}");
    }
}

#[test]
fn every_cause_has_an_entry_by_its_code_and_name_and_no_other_entry_is_a_cause() {
    let causes = Cause::ALL.iter().map(|cause| (cause.code(), cause.name()));
    let entries = entries().iter().filter(|entry| entry.kind == Kind::Cause);
    assert_eq!(
        entries.map(|entry| (entry.id.as_str(), entry.name.as_str())).collect::<BTreeSet<_>>(),
        causes.collect()
    );
}

#[test]
fn every_code_in_the_source_has_an_entry() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut mentioned = BTreeSet::new();
    let mut directories = vec![source];
    while let Some(directory) = directories.pop() {
        for file in std::fs::read_dir(directory).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                mentioned.extend(codes(&text).into_iter().map(|code| (code, path.clone())));
            }
        }
    }
    assert!(mentioned.len() > 20, "{mentioned:?}");
    for (code, path) in mentioned {
        assert!(entry(&code).is_some(), "{}: there is no {code}", path.display());
    }
}

#[test]
fn every_fact_keeps_its_figures_and_its_source() {
    let facts = entries().iter().filter(|entry| entry.kind == Kind::Fact).map(|entry| entry.id.as_str());
    assert_eq!(facts.collect::<BTreeSet<_>>(), FACTS.iter().map(|(id, _)| *id).collect());
    for (id, figures) in FACTS {
        let entry = entry(id).unwrap();
        let text = format!("{} {}", entry.title, entry.meaning);
        for figure in figures {
            assert!(text.contains(figure), "{id} lacks {figure}: {text}");
        }
    }
}

#[test]
fn an_errno_belongs_to_one_entry() {
    let mut seen = BTreeSet::new();
    for errno in entries().iter().flat_map(|entry| &entry.errno) {
        let macos = errno.macos.expect("every errno with an entry has its macOS number");
        assert!(seen.insert(errno.linux) && seen.insert(errno.linux + 1000 * macos), "{errno}");
        let known = std::io::Error::from_raw_os_error(i32::from(errno.linux)).to_string();
        assert!(cfg!(not(target_os = "linux")) || !known.contains("Unknown error"), "{errno}: {known}");
    }
    assert!(!seen.is_empty());
}

/// Parses the number in `RD012`.
fn code(id: &str) -> Option<u16> {
    id.strip_prefix("RD").filter(|digits| digits.len() == 3)?.parse().ok()
}

/// Returns every code in a text.
fn codes(text: &str) -> Vec<String> {
    let starts = text.match_indices("RD").map(|(start, _)| start);
    let words = starts.filter_map(|start| text.get(start..start + 5));
    words.filter(|word| word[2..].bytes().all(|byte| byte.is_ascii_digit())).map(str::to_owned).collect()
}
