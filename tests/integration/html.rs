//! The HTML report: chosen by the name of its file, and in a browser without an error, a request or a wrong figure.

use std::{fs, path::Path, process::Command, time::Duration};

use regex::Regex;
use serde_json::Value as Json;

use crate::harness::{Doctor, RedisServer, closed_port, skipped};

/// Time for a drill of two cases.
const PATIENCE: Duration = Duration::from_secs(90);

/// Runs with three connections, which a fault resets, and returns the text of the page and the JSON of the same journal.
fn run(folder: &Path) -> (String, Json) {
    let server = RedisServer::start();
    let (page, journal) = (folder.join("run.html"), folder.join("run.ndjson"));
    let mut doctor = Doctor::new(["soak", "--connections", "3", "--fault", "reset_peer@500ms", "-d", "3s", "-q"]);
    doctor = doctor.arg("--output").arg(&page).arg("--journal").arg(&journal).target(&server);
    doctor.run().code(1).stdout_is_empty();
    let json = Doctor::new(["report", "--format", "json"]).arg(&journal).run().json();
    (fs::read_to_string(page).unwrap(), json)
}

/// Checks each figure of a page with its place in the JSON.
fn check_figures(page: &str, json: &Json, least: usize) {
    let figure = Regex::new("<data data-json=\"([^\"]+)\" value=\"([^\"]+)\">").unwrap();
    let mut seen = 0;
    for found in figure.captures_iter(page) {
        let pointer = format!("/{}", found[1].replace('.', "/"));
        let value = json.pointer(&pointer).unwrap_or_else(|| panic!("{pointer}"));
        // serde_json can be off in the last bit.
        let (shown, value) = (found[2].parse::<f64>().unwrap(), value.as_f64().unwrap());
        assert!((shown - value).abs() <= 2.0 * f64::EPSILON * value.abs(), "{pointer}: {shown}, {value}");
        seen += 1;
    }
    assert!(seen >= least, "{seen} figures");
}

#[test]
fn the_name_of_the_file_chooses_html_unless_a_format_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let (page, json) = run(folder.path());
    assert!(page.starts_with("<!DOCTYPE html>\n") && page.ends_with("</html>\n"));
    assert!(page.contains("id=\"i1\"") && page.contains("reset_peer"));
    check_figures(&page, &json, 30);

    let journal = folder.path().join("run.ndjson");
    let text = folder.path().join("text.html");
    Doctor::new(["report", "--format", "json"]).arg(&journal).arg("-o").arg(&text).run().code(1);
    assert!(fs::read_to_string(text).unwrap().starts_with('{'));
}

#[test]
fn a_server_that_was_never_reached_has_a_ladder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.html");
    let port = closed_port().port().to_string();
    Doctor::new(["soak", "-d", "1s", "-q", "-p", &port, "-o"]).arg(&path).run().code(2);
    let page = fs::read_to_string(path).unwrap();
    assert!(page.contains("<li class=\"no\"><b>TCP</b>") && page.contains("not connected in"), "{page}");
}

#[test]
fn a_drill_has_a_matrix_and_a_search_for_the_idle_limit_a_ladder() {
    let folder = tempfile::tempdir().unwrap();
    let [drill, idle] = ["drill.html", "idle.html"].map(|name| folder.path().join(name));
    let [drill_path, idle_path] = [&drill, &idle].map(|path| path.to_str().unwrap());
    let policies = "bare,hardened";
    let drilling = ["drill", "--sandbox", "--fault", "close@500ms", "--policy", policies, "-q", "-o", drill_path];
    let searching = ["idle", "--sandbox", "--fault", "idle_drop=1s,then=reset", "--max", "2s", "-q", "-o", idle_path];
    let (drilling, searching) = (Doctor::new(drilling).spawn(), Doctor::new(searching).spawn());
    drilling.finish().code(0).stdout_is_empty();
    searching.finish().code(1).stdout_is_empty();
    let pages = [(drill, "<th scope=\"row\">close@500ms</th><td class=\"no\""), (idle, "<b>DEGRADED</b>")];
    for (path, part) in pages {
        let page = fs::read_to_string(&path).unwrap();
        assert!(page.starts_with("<!DOCTYPE html>\n") && page.contains(part), "{page}");
        let json = page.split("id=\"report\">").nth(1).unwrap().split("</script>").next().unwrap();
        check_figures(&page, &serde_json::from_str(json).unwrap(), 3);
        let Some((document, console)) = browse(&path) else { continue };
        assert!(console.is_empty() && document.contains("id=\"report\""), "{console:#?}");
    }
    let page = fs::read_to_string(folder.path().join("idle.html")).unwrap();
    assert!(page.contains("<li class=\"yes\">") && page.contains("<span>reset (RST)"), "{page}");
}

#[test]
fn the_drill_of_an_application_has_a_matrix_of_cases_and_roles() {
    if !Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success()) {
        return skipped("the page of an application", "python3 is not installed");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("drill.html");
    let server = RedisServer::start();
    let application = format!("python3 {}/tests/applications/raw.py repeat", env!("CARGO_MANIFEST_DIR"));
    let doctor = Doctor::new(["drill", "--exec", &application, "--case", "close,reset-in-flight", "-q"]);
    let path_variable = std::env::var_os("PATH").unwrap_or_default();
    let doctor = doctor.env("PATH", path_variable).arg("-o").arg(&path).target(&server).within(PATIENCE);
    std::env::var_os("HOME").into_iter().fold(doctor, |doctor, home| doctor.env("HOME", home)).run().code(0);
    let page = fs::read_to_string(&path).unwrap();
    let json = page.split("id=\"report\">").nth(1).unwrap().split("</script>").next().unwrap();
    check_figures(&page, &serde_json::from_str(json).unwrap(), 4);
    assert!(
        page.contains("<th scope=\"row\">reset-in-flight</th><td class=\"no\"") && page.contains("ran twice"),
        "{page}"
    );
    let Some((document, console)) = browse(&path) else { return };
    assert!(console.is_empty() && document.contains("id=\"report\""), "{console:#?}");
}

/// Loads a page in Chromium, and returns the document and the messages of the console; `None` where there is none.
fn browse(page: &Path) -> Option<(String, Vec<String>)> {
    let profile = tempfile::tempdir().unwrap();
    let flags =
        ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"];
    let program = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|program| Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success()));
    let Some(program) = program else {
        skipped("the HTML report in a browser", "Chromium is not installed");
        return None;
    };
    let output = Command::new(program)
        .args(flags)
        .args(["--enable-logging=stderr", "--timeout=20000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    let console = log.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect();
    Some((String::from_utf8_lossy(&output.stdout).into_owned(), console))
}

/// The policy of the page refuses each request, and Chromium says so on the console: silence there is no request.
#[test]
fn a_browser_shows_the_figures_of_the_json_without_an_error_or_a_request() {
    let folder = tempfile::tempdir().unwrap();
    let (page, json) = run(folder.path());
    let Some((document, console)) = browse(&folder.path().join("run.html")) else { return };
    assert!(console.is_empty(), "{console:#?}");
    assert!(document.contains("class=\"lane l-axis drawn\""), "the script ran");
    check_figures(&document, &json, 30);

    // A changed script and an image must not pass, or the silence would prove nothing.
    let changed = folder.path().join("changed.html");
    let image = "<img src=\"http://127.0.0.1:1/x.png\"></main>";
    fs::write(&changed, page.replace("\"use strict\"", "'use strict'").replace("</main>", image)).unwrap();
    let (document, console) = browse(&changed).unwrap();
    assert!(!document.contains("l-axis drawn"), "a script with another hash");
    assert!(console.len() >= 2, "{console:#?}");
}
