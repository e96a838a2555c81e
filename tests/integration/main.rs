//! The integration tests: the real binary against a real redis-server, one binary so that it links once.
//!
//! - `accounting`: the journal and the report agree, also after a crash, and signals end a run as they should.
//! - `architecture`: reads the imports of `src` and keeps the dependencies pointing one way.
//! - `attempts`: each attempt of the client to come back is seen with its outcome, and no other client's.
//! - `bad_input`: wrong usage is refused in one line that names the flag, the value and the remedy.
//! - `bad_servers`: what is no usable Redis is named with its cause and a remedy.
//! - `book`: the book's generated pages are current, and none of its links is broken.
//! - `broken_outputs`: places that cannot be written cost neither the run nor its report.
//! - `check`: one look at server, path and machine, in every form, for servers of every kind.
//! - `compare`: two runs side by side: a change, or noise.
//! - `completions`: each shell completes commands, flags and the values of flags.
//! - `credentials`: refused logins are named, and a password is written nowhere.
//! - `dist`: what is shipped beside the binary uses metrics, flags and files that exist.
//! - `drill`: what becomes of each policy under each fault.
//! - `english`: comments, messages and documentation are free of phrases that have to be read twice.
//! - `evidence`: what is gathered about an outage is true, and gathered beside the connection.
//! - `explain`: what is typed or pasted finds its entry in the knowledge base, in every form.
//! - `harness_self`: the harness does what it says; a test that trusts a broken instrument proves nothing.
//! - `fleet`: thousands of connections that are lost at once come back, and the report is right.
//! - `harness`: what the other modules build on: servers, the program under test, and a relay that breaks things.
//! - `healthy`: a healthy server on a busy machine is blamed for nothing.
//! - `hdr`: the formats of HdrHistogram are read by other readers, and have the figures of the report.
//! - `herd`: connections that were lost together come back together, and what spreads them.
//! - `hostile`: whatever a server or a client sends, every command ends in time, in bounds, and cleanly.
//! - `hostile_text`: no text of a server drives a terminal, repeats a password or fills an output.
//! - `html`: the HTML report, also in a real browser.
//! - `hygiene`: the repository has what a newcomer expects, and its scripts run.
//! - `identity`: one address with several servers, or with another server than before.
//! - `idle`: the idle limit of a path is found, with how connections end there and what it may be the limit of.
//! - `instrument`: the diagnoses of more than two hundred real faults against the truth; prints the matrix.
//! - `journals`: what a run has written is reported again, and what cannot be read is named.
//! - `lasting`: journals and results that outlive kills, full disks, rotation and each other.
//! - `lab`: the `proxy` command with redis-cli, stdin and signals, and runs with faults.
//! - `large_replies`: a path that loses large packets is named by every command that fails on it.
//! - `late_confirmations`: confirmations after a reconnect that go to the wrong questions.
//! - `netns`: real network faults, made by a firewall between two network namespaces; skipped without root.
//! - `metrics`: what a scraper reads while a run goes on, judged by Prometheus' own tools.
//! - `network_faults`: what happens between client and server: forgotten flows, half closes, partitions, empty proxies.
//! - `observe`: the report on an application behind the proxy: what it lost, and no repetition where there is none.
//! - `outages`: drops and stalls are seen, dated, counted once each, and over in time.
//! - `output`: every format is well formed, gates trip with their reason, and a pipe gets no colour.
//! - `pass_command`: a command or a file is asked for the password of each attempt, which is written nowhere.
//! - `proxy`: each fault as a client on a plain socket sees it, and bytes in are bytes out.
//! - `proxy_orders`: orders and faults strike where they should, replies stay in step, and what had no effect is named.
//! - `readme`: the commands of the README are valid, and its scripts work as pasted.
//! - `record`: what belongs together has one id in every output, and a record holds no password.
//! - `refusals`: a server that answers with errors is named, timed and judged by one rule; our own pauses count against no server.
//! - `resp2`: what is different where nothing is pushed and subscriptions need a second connection.
//! - `resp2_proxies`: proxies that speak RESP2 only are named, and every command works as far as they pass it on.
//! - `sandbox_cli`: the embedded server answers redis-cli, and serves a run that has nothing else.
//! - `sandbox`: the embedded server serves redis-rs as a real one does.
//! - `slowness`: slow replies and silences are put down to what the server counted, or to the path.
//! - `spawn`: a real server that is started for a command, and ends with it.
//! - `states`: what a client cannot leave is named, and the run goes on with a fresh session.
//! - `subscribing`: messages on stdout as they are, everything else on stderr, and delivery accounted for.
//! - `terminal`: results keep to the columns of a terminal, and a dumb one gets no colours.
//! - `tls`: good runs over TLS, and every way in which the two sides do not agree about it.
//! - `tls_changes`: certificates that lapse or change during a run are named as what keeps the client out.
//! - `tls_options`: each TLS flag, used right and wrong.
//! - `trace`: the connections of running applications are examined from outside, and named only if they have a problem.
//! - `wait`: a script goes on when a server is ready, and sees the obstacle when it is not.
//! - `wire`: large payloads, binary channels and messages.
#![allow(clippy::unwrap_used, reason = "in a test a failed unwrap is a failed test, and its backtrace says where")]
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests measure the program from outside, in real time"
)]
#![allow(clippy::print_stderr, reason = "a failing test shows the logs of the servers it started")]

mod accounting;
mod architecture;
mod attempts;
mod bad_input;
mod bad_servers;
mod book;
mod broken_outputs;
mod causes;
mod check;
mod cluster;
mod cluster_client;
mod cluster_members;
mod compare;
mod completions;
mod credentials;
mod deadlines;
mod dist;
mod drill;
mod drill_application;
mod english;
mod evidence;
mod explain;
mod fleet;
mod harness;
mod harness_self;
mod hdr;
mod healthy;
mod herd;
mod hostile;
mod hostile_text;
mod html;
mod hygiene;
mod identity;
mod idle;
mod instrument;
mod journals;
mod lab;
mod large_replies;
mod lasting;
mod late_confirmations;
mod live;
mod memory;
mod metrics;
mod moves;
mod netns;
mod network_faults;
mod observe;
mod otlp;
mod outages;
mod output;
mod pass_command;
mod permissions;
mod proxy;
mod proxy_orders;
mod proxy_tls;
mod quiet_changes;
mod readme;
mod record;
mod refusals;
mod resp2;
mod resp2_proxies;
mod sandbox;
mod sandbox_cli;
mod sentinel;
mod slowness;
mod spawn;
mod states;
mod subscribing;
mod targets;
mod terminal;
mod tls;
mod tls_changes;
mod tls_options;
mod trace;
mod vantage;
mod wait;
mod watch;
mod wire;
