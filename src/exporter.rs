//! The HTTP server of `--listen-metrics`: `GET /metrics`, and `GET /probe?target=` for the servers that are allowed. The
//! client of `--otlp` is in [`push`].
//!
//! It has its own thread, of a lower priority, so that no scrape delays the run. Each connection is for one request,
//! which has a size limit and a deadline, and only a few are served at the same time: a client that does nothing costs
//! little.

mod accept;
mod push;

use std::{
    io,
    net::{SocketAddr, TcpListener as StdListener},
    pin::Pin,
    rc::Rc,
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::Builder,
    sync::oneshot,
    task::{JoinSet, LocalSet},
    time::sleep,
};

use self::accept::{PROTOBUF, accepted};
pub(crate) use self::push::{Delivery, Pusher, Telemetry};
use crate::{clock::within, output::Exposition};

/// Niceness of the thread, from 0 (as the run) to 19.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// Clients that are served at the same time; the others wait in the accept queue.
const CLIENTS: usize = 16;

/// Size limit of a request.
const REQUEST: usize = 8 << 10;

/// Headers of a request: browsers send about twenty.
const HEADERS: usize = 64;

/// Time in which a client must have sent its request.
const REQUEST_LIMIT: Duration = Duration::from_secs(5);

/// Time in which a client must have read the response.
const RESPONSE_LIMIT: Duration = Duration::from_secs(10);

/// Pause after a failure to accept a connection, for example because there are no file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const PLAIN: &str = "text/plain; charset=utf-8";

/// The page that leads to the others.
const INDEX: &str = "<!doctype html><title>redis-doctor</title><h1>redis-doctor</h1><a href=\"/metrics\">Metrics</a>\n";

/// The contents of the pages.
pub(crate) struct Pages {
    /// Returns the metrics.
    pub metrics: Box<dyn Fn(Exposition) -> Vec<u8> + Send>,
    /// Checks a server and returns its metrics; `None` if that server is not allowed.
    pub probe: Probe,
}

/// A check of the server with this name.
pub(crate) type Probe = Box<dyn Fn(&str, Exposition) -> Option<Probing> + Send>;

/// A check that runs.
pub(crate) type Probing = Pin<Box<dyn Future<Output = Vec<u8>>>>;

/// A server that runs until this is dropped.
pub(crate) struct Exporter {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Exporter {
    /// Listens at this address.
    ///
    /// # Errors
    /// If the address cannot be listened on, or the thread cannot be started.
    pub(crate) fn start(listen: SocketAddr, pages: Pages) -> io::Result<Self> {
        let listener = StdListener::bind(listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let work = move || {
            lower_priority();
            runtime.block_on(LocalSet::new().run_until(serve(listener, Rc::new(pages), stopped)));
            // Without a wait for lookups that a name server does not answer.
            runtime.shutdown_background();
        };
        let thread = thread::Builder::new().name("metrics".to_owned()).spawn(work)?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    /// Returns the address at which it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        drop(self.stop.take());
        // It ends immediately: it waits for nothing but the network.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Lets the run go first where both share a core. Elsewhere than on Linux, a priority belongs to a whole process.
fn lower_priority() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, NICENESS);
}

/// Serves until `stopped` completes.
async fn serve(listener: StdListener, pages: Rc<Pages>, mut stopped: oneshot::Receiver<()>) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    let mut clients = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => return,
            Some(_) = clients.join_next() => {}
            accepted = listener.accept(), if clients.len() < CLIENTS => match accepted {
                Ok((stream, _)) => _ = clients.spawn_local(serve_one(stream, Rc::clone(&pages))),
                Err(_) => sleep(PAUSE).await,
            },
        }
    }
}

/// Answers the request of one connection.
async fn serve_one(mut stream: TcpStream, pages: Rc<Pages>) {
    let mut bytes = Vec::with_capacity(1 << 10);
    let received = within(REQUEST_LIMIT, async {
        loop {
            if let Some(request) = Request::parse(&bytes) {
                return request;
            }
            match stream.read_buf(&mut bytes).await {
                Ok(1..) if bytes.len() <= REQUEST => {}
                _ => return Err(Response::new("400 Bad Request", PLAIN, "the request is incomplete or too long\n")),
            }
        }
    });
    let response = match received.await {
        Some(Ok(request)) => {
            let response = answer(&pages, &request).await;
            response.bytes(request.wants_body)
        }
        Some(Err(refused)) => refused.bytes(true),
        None => return,
    };
    let _ = within(RESPONSE_LIMIT, async {
        stream.write_all(&response).await?;
        stream.shutdown().await
    })
    .await;
}

/// The part of a request that matters.
#[derive(Debug, PartialEq, Eq)]
struct Request {
    path: String,
    query: String,
    exposition: Exposition,
    wants_body: bool,
}

impl Request {
    /// Reads the head of a request; `None` if it is not complete.
    fn parse(bytes: &[u8]) -> Option<Result<Self, Response>> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut head = httparse::Request::new(&mut headers);
        match head.parse(bytes) {
            Ok(httparse::Status::Partial) => return None,
            Ok(httparse::Status::Complete(_)) => {}
            Err(_) => return Some(Err(Response::new("400 Bad Request", PLAIN, "this is not HTTP\n"))),
        }
        let wants_body = match head.method {
            Some("GET") => true,
            Some("HEAD") => false,
            _ => return Some(Err(Response::new("405 Method Not Allowed", PLAIN, "only GET and HEAD are supported\n"))),
        };
        let path = head.path.unwrap_or_default();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let accepts = head.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("accept"));
        let exposition = accepted(accepts.map(|header| header.value));
        Some(Ok(Self { path: path.to_owned(), query: query.to_owned(), exposition, wants_body }))
    }

    /// Returns the value of a parameter of the query.
    fn parameter(&self, name: &str) -> Option<String> {
        let mut parameters = url::form_urlencoded::parse(self.query.as_bytes());
        parameters.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }
}

async fn answer(pages: &Pages, request: &Request) -> Response {
    let kind = match request.exposition {
        Exposition::OpenMetrics => OPENMETRICS,
        Exposition::Text => TEXT,
        Exposition::Protobuf => PROTOBUF,
    };
    let metrics = |body| Response { status: "200 OK", kind, body };
    match request.path.as_str() {
        "/" => Response::new("200 OK", HTML, INDEX),
        "/metrics" => metrics((pages.metrics)(request.exposition)),
        "/probe" => match request.parameter("target") {
            None => Response::new("400 Bad Request", PLAIN, "expected /probe?target=HOST:PORT\n"),
            Some(target) => match (pages.probe)(&target, request.exposition) {
                Some(probing) => metrics(probing.await),
                None => Response::new("403 Forbidden", PLAIN, "this target is not allowed; see --allow-probe\n"),
            },
        },
        _ => Response::new("404 Not Found", PLAIN, "expected /metrics or /probe\n"),
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Response {
    status: &'static str,
    kind: &'static str,
    body: Vec<u8>,
}

impl Response {
    fn new(status: &'static str, kind: &'static str, body: &str) -> Self {
        Self { status, kind, body: body.as_bytes().to_vec() }
    }

    fn bytes(self, with_body: bool) -> Vec<u8> {
        let Self { status, kind, body } = self;
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nX-Content-Type-Options: nosniff\r\n\
             Connection: close\r\n\r\n",
            body.len()
        );
        let mut bytes = head.into_bytes();
        if with_body {
            bytes.extend(body);
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;
    use crate::fuzz::Fuzz;

    fn exporter() -> Exporter {
        let metrics = |exposition| match exposition {
            Exposition::OpenMetrics => b"open\n".to_vec(),
            Exposition::Text => b"text\n".to_vec(),
            Exposition::Protobuf => b"proto\n".to_vec(),
        };
        let probe = |target: &str, _| {
            let probing: Probing = Box::pin(std::future::ready(b"probed\n".to_vec()));
            (target == "redis://a:1").then_some(probing)
        };
        let pages = Pages { metrics: Box::new(metrics), probe: Box::new(probe) };
        Exporter::start(([127, 0, 0, 1], 0).into(), pages).unwrap()
    }

    fn ask(exporter: &Exporter, request: &str) -> String {
        let mut stream = std::net::TcpStream::connect(exporter.address()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        response
    }

    #[test]
    fn a_scraper_gets_the_format_that_it_accepts() {
        let exporter = exporter();
        let plain = ask(&exporter, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
        assert!(plain.starts_with("HTTP/1.1 200 OK\r\n") && plain.ends_with("\r\n\r\ntext\n"), "{plain}");
        assert!(plain.contains("\r\nContent-Type: text/plain; version=0.0.4"), "{plain}");
        let accept = "accept: application/openmetrics-text;version=1.0.0;q=0.6,text/plain;q=0.3";
        let open = ask(&exporter, &format!("GET /metrics HTTP/1.1\r\nHost: a\r\n{accept}\r\n\r\n"));
        assert!(open.contains("\r\nContent-Type: application/openmetrics-text") && open.ends_with("open\n"), "{open}");
        let accept =
            "Accept: application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";
        let proto = ask(&exporter, &format!("GET /metrics HTTP/1.1\r\n{accept};q=0.6,*/*;q=0.1\r\n\r\n"));
        assert!(proto.contains(&format!("\r\nContent-Type: {PROTOBUF}\r\n")) && proto.ends_with("proto\n"), "{proto}");
        let head = ask(&exporter, "HEAD /metrics HTTP/1.1\r\n\r\n");
        assert!(head.contains("\r\nContent-Length: 5\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    }

    #[test]
    fn only_an_allowed_target_is_probed() {
        let exporter = exporter();
        for (query, status) in [("?target=redis%3A%2F%2Fa%3A1", "200"), ("?target=b:1", "403"), ("", "400")] {
            let response = ask(&exporter, &format!("GET /probe{query} HTTP/1.1\r\n\r\n"));
            assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{query}: {response}");
        }
    }

    #[test]
    fn what_is_no_request_for_a_page_is_refused() {
        let exporter = exporter();
        let long = format!("GET /{} HTTP/1.1\r\n", "x".repeat(2 * REQUEST));
        for (request, status) in [
            ("POST /metrics HTTP/1.1\r\nContent-Length: 0\r\n\r\n", "405"),
            ("GET /secret HTTP/1.1\r\n\r\n", "404"),
            ("*1\r\n$4\r\nPING\r\n", "400"),
            (&long, "400"),
        ] {
            let response = ask(&exporter, request);
            assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {response}");
        }
    }

    #[test]
    fn idle_clients_do_not_keep_it_from_ending() {
        let exporter = exporter();
        let idle: Vec<_> = (0..4).map(|_| std::net::TcpStream::connect(exporter.address()).unwrap()).collect();
        assert!(ask(&exporter, "GET / HTTP/1.1\r\n\r\n").contains("/metrics"));
        drop(exporter);
        drop(idle);
    }

    #[test]
    fn fuzz_requests() {
        Fuzz::new("http", &["GET ", " HTTP/1.1", "\r\n", "target=", "%"]).run(|bytes| {
            if let Some(Ok(request)) = Request::parse(bytes) {
                let _ = request.parameter("target");
            }
        });
    }
}
