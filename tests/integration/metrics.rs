//! Metrics while a run goes on: what a scraper reads, what Prometheus' own tools say about it, and checks on request.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::harness::{
    Doctor, RawClient, RedisServer, RunningDoctor, Signal, Target as _, cluster_node, eventually, free_port, installed,
    join_cluster, skipped,
};

const PATIENCE: Duration = Duration::from_secs(20);

const SOAK: [&str; 5] = ["soak", "-d", "60s", "--listen-metrics", "0"];

/// Returns the address at which a run serves its metrics.
fn address(doctor: &RunningDoctor) -> SocketAddr {
    let line = doctor.wait_for_stderr("metrics at http://", PATIENCE);
    let address = line.split_once("http://").unwrap().1.split_once('/').unwrap().0;
    address.parse().unwrap()
}

/// Returns the status line and the body of a page.
fn get(address: SocketAddr, path: &str, accept: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: {accept}\r\nConnection: close\r\n\r\n").unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

fn metrics(address: SocketAddr) -> String {
    let (status, body) = get(address, "/metrics", "text/plain");
    assert_eq!(status, "HTTP/1.1 200 OK");
    body
}

/// Returns the sum of the samples of a name whose labels contain all of these.
fn sum(text: &str, name: &str, labels: &[&str]) -> f64 {
    let samples = text
        .lines()
        .filter(|line| line.split(['{', ' ']).next() == Some(name) && labels.iter().all(|label| line.contains(label)));
    samples.map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap()).sum()
}

#[test]
fn a_scrape_of_a_trace_counts_how_the_connections_of_others_end() {
    let server = RedisServer::start();
    let mut client = RawClient::connect(server.address()).unwrap();
    // One that ends after its first reply is a failed attempt.
    (0..3).for_each(|_| _ = client.call(["PING"]).unwrap());
    let port = server.address().port().to_string();
    let doctor = Doctor::new(["trace", "--watch", "--port", &port, "--listen-metrics", "0"]).spawn();
    let address = address(&doctor);
    doctor.wait_for_stderr("watching", PATIENCE);
    assert!(sum(&metrics(address), "redis_doctor_trace_connections", &[]) >= 1.0, "{}", metrics(address));
    server.command(["CLIENT", "KILL", "ADDR", &client.local_address().to_string()]);
    assert!(client.read().is_err());
    drop(client);
    let node = format!("server=\"{}\"", server.address());
    eventually("the end of the connection", PATIENCE, || {
        sum(&metrics(address), "redis_doctor_trace_ended_total", &["how=\"closed_by_server\"", &node]) >= 1.0
    });
    // It connects to no server, and checks none.
    let (status, _) = get(address, &format!("/probe?target={}", server.address()), "text/plain");
    assert!(status.contains("403") || status.contains("404"), "{status}");
    match installed("promtool") {
        Some(program) => assert_eq!(promtool(&program, &metrics(address)), ""),
        None => skipped("promtool", "there is no promtool here"),
    }
}

#[test]
fn a_scrape_shows_an_outage_with_its_server_its_cause_and_its_error() {
    let server = RedisServer::start();
    let doctor = Doctor::new(SOAK).args(["--fault", "reset_peer=when=in_flight@1500ms"]).target(&server).spawn();
    let address = address(&doctor);
    let count = |name: &str, labels: &[&str]| sum(&metrics(address), name, labels);
    eventually("the cause of the outage", PATIENCE, || {
        count("redis_doctor_outage_causes_total", &["cause=\"network_reset\"", "role=\"primary\""]) >= 1.0
    });
    let node = format!("node=\"{}\"", server.address());
    assert!(count("redis_doctor_outages_total", &["kind=\"drop\"", &node]) >= 1.0, "{}", metrics(address));
    assert_eq!(count("redis_doctor_connections_down", &[]), 0.0);
    // Errors and probes are counted each second.
    let reset = &["class=\"reset\"", "errno=\"104\"", "code=\"RD126\""];
    eventually("the error", PATIENCE, || count("redis_doctor_errors_total", reset) >= 1.0);
    let text = metrics(address);
    assert!(sum(&text, "redis_doctor_probes_total", &["outcome=\"ok\""]) > 5.0, "{text}");
    let all = sum(&text, "redis_doctor_latency_seconds_bucket", &["le=\"+Inf\""]);
    assert_eq!(all, sum(&text, "redis_doctor_latency_seconds_count", &[]));
    let (_, open) = get(address, "/metrics", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5");
    assert!(open.ends_with("# EOF\n") && open.contains("# TYPE redis_doctor_run info\n"), "{open}");
    doctor.signal(Signal::INT);
    doctor.finish().code(1);
}

#[test]
fn a_scrape_shows_a_cluster_and_the_client_that_fails_on_a_node_that_is_down() {
    let [Some(first), Some(second), Some(third)] = [(); 3].map(|()| cluster_node()) else { return };
    let mut nodes = [first, second, third];
    join_cluster(&nodes);
    let doctor = Doctor::new(SOAK).args(["--cluster", "--via", "cluster-client", "--workload", "kv"]).target(&nodes[0]);
    let doctor = doctor.spawn();
    let address = address(&doctor);
    let count = |name: &str, labels: &[&str]| sum(&metrics(address), &format!("redis_doctor_{name}"), labels);
    eventually("commands of the cluster client", PATIENCE, || {
        count("cluster_client_probes_total", &["outcome=\"ok\""]) > 10.0
    });
    assert_eq!((count("cluster_slots_served", &[]), count("cluster_client_failing", &[])), (16_384.0, 0.0));
    assert!(count("cluster_client_latency_seconds_bucket", &["le=\"+Inf\""]) > 10.0);
    nodes[1].kill9();
    eventually("the outage of the cluster client", PATIENCE, || count("cluster_client_failing", &[]) >= 1.0);
    assert!(count("cluster_client_outage_open_seconds", &[]) > 0.0);
    eventually("the lost slots", PATIENCE, || count("cluster_slots_served", &[]) == 10_923.0);
    doctor.signal(Signal::INT);
    doctor.finish().code(2);
}

#[test]
fn a_connection_that_is_down_shows_before_it_is_back() {
    let server = RedisServer::start();
    let doctor = Doctor::new(SOAK).args(["--fault", "blackhole@1s+30s"]).target(&server).spawn();
    let address = address(&doctor);
    eventually("the open outage", PATIENCE, || {
        let text = metrics(address);
        sum(&text, "redis_doctor_connections_down", &[]) == 1.0
            && sum(&text, "redis_doctor_outage_open_seconds", &[]) > 1.0
    });
    doctor.signal(Signal::INT);
    doctor.finish();
}

#[test]
fn an_application_behind_the_proxy_has_metrics_too() {
    let server = RedisServer::start();
    let proxy = free_port().to_string();
    let observe = ["proxy", "--report", "--listen", &proxy, "--listen-metrics", "0", "-u"];
    let doctor = Doctor::new(observe).arg(server.url()).spawn();
    let address = address(&doctor);
    doctor.wait_for_stderr("listening on", PATIENCE);
    let mut client = TcpStream::connect(("127.0.0.1", proxy.parse::<u16>().unwrap())).unwrap();
    client.write_all(b"*1\r\n$4\r\nPING\r\n").unwrap();
    let mut pong = [0; 7];
    client.read_exact(&mut pong).unwrap();
    eventually("the connection of the application", PATIENCE, || {
        sum(&metrics(address), "redis_doctor_flows_total", &["event=\"opened\""]) >= 1.0
    });
    doctor.signal(Signal::INT);
    doctor.finish();
}

#[test]
fn a_scraper_can_have_a_server_of_the_run_checked_and_another_one_only_if_that_is_allowed() {
    let (server, allowed, other) = (RedisServer::start(), RedisServer::start(), RedisServer::start());
    let url = allowed.url();
    let doctor = Doctor::new(SOAK).args(["--allow-probe", &url]).target(&server).spawn();
    let address = address(&doctor);
    for target in [server.address(), allowed.address()] {
        let (status, body) = get(address, &format!("/probe?target={target}"), "text/plain");
        assert_eq!(
            (status.as_str(), sum(&body, "redis_doctor_check_success", &[])),
            ("HTTP/1.1 200 OK", 1.0),
            "{body}"
        );
        assert!(sum(&body, "redis_doctor_check_step_seconds", &["step=\"ping\""]) > 0.0, "{body}");
    }
    let (status, _) = get(address, &format!("/probe?target={}", other.address()), "text/plain");
    assert_eq!(status, "HTTP/1.1 403 Forbidden");
    doctor.signal(Signal::INT);
    doctor.finish().code(0);
}

#[test]
fn an_address_that_is_in_use_is_refused_before_the_run() {
    let server = RedisServer::start();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let run = Doctor::new(["soak", "-d", "1s", "--listen-metrics", &port]).target(&server).run();
    run.code(3).stderr_contains(&format!("--listen-metrics: cannot listen on 127.0.0.1:{port}"));
    let run = Doctor::new(["proxy", "--listen-metrics", "0"]).run();
    run.code(3).stderr_contains("--listen-metrics: it is for the report; add --report");
    let run = Doctor::new(["soak", "--listen-metrics", "0", "--allow-probe", "http://a"]).run();
    run.code(3).stderr_contains("--allow-probe");
}

#[test]
fn two_hundred_targets_would_fit_into_a_megabyte() {
    const TARGETS: usize = 50;
    let server = RedisServer::start();
    let list: String =
        (0..TARGETS).map(|number| format!("{} name=cache-{number:03}.prod.example:6379\n", server.url())).collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), list).unwrap();
    let doctor = Doctor::new(SOAK).arg("--targets").arg(file.path()).within(Duration::from_secs(60)).spawn();
    let address = address(&doctor);
    eventually("all targets", Duration::from_secs(40), || {
        let text = metrics(address);
        let connected =
            text.lines().filter(|line| line.starts_with("redis_doctor_connections{") && line.ends_with(" 1"));
        let measured = text.lines().filter(|line| line.starts_with("redis_doctor_end_to_end_seconds_count"));
        connected.count() == TARGETS && measured.count() == TARGETS
    });
    let text = metrics(address);
    assert!(text.len() <= 1_000_000 / 200 * TARGETS, "{} bytes", text.len());
    doctor.signal(Signal::INT);
    doctor.finish();
}

/// Each series of both formats, with its value, to compare them.
#[test]
fn both_formats_have_the_same_samples() {
    let server = RedisServer::start();
    let report = |format: &str| {
        let journal = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios/causes-from-evidence.ndjson");
        let run = Doctor::new(["report", journal, "--format", format]).target(&server).run();
        let samples = |text: String| -> BTreeMap<String, String> {
            let lines = text.lines().filter(|line| !line.starts_with('#'));
            lines.map(|line| line.rsplit_once(' ').unwrap()).map(|(name, value)| (name.into(), value.into())).collect()
        };
        samples(run.stdout())
    };
    assert_eq!(report("prometheus"), report("openmetrics"));
}

/// Feeds a text to `promtool check metrics` and returns its complaints about the syntax.
fn promtool(program: &std::path::Path, text: &str) -> String {
    let mut check = Command::new(program);
    let check = check.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut check = check.spawn().unwrap();
    check.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = check.wait_with_output().unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[test]
fn promtool_accepts_what_is_served_and_what_is_written() {
    let Some(program) = installed("promtool") else { return skipped("promtool", "there is no promtool here") };
    let server = RedisServer::start();
    let doctor = Doctor::new(SOAK).args(["--fault", "reset_peer@1s"]).target(&server).spawn();
    let address = address(&doctor);
    eventually("an outage", PATIENCE, || sum(&metrics(address), "redis_doctor_outage_causes_total", &[]) >= 1.0);
    assert_eq!(promtool(&program, &metrics(address)), "");
    let (_, probed) = get(address, &format!("/probe?target={}", server.address()), "text/plain");
    assert_eq!(promtool(&program, &probed), "");
    doctor.signal(Signal::INT);
    doctor.finish();
    let written = Doctor::new(["soak", "-d", "1s", "--format", "prometheus"]).target(&server).run().stdout();
    assert_eq!(promtool(&program, &written), "");
}

/// A Prometheus that scrapes one address; it ends with this.
struct Prometheus {
    process: Child,
    address: SocketAddr,
    _files: tempfile::TempDir,
}

impl Prometheus {
    fn start(program: &std::path::Path, scraped: SocketAddr, flags: &[&str]) -> Self {
        let (files, address) = (tempfile::tempdir().unwrap(), SocketAddr::from(([127, 0, 0, 1], free_port())));
        let config = files.path().join("prometheus.yml");
        let text = format!(
            "scrape_configs:\n- job_name: doctor\n  scrape_interval: 1s\n  static_configs: [{{targets: ['{scraped}']}}]\n"
        );
        std::fs::write(&config, text).unwrap();
        let process = Command::new(program)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", files.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .args(flags)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        eventually("Prometheus", PATIENCE, || {
            TcpStream::connect(address).is_ok() && get(address, "/-/ready", "text/plain").0 == "HTTP/1.1 200 OK"
        });
        Self { process, address, _files: files }
    }

    /// Returns the first value of a query, once it has one.
    fn value(&self, query: &str) -> f64 {
        let mut value = None;
        eventually(query, PATIENCE, || {
            let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
            let (status, body) = get(self.address, &format!("/api/v1/query?query={query}"), "application/json");
            assert_eq!(status, "HTTP/1.1 200 OK", "{body}");
            let answer: serde_json::Value = serde_json::from_str(&body).unwrap();
            value = answer["data"]["result"][0]["value"][1].as_str().map(|value| value.parse().unwrap());
            value.is_some()
        });
        value.unwrap()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn prometheus_stores_native_histograms_if_it_asks_for_them_and_else_the_fixed_buckets() {
    let Some(program) = installed("prometheus") else { return skipped("Prometheus", "there is no prometheus here") };
    let server = RedisServer::start();
    let doctor = Doctor::new(SOAK).target(&server).spawn();
    let address = address(&doctor);
    eventually("probes", PATIENCE, || sum(&metrics(address), "redis_doctor_latency_seconds_count", &[]) > 10.0);
    let native = Prometheus::start(&program, address, &["--enable-feature=native-histograms"]);
    let count = native.value("histogram_count(redis_doctor_latency_seconds)");
    assert!(count > 10.0 && count.fract() == 0.0, "{count}");
    assert_eq!(native.value("count(up == 1)"), 1.0);
    // The median of both kinds of buckets: the fine ones are narrower, and in the same place.
    let median = native.value("histogram_quantile(0.5, redis_doctor_latency_seconds)");
    let classic = Prometheus::start(&program, address, &[]);
    assert!(classic.value("redis_doctor_latency_seconds_bucket{le=\"+Inf\"}") >= count);
    let coarse = classic.value("histogram_quantile(0.5, redis_doctor_latency_seconds_bucket)");
    assert!(median > 0.0 && (median / coarse).log10().abs() < 1.0, "{median} and {coarse}");
    for name in ["redis_doctor_probes_total", "redis_doctor_connections", "redis_doctor_run_info"] {
        let count = format!("count({{__name__=\"{name}\"}})");
        assert_eq!(native.value(&count), classic.value(&count), "{name}");
    }
    drop((native, classic));
    doctor.signal(Signal::INT);
    doctor.finish().code(0);
}

#[test]
fn node_exporter_takes_a_report_and_a_check_from_its_directory() {
    let Some(program) = installed("prometheus-node-exporter") else {
        return skipped("the textfile collector", "there is no prometheus-node-exporter here");
    };
    let (server, directory) = (RedisServer::start(), tempfile::tempdir().unwrap());
    for (command, file) in
        [(&["soak", "-d", "1s"][..], "soak.prom"), (&["check", "--format", "prometheus"], "check.prom")]
    {
        Doctor::new(command).arg("-o").arg(directory.path().join(file)).target(&server).run().code(0);
    }
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let mut exporter = Command::new(program)
        .args(["--collector.disable-defaults", "--collector.textfile"])
        .arg(format!("--collector.textfile.directory={}", directory.path().display()))
        .arg(format!("--web.listen-address={address}"))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    eventually("node_exporter", PATIENCE, || TcpStream::connect(address).is_ok());
    let text = metrics(address);
    exporter.kill().unwrap();
    exporter.wait().unwrap();
    assert_eq!(sum(&text, "node_textfile_scrape_error", &[]), 0.0, "{text}");
    assert_eq!(sum(&text, "redis_doctor_check_success", &[]), 1.0, "{text}");
    assert!(sum(&text, "redis_doctor_probes_total", &["outcome=\"ok\""]) > 0.0, "{text}");
}
