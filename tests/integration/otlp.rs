//! `--otlp`: what a collector gets, and what a run is like whose collector is away, slow or refuses.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use serde_json::Value as Json;

use crate::harness::{Authority, Doctor, Issued, RedisServer, closed_port, eventually};

const PATIENCE: Duration = Duration::from_secs(20);

/// A request that a collector got.
#[derive(Clone, Debug)]
struct Request {
    path: String,
    head: String,
    body: Json,
}

/// A collector that answers each request with this.
struct Collector {
    address: SocketAddr,
    got: Arc<Mutex<Vec<Request>>>,
}

impl Collector {
    fn start(answer: &'static str) -> Self {
        Self::behind(answer, |stream| stream)
    }

    /// Starts a collector with this certificate.
    fn encrypted(answer: &'static str, Issued { certificate, key }: &Issued) -> Self {
        let certificate = CertificateDer::from_pem_file(certificate).unwrap();
        let config = ServerConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], PrivateKeyDer::from_pem_file(key).unwrap());
        let config = Arc::new(config.unwrap());
        Self::behind(answer, move |stream| {
            StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream)
        })
    }

    fn behind<S: Read + Write>(answer: &'static str, wrap: impl Fn(TcpStream) -> S + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, got) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(Vec::new())));
        let requests = Arc::clone(&got);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let mut stream = wrap(stream);
                // A client that does not trust the certificate sends no request.
                let Ok((head, body)) = request(&mut stream) else { continue };
                let path = head.split(' ').nth(1).unwrap().to_owned();
                requests.lock().unwrap().push(Request { path, head, body });
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { address, got }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The bodies of the requests to a path.
    fn bodies(&self, path: &str) -> Vec<Json> {
        let got = self.got.lock().unwrap();
        got.iter().filter(|request| request.path == path).map(|request| request.body.clone()).collect()
    }

    fn spans(&self) -> Vec<Json> {
        let bodies = self.bodies("/base/v1/traces");
        bodies
            .iter()
            .flat_map(|body| body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().clone())
            .collect()
    }
}

/// Reads a request: its head, and its body.
fn request(stream: &mut impl Read) -> io::Result<(String, Json)> {
    let (mut buffer, mut bytes) = ([0; 4096], Vec::new());
    loop {
        let read = stream.read(&mut buffer)?;
        assert!(read > 0, "the request was cut off");
        bytes.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
        if body.len() >= length.unwrap().parse::<usize>().unwrap() {
            return Ok((head.to_owned(), serde_json::from_str(body).unwrap()));
        }
    }
}

const ACCEPTED: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

/// The value of an attribute.
fn attribute(of: &Json, name: &str) -> Json {
    let all = of["attributes"].as_array().unwrap();
    let found = all.iter().find(|attribute| attribute["key"] == name).unwrap_or_else(|| panic!("no {name} in {of:#}"));
    found["value"].as_object().unwrap().values().next().unwrap().clone()
}

#[test]
fn a_collector_gets_the_metrics_and_each_outage_once_with_its_cause() {
    let (server, collector) = (RedisServer::start(), Collector::start(ACCEPTED));
    let soak = ["soak", "-d", "4s", "--fault", "reset_peer@1500ms", "--format", "json", "--otlp"];
    let run = Doctor::new(soak)
        .arg(format!("{}/base/", collector.url()))
        .args(["--otlp-header", "api-key=hunter2 too"])
        .env("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=a%20b,api-key=other")
        .target(&server)
        .run();
    run.code(1).lacks("hunter2").lacks("--otlp:");
    let report = run.json();
    let outages = report["outages"]["rows"].as_array().unwrap();
    let spans = collector.spans();
    assert_eq!((outages.len(), spans.len()), (1, 1), "{spans:#?}");
    let (span, outage) = (&spans[0], &outages[0]);
    assert_eq!(attribute(span, "cause"), outage["diagnosis"]["cause"]);
    assert_eq!(attribute(span, "id"), outage["id"]);
    assert_eq!(attribute(span, "resolved"), true);
    let nanos = |name: &str| span[name].as_str().unwrap().parse::<u64>().unwrap();
    let lasted = (nanos("endTimeUnixNano") - nanos("startTimeUnixNano")) as f64 / 1e9;
    assert!((lasted - outage["duration"].as_f64().unwrap()).abs() < 1e-6);
    let exports = collector.bodies("/base/v1/metrics");
    assert!(exports.len() >= 2, "one during the run, and one at its end");
    let last = &exports.last().unwrap()["resourceMetrics"][0];
    assert_eq!(attribute(&last["resource"], "service.name"), "redis-doctor");
    assert_eq!(attribute(&last["resource"], "service.instance.id"), report["runs"][0]["run_id"]);
    let metrics = last["scopeMetrics"][0]["metrics"].as_array().unwrap();
    let metric = |name: &str| metrics.iter().find(|metric| metric["name"] == name).unwrap();
    let points = &metric("redis_doctor_probes")["sum"]["dataPoints"];
    let ok = points.as_array().unwrap().iter().find(|point| attribute(point, "outcome") == "ok").unwrap();
    assert_eq!(ok["asDouble"].as_f64().unwrap(), report["probes"]["ok"].as_f64().unwrap());
    let got = collector.got.lock().unwrap();
    for head in got.iter().map(|request| &request.head) {
        assert!(head.contains("\r\napi-key: hunter2 too") && head.contains("\r\nx-tenant: a b"), "{head}");
        assert!(!head.contains("other") && head.contains("\r\nContent-Type: application/json"), "{head}");
    }
}

#[test]
fn an_encrypted_collector_is_trusted_through_its_authority_only() {
    let (directory, server) = (tempfile::tempdir().unwrap(), RedisServer::start());
    let [ours, other] = ["ours", "other"].map(|name| Authority::create(directory.path(), name));
    let certificate = ours.issue("collector", &["localhost", "127.0.0.1"]);
    let collector = Collector::encrypted(ACCEPTED, &certificate);
    let url = format!("https://{}/base", collector.address);
    let soak = |soak: &str| Doctor::new(["soak", "--fault", "reset_peer@500ms", "-d", soak, "--otlp", &url]);
    let exports = || collector.bodies("/base/v1/metrics").len();
    let run = soak("2s").arg("--otlp-cacert").arg(&ours.file).target(&server).run();
    run.code(1).lacks("--otlp:");
    let first = exports();
    assert!(first >= 1 && collector.spans().len() == 1, "{first} exports, {:#?}", collector.spans());
    let run = soak("2s").env("OTEL_EXPORTER_OTLP_CERTIFICATE", &ours.file).target(&server).run();
    run.code(1).lacks("--otlp:");
    let second = exports();
    assert!(second > first, "the variable names the same authority");
    // The flag takes precedence.
    let run = soak("1500ms").env("OTEL_EXPORTER_OTLP_CERTIFICATE", &ours.file).arg("--otlp-cacert").arg(&other.file);
    let run = run.target(&server).run();
    run.code(1).stderr_contains("--otlp: not delivered to https://").stderr_contains("not trusted");
    assert_eq!(exports(), second);
    for (flags, complaint) in [
        (
            ["--otlp", "http://c", "--otlp-cacert", "c.pem"],
            "--otlp-cacert: the connection to the collector is not encrypted",
        ),
        (["--otlp", "https://c", "--otlp-cacert", "/none.pem"], "--otlp-cacert: "),
    ] {
        let run = Doctor::new(["soak", "-d", "1s"]).args(flags).target(&server).run();
        run.code(3).stderr_contains(complaint);
    }
}

#[test]
fn no_output_holds_a_header_or_the_path_of_a_collector() {
    let (directory, server) = (tempfile::tempdir().unwrap(), RedisServer::start());
    let [journal, page] = ["journal", "page.html"].map(|name| directory.path().join(name));
    let collector = Collector::start("HTTP/1.1 401 hunter2\r\nContent-Length: 7\r\n\r\nhunter2");
    let soak = ["soak", "-d", "1500ms", "--otlp-header=authorization=Bearer hunter2", "--otlp"];
    let run = Doctor::new(soak)
        .arg(format!("{}/hunter2", collector.url()))
        .args(["--format", "html", "-o"])
        .arg(&page)
        .arg("--journal")
        .arg(&journal)
        .target(&server)
        .run();
    run.code(0).lacks("hunter2").stderr_contains("exports of metrics: the collector answers with status 401");
    for file in [journal, page] {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(!text.contains("hunter2"), "{}", file.display());
    }
}

#[test]
fn a_collector_that_is_away_or_silent_costs_a_warning_and_a_moment_at_the_end() {
    let server = RedisServer::start();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    for (collector, why) in [(closed_port(), "Connection refused"), (silent.local_addr().unwrap(), "no answer")] {
        let began = Instant::now();
        let soak = ["soak", "-d", "2s", "--fault", "reset_peer@500ms", "--otlp"];
        let run = Doctor::new(soak).arg(format!("http://{collector}")).target(&server).run();
        run.code(1).stderr_contains(&format!("warning: --otlp: not delivered to http://{collector}: 1 outage and "));
        run.stderr_contains(why);
        assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    }
}

#[test]
fn spans_that_a_busy_collector_refuses_are_sent_again() {
    let server = RedisServer::start();
    let busy = Collector::start("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
    let soak = ["soak", "-d", "5s", "--fault", "reset_peer@500ms", "--otlp"];
    let run = Doctor::new(soak).arg(format!("{}/base", busy.url())).target(&server).run();
    run.code(1).stderr_contains("1 outage and ").stderr_contains("status 503");
    let spans = busy.spans();
    assert!(spans.len() >= 2 && spans.iter().all(|span| span["spanId"] == spans[0]["spanId"]), "{spans:#?}");
}

#[test]
fn without_a_url_the_variable_names_the_collector_and_a_bad_one_is_refused() {
    let (server, collector) = (RedisServer::start(), Collector::start(ACCEPTED));
    let doctor = Doctor::new(["soak", "-d", "60s", "--otlp"])
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url())
        .target(&server)
        .spawn();
    eventually("an export", PATIENCE, || !collector.bodies("/v1/metrics").is_empty());
    doctor.signal(crate::harness::Signal::INT);
    doctor.finish().code(0);
    for (flags, complaint) in [
        (&["--otlp", "ftp://hunter2"][..], "error: --otlp: the scheme is neither http nor https"),
        (&["--otlp", "http://me:hunter2@c"], "error: --otlp: the URL has a login"),
        (&["--otlp", "http://c", "--otlp-header", "hunter2"], "error: --otlp-header: a header is not NAME=VALUE"),
    ] {
        let run = Doctor::new(["soak", "-d", "1s"]).args(flags).target(&server).run();
        run.code(3).lacks("hunter2").stderr_contains(complaint);
    }
}
