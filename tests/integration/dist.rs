//! What is shipped beside the binary is consistent: the dashboard and the alerts use metrics that exist, manifests use
//! flags that exist, and packages name files that exist.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use regex::Regex;
use serde_json::Value as Json;

use crate::harness::{Doctor, RedisServer, installed, skipped};

fn dist(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("dist").join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(dist(path)).unwrap_or_else(|why| panic!("{path}: {why}"))
}

/// Returns the names of all samples that are served, by the golden file of a run and by a check.
fn metrics() -> BTreeSet<String> {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/metrics.prom");
    let check = Doctor::new(["check", "--format", "prometheus"]).target(&RedisServer::start()).run().stdout();
    let text = fs::read_to_string(golden).unwrap() + &check;
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples.filter_map(|line| line.split(['{', ' ']).next()).map(str::to_owned).collect()
}

/// Returns every expression of a dashboard: of its panels, variables and annotations.
fn expressions(of: &Json, found: &mut Vec<String>) {
    match of {
        Json::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Json::String(text) if ["expr", "query", "definition"].contains(&name.as_str()) => {
                        found.push(text.clone())
                    }
                    value => expressions(value, found),
                }
            }
        }
        Json::Array(values) => values.iter().for_each(|value| expressions(value, found)),
        _ => {}
    }
}

#[test]
fn the_dashboard_and_the_alerts_use_metrics_that_exist() {
    let metrics = metrics();
    let dashboard: Json = serde_json::from_str(&read("grafana/redis-doctor.json")).unwrap();
    let mut queries = Vec::new();
    expressions(&dashboard, &mut queries);
    assert!(queries.len() > 15, "{queries:?}");
    queries.push(read("prometheus/alerts.yml"));
    let name = Regex::new(r"\bredis_doctor_[a-z_]+").unwrap();
    let used: BTreeSet<String> =
        queries.iter().flat_map(|query| name.find_iter(query)).map(|found| found.as_str().to_owned()).collect();
    assert!(used.len() > 12, "{used:?}");
    let unknown: Vec<_> = used.iter().filter(|name| !metrics.contains(*name)).collect();
    assert!(unknown.is_empty(), "{unknown:?} of {metrics:?}");
    let ids: BTreeSet<_> = dashboard["panels"].as_array().unwrap().iter().map(|panel| panel["id"].as_u64()).collect();
    assert_eq!(ids.len(), dashboard["panels"].as_array().unwrap().len(), "each panel has an id of its own");
}

/// Prometheus has no check of a single expression, but of the expressions of rules.
#[test]
fn promtool_accepts_every_query_of_the_dashboard() {
    let Some(program) = installed("promtool") else { return skipped("the queries", "there is no promtool here") };
    let dashboard: Json = serde_json::from_str(&read("grafana/redis-doctor.json")).unwrap();
    let mut queries = Vec::new();
    expressions(&dashboard, &mut queries);
    let mut rules = "groups:\n- name: dashboard\n  rules:\n".to_owned();
    for (number, query) in queries.iter().filter(|query| query.contains("redis_doctor_")).enumerate() {
        // A variable of Grafana is not a query of Prometheus.
        if !query.starts_with("label_values") {
            let query = query.replace("$__range", "1h").replace("$__rate_interval", "5m");
            rules.push_str(&format!("  - record: query:number{number}\n    expr: {}\n", Json::from(query)));
        }
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), rules).unwrap();
    let output = Command::new(program).args(["check", "rules"]).arg(file.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn promtool_accepts_the_alerts() {
    let Some(program) = installed("promtool") else { return skipped("the alerts", "there is no promtool here") };
    let output = Command::new(program).args(["check", "rules"]).arg(dist("prometheus/alerts.yml")).output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success() && said.contains("8 rules found"), "{said}");
}

/// The flags of `args: [a, b]` and of lists, one item a line.
fn arguments(manifest: &str) -> Vec<String> {
    let inline = Regex::new(r"args: \[(.*)\]").unwrap();
    if let Some(found) = inline.captures(manifest) {
        return found[1].split(", ").map(str::to_owned).collect();
    }
    let (_, list) = manifest.split_once("args:\n").expect("a list of arguments");
    list.lines().map_while(|line| line.trim_start().strip_prefix("- ")).map(str::to_owned).collect()
}

#[test]
fn the_commands_of_the_manifests_and_of_the_unit_are_valid() {
    for manifest in ["kubernetes/job.yaml", "kubernetes/cronjob.yaml", "kubernetes/daemonset.yaml"] {
        let arguments = arguments(&read(manifest));
        assert!(arguments.len() >= 3, "{manifest}: {arguments:?}");
        let words = std::iter::once("redis-doctor".into()).chain(arguments.iter().map(Into::into));
        let parsed = redis_doctor::internals::parse(words);
        assert!(parsed.is_ok(), "{manifest}: {parsed:?}");
    }
    let unit = read("systemd/redis-doctor-soak.service");
    let command = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/bin/")).unwrap();
    let parsed = redis_doctor::internals::parse(command.split(' ').map(Into::into));
    assert!(parsed.is_ok(), "{command}: {parsed:?}");
    let variables = Regex::new(r"REDIS_DOCTOR_([A-Z_]+)").unwrap();
    let help = Doctor::new(["help", "soak"]).run().stdout();
    for text in [unit, read("systemd/redis-doctor-soak.default")] {
        for found in variables.captures_iter(&text) {
            let flag = format!("--{}", found[1].to_lowercase().replace('_', "-"));
            assert!(help.contains(&flag), "{flag}");
        }
    }
}

/// The commands of the help, except those for shells and manuals.
#[test]
fn the_formula_has_a_manual_page_for_each_command() {
    let help = Doctor::new(["--help"]).run().stdout();
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let commands = commands.lines().map_while(|line| line.split_ascii_whitespace().next());
    let own: BTreeSet<_> = commands.filter(|name| !["completions", "man", "help"].contains(name)).collect();
    let formula = read("homebrew/redis-doctor.rb");
    let (_, list) = formula.split_once("%w[").unwrap();
    assert_eq!(list.split_once(']').unwrap().0.split(' ').collect::<BTreeSet<_>>(), own);
}

#[test]
fn the_packages_contain_files_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let (_, metadata) = manifest.split_once("[package.metadata.deb]").expect("metadata of a package");
    let (metadata, _) = metadata.split_once("\n[lib]").unwrap();
    let paths = Regex::new(r#""((?:dist|completions|LICENSE|README|CHANGELOG|target)[^"]*)""#).unwrap();
    let paths: BTreeSet<_> = paths.captures_iter(metadata).map(|found| found[1].to_owned()).collect();
    assert!(paths.len() >= 8, "{paths:?}");
    for path in paths.iter().filter(|path| !path.starts_with("target/")) {
        assert!(root.join(path).is_file(), "{path} does not exist");
    }
}
