//! The client of `--otlp`: metrics at a fixed period, and spans as they come, sent to an OTLP collector over HTTP.
//!
//! It has its own thread, a bounded queue and a deadline for each request: a collector that is slow, away or hostile costs
//! telemetry, which is counted, and delays nothing but the very end of the run.

use std::{
    collections::VecDeque,
    io,
    pin::pin,
    sync::atomic::{AtomicU64, Ordering},
    thread::{self, JoinHandle},
    time::Duration,
};

use serde::Deserialize;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    runtime::Builder,
    sync::{mpsc, oneshot},
    time::sleep,
};

use crate::{classify::Failure, clock::within, plan::Collector, tls::Connector};

/// Pause between two exports of metrics, and before the first one.
const PERIOD: Duration = Duration::from_secs(10);
const FIRST: Duration = Duration::from_secs(1);

/// Time in which the spans that follow the first one are awaited.
const LINGER: Duration = Duration::from_secs(1);

/// Time limit of each step of a request.
const LIMIT: Duration = Duration::from_secs(5);

/// Time limit of what is left to send when the run ends.
const LAST: Duration = Duration::from_secs(3);

/// Spans that wait; what exceeds them is lost.
const WAITING: usize = 4096;

/// Spans of one request.
const BATCH: usize = 256;

/// Size limit of a response; what exceeds it is not read.
const RESPONSE: usize = 64 << 10;

/// Headers of a response.
const HEADERS: usize = 64;

/// The requests to send.
pub(crate) struct Telemetry {
    /// Returns the metrics as of now.
    pub metrics: Box<dyn Fn() -> Vec<u8> + Send>,
    /// Returns a request with some spans.
    pub traces: Traces,
}

/// A request with these spans.
pub(crate) type Traces = Box<dyn Fn(&[String]) -> Vec<u8> + Send>;

/// A client that sends until [`Pusher::finish`].
pub(crate) struct Pusher {
    spans: mpsc::Sender<String>,
    /// Spans for which there was no room.
    lost: AtomicU64,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Delivery>,
}

/// The outcome of all requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// Spans that were not delivered.
    pub spans: u64,
    /// Exports of metrics that failed, and all of them.
    pub exports: (u64, u64),
    /// The latest failure.
    pub why: Option<String>,
}

impl Delivery {
    /// Returns true if everything was delivered.
    pub(crate) fn is_complete(&self) -> bool {
        self.spans == 0 && self.exports.0 == 0
    }
}

impl Pusher {
    /// Starts to send.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub(crate) fn start(collector: Collector, telemetry: Telemetry) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (spans, queue) = mpsc::channel(WAITING);
        let (stop, stopped) = oneshot::channel();
        let work = move || {
            let sender = Sender {
                connector: collector.tls.clone().map(Connector::new),
                collector,
                telemetry,
                queue,
                batch: VecDeque::new(),
                delivery: Delivery::default(),
            };
            let delivery = runtime.block_on(sender.run(stopped));
            // Without a wait for lookups that a name server does not answer.
            runtime.shutdown_background();
            delivery
        };
        let thread = thread::Builder::new().name("otlp".to_owned()).spawn(work)?;
        Ok(Self { spans, lost: AtomicU64::new(0), stop, thread })
    }

    /// Queues a span.
    pub(crate) fn offer(&self, span: String) {
        if self.spans.try_send(span).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Sends what is left, within a time limit.
    pub(crate) fn finish(self) -> Delivery {
        drop(self.spans);
        // The thread may have panicked; its telemetry is lost.
        let _ = self.stop.send(());
        let mut delivery = self.thread.join().unwrap_or_default();
        delivery.spans += self.lost.into_inner();
        delivery
    }
}

struct Sender {
    collector: Collector,
    /// For https.
    connector: Option<Connector>,
    telemetry: Telemetry,
    queue: mpsc::Receiver<String>,
    /// Spans of the next request: they stay if it fails and can be repeated.
    batch: VecDeque<String>,
    delivery: Delivery,
}

/// The reason why a request was not accepted.
#[derive(Debug)]
struct Refused {
    why: String,
    /// The same request may be accepted later.
    can_be_repeated: bool,
}

impl Refused {
    fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), can_be_repeated: true }
    }
}

impl Sender {
    async fn run(mut self, mut stopped: oneshot::Receiver<()>) -> Delivery {
        let mut due = pin!(sleep(FIRST));
        loop {
            let with_metrics = tokio::select! {
                _ = &mut stopped => break,
                () = &mut due => {
                    due.set(sleep(PERIOD));
                    true
                }
                span = self.queue.recv(), if self.batch.is_empty() => {
                    let Some(span) = span else { break };
                    self.batch.push_back(span);
                    false
                }
            };
            let work = async {
                if !with_metrics {
                    sleep(LINGER).await;
                }
                self.send(with_metrics).await;
            };
            tokio::select! {
                _ = &mut stopped => break,
                () = work => {}
            }
        }
        if within(LAST, self.send(true)).await.is_none() {
            self.failed("no answer before the end");
        }
        let mut left = self.batch.len();
        while self.queue.try_recv().is_ok() {
            left += 1;
        }
        self.delivery.spans += left as u64;
        self.delivery
    }

    fn failed(&mut self, why: impl Into<String>) {
        self.delivery.why = Some(why.into());
    }

    /// Sends the metrics as they are, and the spans that wait until one request fails.
    async fn send(&mut self, with_metrics: bool) {
        if with_metrics {
            self.send_metrics().await;
        }
        while self.fill() {
            let traces = (self.telemetry.traces)(self.batch.make_contiguous());
            match self.post("/v1/traces", &traces).await {
                Ok(rejected) => {
                    if rejected > 0 {
                        self.failed("the collector rejected spans");
                    }
                    self.delivery.spans += rejected.min(self.batch.len() as u64);
                }
                Err(Refused { why, can_be_repeated }) => {
                    self.failed(why);
                    if can_be_repeated {
                        return;
                    }
                    self.delivery.spans += self.batch.len() as u64;
                }
            }
            self.batch.clear();
        }
    }

    async fn send_metrics(&mut self) {
        self.delivery.exports.1 += 1;
        // Counted before the wait: it may be given up.
        self.delivery.exports.0 += 1;
        let metrics = (self.telemetry.metrics)();
        match self.post("/v1/metrics", &metrics).await {
            Ok(0) => self.delivery.exports.0 -= 1,
            Ok(_) => self.failed("the collector rejected metrics"),
            Err(refused) => self.failed(refused.why),
        }
    }

    /// Fills the batch; returns false if there is nothing to send.
    fn fill(&mut self) -> bool {
        while self.batch.len() < BATCH
            && let Ok(span) = self.queue.try_recv()
        {
            self.batch.push_back(span);
        }
        !self.batch.is_empty()
    }

    /// Sends a request; returns the number of items that the collector rejected.
    async fn post(&self, path: &str, body: &[u8]) -> Result<u64, Refused> {
        let Collector { host, port, .. } = &self.collector;
        let connected = within(LIMIT, TcpStream::connect((host.as_str(), *port))).await;
        let stream = connected.ok_or_else(|| Refused::new("no connection in time"))?;
        let stream = stream.map_err(|error| Refused::new(error.to_string()))?;
        let head = self.head(path, body.len());
        let response = if let Some(connector) = &self.connector {
            let stream = connector.handshake(host, stream, LIMIT).await;
            // The flag for the server is not the one for the collector.
            let named = |failure: Failure| Refused::new(failure.to_string().replace("--cacert", "--otlp-cacert"));
            exchange(stream.map_err(named)?, &head, body).await
        } else {
            exchange(stream, &head, body).await
        };
        judge(&response.map_err(|error| Refused::new(error.to_string()))?)
    }

    fn head(&self, path: &str, length: usize) -> String {
        let Collector { host, port, path: base, headers, .. } = &self.collector;
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let version = env!("CARGO_PKG_VERSION");
        let own: String = headers.iter().map(|(name, value)| format!("{name}: {}\r\n", value.reveal())).collect();
        format!(
            "POST {base}{path} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: redis-doctor/{version}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n{own}\r\n"
        )
    }
}

/// Sends a request and returns the response, as far as it can be of interest.
async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, head: &str, body: &[u8]) -> io::Result<Vec<u8>> {
    let exchanged = within(LIMIT, async {
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body).await?;
        stream.flush().await?;
        let mut response = Vec::new();
        while response.len() < RESPONSE && !is_complete(&response) {
            match stream.read_buf(&mut response).await {
                Ok(0) => break,
                Ok(_) => {}
                // A peer that resets the connection after its answer.
                Err(_) if !response.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        Ok(response)
    });
    exchanged.await.unwrap_or_else(|| Err(io::Error::new(io::ErrorKind::TimedOut, "no answer in time")))
}

/// The head of a response.
struct Head {
    status: u16,
    /// Place of the body.
    body: usize,
    /// Length of the body, if it is given.
    length: Option<usize>,
}

/// Reads the head of a response; `None` if it is incomplete.
fn parse(response: &[u8]) -> Option<Result<Head, httparse::Error>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut head = httparse::Response::new(&mut headers);
    let start = match head.parse(response) {
        Ok(httparse::Status::Complete(start)) => start,
        Ok(httparse::Status::Partial) => return None,
        Err(error) => return Some(Err(error)),
    };
    let length = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|header| std::str::from_utf8(header.value).ok()?.trim().parse().ok());
    Some(Ok(Head { status: head.code.unwrap_or_default(), body: start, length }))
}

/// Returns true if nothing of a response is missing, as far as its head says how long it is.
fn is_complete(response: &[u8]) -> bool {
    match parse(response) {
        None => false,
        Some(Ok(Head { body, length: Some(length), .. })) => response.len() - body >= length,
        Some(Ok(Head { body, length: None, .. })) => response[body..].ends_with(b"0\r\n\r\n"),
        Some(Err(_)) => true,
    }
}

/// Returns the number of rejected items of an accepted request.
fn judge(response: &[u8]) -> Result<u64, Refused> {
    match parse(response) {
        None => Err(Refused::new("the connection was closed without an answer")),
        Some(Err(_)) => Err(Refused { can_be_repeated: false, ..Refused::new("the answer is not HTTP") }),
        Some(Ok(Head { status: 200..=299, body, .. })) => Ok(rejected(&response[body..])),
        Some(Ok(Head { status, .. })) => {
            let can_be_repeated = matches!(status, 429 | 502..=504);
            Err(Refused { can_be_repeated, ..Refused::new(format!("the collector answers with status {status}")) })
        }
    }
}

/// Reads the number of rejected items; an answer that does not name it accepts all.
fn rejected(body: &[u8]) -> u64 {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        partial_success: Partial,
    }
    #[derive(Deserialize)]
    struct Partial {
        #[serde(alias = "rejectedSpans", alias = "rejectedDataPoints")]
        rejected: Count,
    }
    // 64-bit numbers are strings in the JSON of protobuf; not every collector knows.
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Count {
        Number(u64),
        Text(String),
    }
    // It may be one chunk between its size and the end.
    let start = body.iter().position(|byte| *byte == b'{').unwrap_or(body.len());
    let end = body.iter().rposition(|byte| *byte == b'}').map_or(start, |last| last + 1);
    let answer = body.get(start..end).and_then(|json| serde_json::from_slice::<Answer>(json).ok());
    answer.map_or(0, |answer| match answer.partial_success.rejected {
        Count::Number(number) => number,
        Count::Text(text) => text.parse().unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::Fuzz;

    fn judged(response: &str) -> Result<u64, (String, bool)> {
        judge(response.as_bytes()).map_err(|refused| (refused.why, refused.can_be_repeated))
    }

    #[test]
    fn an_answer_is_judged_by_its_status_and_by_what_it_rejects() {
        assert_eq!(judged("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"), Ok(0));
        let partial = "HTTP/1.1 200 OK\r\n\r\n{\"partialSuccess\":{\"rejectedSpans\":\"3\",\"errorMessage\":\"no\"}}";
        assert_eq!(judged(partial), Ok(3));
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
            29\r\n{\"partialSuccess\":{\"rejectedDataPoints\":7}}\r\n0\r\n\r\n";
        assert!(is_complete(chunked.as_bytes()) && !is_complete(&chunked.as_bytes()[..chunked.len() - 4]));
        assert_eq!(judged(chunked), Ok(7));
        for (status, repeats) in [(400, false), (401, false), (429, true), (500, false), (503, true)] {
            let refused = judged(&format!("HTTP/1.1 {status} X\r\n\r\n")).unwrap_err();
            assert_eq!(refused, (format!("the collector answers with status {status}"), repeats));
        }
        assert!(judged("").unwrap_err().1);
        assert!(!judged("-ERR unknown command\r\n").unwrap_err().1);
    }

    #[test]
    fn fuzz_answers() {
        Fuzz::new("http", &["HTTP/1.1 200 OK\r\n", "Content-Length: 9\r\n", "\r\n", "{\"partialSuccess\":{"]).run(
            |bytes| {
                let _ = (is_complete(bytes), judge(bytes).map_err(|refused| refused.why));
            },
        );
    }
}
