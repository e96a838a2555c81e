//! A real redis-server (or valkey-server) of its own for a test: own port, own directory, nothing saved.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::program::{Program, Release, program};
use super::{Certificates, Namespace, RawClient, Target, Value, eventually, free_port, skipped};

const START_LIMIT: Duration = Duration::from_secs(15);
/// Another process may take a port between our look at it and the server's bind.
const START_ATTEMPTS: usize = 5;
/// Lines of the server's log that a failing test shows.
const LOG_SHOWN: usize = 60;

/// How a server is to be started; every method returns the builder.
pub(crate) struct Builder {
    lines: Vec<String>,
    admin: Vec<String>,
    credentials: String,
    tls: Option<Tls>,
    unix_socket: bool,
    snapshots_fail: bool,
    sentinel: bool,
    namespace: Option<String>,
    host: IpAddr,
    port: Option<u16>,
}

/// The certificate of a server with TLS.
enum Tls {
    Own,
    Shared(Arc<Certificates>),
}

impl Builder {
    /// One line of redis.conf, such as `config("maxclients", "3")`; quote values that hold spaces.
    pub(crate) fn config(mut self, name: &str, value: &str) -> Self {
        self.lines.push(format!("{name} {value}"));
        self
    }

    /// Asks every client for this password; [`RedisServer::url`] carries it.
    pub(crate) fn requirepass(mut self, password: &str) -> Self {
        self.admin = vec!["AUTH".to_owned(), password.to_owned()];
        self.credentials = format!(":{password}@");
        self.config("requirepass", password)
    }

    /// An ACL user, such as `acl("worker on >secret ~* &* +ping")`. The default user, which the harness uses for
    /// its own commands, stays.
    pub(crate) fn acl(self, rule: &str) -> Self {
        self.config("user", rule)
    }

    /// Clients the server admits; the harness itself is one of them.
    pub(crate) fn maxclients(self, count: usize) -> Self {
        self.config("maxclients", &count.to_string())
    }

    /// Permits DEBUG, which a server before Redis 7.0 always does.
    pub(crate) fn debug_commands(self) -> Self {
        if Program::choose(self.tls.is_some()).release.has(7, 0) {
            self.config("enable-debug-command", "yes")
        } else {
            self
        }
    }

    /// Permits DEBUG RELOAD, and listens after each key that it loads; a server before Redis 7.0 does so only after 2 MiB.
    pub(crate) fn loading_slowly(self) -> Option<Self> {
        let listens = Program::choose(self.tls.is_some()).release.has(7, 0);
        listens.then(|| self.debug_commands().config("loading-process-events-interval-bytes", "1024"))
    }

    /// Listens on a Unix socket, too: see [`RedisServer::unix_socket`].
    pub(crate) fn unix_socket(mut self) -> Self {
        self.unix_socket = true;
        self
    }

    /// A Sentinel that watches no primary.
    pub(crate) fn sentinel(mut self) -> Self {
        self.sentinel = true;
        self
    }

    /// Listens with TLS on a second port, to which `url` and `address` then point.
    pub(crate) fn tls(mut self) -> Self {
        self.tls = Some(Tls::Own);
        self
    }

    /// The same with a certificate that it shares with other servers, to which it connects with TLS, too.
    pub(crate) fn tls_between(mut self, certificates: &Arc<Certificates>) -> Self {
        self.tls = Some(Tls::Shared(Arc::clone(certificates)));
        self.config("tls-replication", "yes")
    }

    /// Listens in a network namespace at its address instead of on loopback. The harness' own commands, which cannot
    /// get in there, go over the Unix socket.
    pub(crate) fn inside(mut self, namespace: &Namespace) -> Self {
        (self.namespace, self.host) = (Some(namespace.name().to_owned()), namespace.address().into());
        self.unix_socket().config("protected-mode", "no")
    }

    /// Listens at another loopback address (127.0.0.2 …, ::1) than 127.0.0.1.
    pub(crate) fn at(mut self, host: impl Into<IpAddr>) -> Self {
        self.host = host.into();
        self
    }

    /// Listens on the port of another server, which is at another address or has ended.
    pub(crate) fn on_the_port_of(mut self, other: &RedisServer) -> Self {
        self.port = Some(other.plain_port);
        self
    }

    /// Has snapshots, all of which fail: a directory has the name of the file.
    pub(crate) fn snapshots_fail(mut self) -> Self {
        self.snapshots_fail = true;
        self.config("save", "3600 1").config("dbfilename", "taken")
    }

    /// Starts the server and returns when it has answered.
    #[track_caller]
    pub(crate) fn start(self) -> RedisServer {
        let mut last = String::new();
        for _ in 0..START_ATTEMPTS {
            match self.try_start() {
                Ok(server) => return server,
                Err(log) => last = log,
            }
            if !last.contains("in use") {
                break;
            }
        }
        panic!("redis-server does not start:\n{last}");
    }

    fn try_start(&self) -> Result<RedisServer, String> {
        let directory = TempDir::with_prefix("redis-doctor-test-").unwrap();
        let plain_port = self.port.unwrap_or_else(free_port);
        let host = self.host;
        let mut config = format!(
            "port {plain_port}\nbind {host}\nsave \"\"\nappendonly no\ndaemonize no\ndir {}\n",
            directory.path().display()
        );
        let mut tls = None;
        if let Some(tls_of) = &self.tls {
            let certificates = match tls_of {
                Tls::Own => Arc::new(Certificates::create(directory.path(), &["localhost", "127.0.0.1"])),
                Tls::Shared(certificates) => Arc::clone(certificates),
            };
            let port = free_port();
            writeln!(
                config,
                "tls-port {port}\ntls-auth-clients no\ntls-cert-file {}\ntls-key-file {}\ntls-ca-cert-file {}",
                certificates.certificate.display(),
                certificates.key.display(),
                certificates.authority.display()
            )
            .unwrap();
            tls = Some((port, certificates));
        }
        let socket = directory.path().join("redis.sock");
        if self.unix_socket {
            writeln!(config, "unixsocket {}", socket.display()).unwrap();
        }
        config.push_str(&self.lines.join("\n"));
        config.push('\n');
        fs::write(directory.path().join("redis.conf"), config).unwrap();

        let mut server = RedisServer {
            host,
            namespace: self.namespace.clone(),
            plain_port,
            tls,
            socket: self.unix_socket.then_some(socket),
            sentinel: self.sentinel,
            admin_login: self.admin.clone(),
            credentials: self.credentials.clone(),
            admin: Mutex::new(None),
            own_config_gets: 0,
            log: Arc::default(),
            process: None,
            directory,
        };
        server.launch()?;
        if self.snapshots_fail {
            // Only now: at its start it would take this for its data.
            fs::create_dir(server.directory.path().join("taken")).unwrap();
        }
        Ok(server)
    }
}

/// A primary with replicas, and the Sentinels that watch it as `mymaster` and have found each other.
pub(crate) struct SentinelSet {
    pub(crate) primary: RedisServer,
    pub(crate) replicas: Vec<RedisServer>,
    pub(crate) sentinels: Vec<RedisServer>,
}

impl SentinelSet {
    #[track_caller]
    pub(crate) fn start(replicas: usize, sentinels: usize) -> Self {
        Self::start_with(replicas, sentinels, RedisServer::builder, RedisServer::builder)
    }

    /// The same with options for the servers and for the Sentinels.
    #[track_caller]
    pub(crate) fn start_with(
        replicas: usize,
        sentinels: usize,
        server: impl Fn() -> Builder,
        sentinel: impl Fn() -> Builder,
    ) -> Self {
        let server = || server().config("repl-diskless-sync-delay", "0");
        let primary = server().start();
        let port = primary.port().to_string();
        let host = primary.host.to_string();
        let replica = |_| server().config("replicaof", &format!("{host} {port}")).start();
        let replicas: Vec<_> = (0..replicas).map(replica).collect();
        let online = || primary.command(["INFO", "replication"]).matches("state=online").count() == replicas.len();
        eventually("the replicas to be online", START_LIMIT, online);
        let quorum = (sentinels / 2 + 1).to_string();
        let sentinels: Vec<_> = (0..sentinels).map(|_| sentinel().sentinel().start()).collect();
        for sentinel in &sentinels {
            sentinel.command(["SENTINEL", "MONITOR", "mymaster", &host, &port, &quorum]);
            for (name, value) in [("down-after-milliseconds", "500"), ("failover-timeout", "5000")] {
                sentinel.command(["SENTINEL", "SET", "mymaster", name, value]);
            }
        }
        let set = Self { primary, replicas, sentinels };
        let knows = |sentinel: &RedisServer, what: &str, count: usize| {
            let reply = sentinel.command(["SENTINEL", what, "mymaster"]);
            reply.matches("down-after-milliseconds").count() == count
        };
        eventually("the Sentinels to know each other and the replicas", START_LIMIT, || {
            set.sentinels.iter().all(|sentinel| {
                knows(sentinel, "SENTINELS", set.sentinels.len() - 1) && knows(sentinel, "REPLICAS", set.replicas.len())
            })
        });
        set
    }

    /// The flags that name it.
    pub(crate) fn flags(&self) -> [String; 4] {
        ["--sentinel".into(), self.sentinels[0].address().to_string(), "--master".into(), "mymaster".into()]
    }
}

/// The last command of a connection that queries the state of a server, as CLIENT LIST has it.
const QUERIES: [&str; 6] = [" cmd=info", " cmd=config", " cmd=client", " cmd=slowlog", " cmd=latency", " cmd=time"];

/// After this time, and an election, a failed primary is replaced; on a busy machine, a node may not run for a second.
pub(crate) const NODE_TIMEOUT: Duration = Duration::from_secs(2);

/// A node of a cluster of its own, without slots; `None` for a server that cannot place its cluster bus.
#[track_caller]
pub(crate) fn cluster_node() -> Option<RedisServer> {
    if !Program::choose(false).release.has(7, 0) {
        skipped("a node of a cluster", "this one has no cluster-port, and port + 10000 may not exist");
        return None;
    }
    let bus = free_port().to_string();
    let server = RedisServer::builder().config("cluster-enabled", "yes").config("cluster-port", &bus);
    Some(server.config("cluster-node-timeout", &NODE_TIMEOUT.as_millis().to_string()).start())
}

/// Makes a node a replica of another one, and waits until it may replace that.
#[track_caller]
pub(crate) fn replicate(primary: &RedisServer, replica: &RedisServer) {
    let id = primary.command(["CLUSTER", "MYID"]);
    meet(primary, replica);
    eventually("the replica to know its primary", START_LIMIT, || replica.command(["CLUSTER", "NODES"]).contains(&id));
    replica.command(["CLUSTER", "REPLICATE", &id]);
    let synced = || replica.command(["INFO", "replication"]).contains("master_link_status:up");
    eventually("the replica to copy its primary", 2 * START_LIMIT, synced);
}

/// Makes a cluster of nodes, in which each has its share of the slots.
#[track_caller]
pub(crate) fn join_cluster(nodes: &[RedisServer]) {
    let bound = |number: usize| 16_384 * number / nodes.len();
    for (number, node) in nodes.iter().enumerate() {
        let (first, last) = (bound(number).to_string(), (bound(number + 1) - 1).to_string());
        node.command(["CLUSTER", "ADDSLOTSRANGE", &first, &last]);
        if number > 0 {
            meet(&nodes[0], node);
        }
    }
    let whole = |node: &RedisServer| {
        let info = node.command(["CLUSTER", "INFO"]);
        info.contains("cluster_state:ok") && info.contains(&format!("cluster_known_nodes:{}\r", nodes.len()))
    };
    eventually("the nodes to be one cluster", 2 * START_LIMIT, || nodes.iter().all(whole));
}

/// Tells a node of a cluster about another one.
#[track_caller]
pub(crate) fn meet(node: &RedisServer, other: &RedisServer) {
    let (host, port) = (other.host.to_string(), other.port().to_string());
    let bus = other.command(["CONFIG", "GET", "cluster-port"]);
    node.command(["CLUSTER", "MEET", &host, &port, bus.split_ascii_whitespace().last().unwrap()]);
}

/// A running server; it ends, and its directory goes, with this value. A failing test shows the end of its log.
pub(crate) struct RedisServer {
    host: IpAddr,
    namespace: Option<String>,
    plain_port: u16,
    tls: Option<(u16, Arc<Certificates>)>,
    socket: Option<PathBuf>,
    sentinel: bool,
    admin_login: Vec<String>,
    credentials: String,
    admin: Mutex<Option<RawClient>>,
    /// Calls of CONFIG GET when it was ready.
    own_config_gets: u64,
    log: Arc<Log>,
    process: Option<Child>,
    directory: TempDir,
}

/// A server that reads its data set, slowed down by the test.
pub(crate) struct Loading {
    reloader: RawClient,
    asker: RawClient,
}

impl Loading {
    /// Lets it read the rest at once.
    pub(crate) fn hurry(&mut self) {
        self.asker.call(["CONFIG", "SET", "key-load-delay", "0"]).unwrap();
    }

    /// Waits until everything is loaded again.
    pub(crate) fn finish(mut self) {
        self.reloader.patience(Duration::from_secs(20));
        self.reloader.read().unwrap();
    }
}

impl RedisServer {
    /// A server with nothing special.
    #[track_caller]
    pub(crate) fn start() -> Self {
        Self::builder().start()
    }

    /// A server with options.
    pub(crate) fn builder() -> Builder {
        Builder {
            lines: Vec::new(),
            admin: Vec::new(),
            credentials: String::new(),
            tls: None,
            unix_socket: false,
            snapshots_fail: false,
            sentinel: false,
            namespace: None,
            host: Ipv4Addr::LOCALHOST.into(),
            port: None,
        }
    }

    /// The port under test: the one with TLS where there is one.
    pub(crate) fn port(&self) -> u16 {
        self.tls.as_ref().map_or(self.plain_port, |(port, _)| *port)
    }

    /// The address under test.
    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from((self.host, self.port()))
    }

    /// The server's own directory, where it saves.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The address without TLS, which every server has, for the harness' own commands.
    pub(crate) fn plain_address(&self) -> SocketAddr {
        SocketAddr::from((self.host, self.plain_port))
    }

    /// The Unix socket asked for with [`Builder::unix_socket`].
    #[track_caller]
    pub(crate) fn unix_socket(&self) -> &Path {
        self.socket.as_deref().expect("built without unix_socket()")
    }

    /// The certificates made by [`Builder::tls`].
    #[track_caller]
    pub(crate) fn certificates(&self) -> &Certificates {
        &self.tls.as_ref().expect("built without tls()").1
    }

    /// The server's process id.
    #[track_caller]
    pub(crate) fn pid(&self) -> u32 {
        self.process.as_ref().expect("the server is down").id()
    }

    /// What the server has logged so far, over all its restarts.
    pub(crate) fn log(&self) -> String {
        self.log.text()
    }

    /// Runs a command on the harness' own connection and returns its reply as text; an error reply fails the test.
    /// That connection is named `harness` in CLIENT LIST and never has TLS.
    #[track_caller]
    pub(crate) fn command<A: AsRef<[u8]>>(&self, arguments: impl IntoIterator<Item = A>) -> String {
        match self.try_command(arguments) {
            Value::Error(text) => panic!("the server answered with an error: {text}"),
            value => value.text(),
        }
    }

    /// Like [`Self::command`], with the reply as it came.
    #[track_caller]
    pub(crate) fn try_command<A: AsRef<[u8]>>(&self, arguments: impl IntoIterator<Item = A>) -> Value {
        let arguments: Vec<Vec<u8>> = arguments.into_iter().map(|a| a.as_ref().to_vec()).collect();
        let mut admin = self.admin.lock().unwrap();
        if let Some(Ok(value)) = admin.as_mut().map(|client| client.call(&arguments)) {
            return value;
        }
        // The server restarted, or it ended an idle connection (`timeout`).
        let client = admin.insert(self.admin_connection().expect("the server takes no connection"));
        client.call(&arguments).expect("the server does not answer")
    }

    /// redis-cli (or valkey-cli) pointed at this server, for the test to add arguments to.
    pub(crate) fn cli(&self) -> Command {
        let mut command = Command::new(program("cli"));
        command.args(["-u", &self.url()]);
        if let Some((_, certificates)) = &self.tls {
            command.arg("--cacert").arg(&certificates.authority);
        }
        command
    }

    /// Sends a command on a connection of its own and does not wait for the reply, which may take long.
    #[track_caller]
    pub(crate) fn begin<A: AsRef<[u8]>>(&self, arguments: impl IntoIterator<Item = A>) -> RawClient {
        let mut client = self.admin_connection().unwrap();
        client.send(arguments).unwrap();
        client
    }

    /// Lines of CLIENT LIST without the harness' own.
    #[track_caller]
    pub(crate) fn clients(&self) -> Vec<String> {
        let list = self.command(["CLIENT", "LIST"]);
        let others = list.lines().filter(|line| !line.contains(" name=harness "));
        others.map(str::to_owned).collect()
    }

    /// Ends the server at once, as the kernel's out-of-memory killer does.
    #[track_caller]
    pub(crate) fn kill9(&mut self) {
        let mut process = self.process.take().expect("the server is down already");
        process.kill().unwrap();
        process.wait().unwrap();
        *self.admin.lock().unwrap() = None;
    }

    /// Ends the server in order, as an operator does.
    #[track_caller]
    pub(crate) fn shut_down(&mut self) {
        let asked = self.admin.get_mut().unwrap().take().map(|mut client| client.send(["SHUTDOWN", "NOSAVE"]));
        asked.expect("the server is down already").unwrap();
        self.process.take().expect("the server is down already").wait().unwrap();
    }

    /// Starts the server again where it was; it must have ended.
    #[track_caller]
    pub(crate) fn restart_same_port(&mut self) {
        assert!(self.process.is_none(), "the server is still up");
        if let Err(log) = self.launch() {
            panic!("redis-server does not start again:\n{log}");
        }
    }

    /// Has it read a data set again, so many microseconds for each key, and returns when it says so. It must have been
    /// made [`Builder::loading_slowly`].
    #[track_caller]
    pub(crate) fn begin_loading(&self, each: u32) -> Loading {
        self.command(["DEBUG", "POPULATE", "1000", "key", "2000"]);
        self.command(["CONFIG", "SET", "key-load-delay", &each.to_string()]);
        let mut reloader = RawClient::connect(self.address()).unwrap();
        reloader.send(["DEBUG", "RELOAD"]).unwrap();
        let mut asker = RawClient::connect(self.address()).unwrap();
        eventually("the server to be loading", Duration::from_secs(10), || {
            asker.call(["PING"]).unwrap().text().starts_with("LOADING")
        });
        Loading { reloader, asker }
    }

    /// Waits until the server has ended after a signal or a command.
    #[track_caller]
    pub(crate) fn wait_for_end(&mut self) {
        let process = self.process.as_mut().expect("the server is down already");
        eventually("the end of the server", Duration::from_secs(20), || process.try_wait().unwrap().is_some());
        self.process = None;
        *self.admin.get_mut().unwrap() = None;
    }

    /// Sends a signal to the server and waits until it has ended.
    #[track_caller]
    pub(crate) fn end_by(&mut self, signal: Signal) {
        self.signal(signal);
        self.wait_for_end();
    }

    /// Sends a command that ends the server instead of being answered, and waits for the end.
    #[track_caller]
    pub(crate) fn end_with<A: AsRef<[u8]>>(&mut self, arguments: impl IntoIterator<Item = A>) {
        self.admin_connection().unwrap().send(arguments).unwrap();
        self.wait_for_end();
    }

    /// Freezes the server: connections stay, nothing is answered.
    #[track_caller]
    pub(crate) fn sigstop(&self) {
        self.signal(Signal::STOP);
    }

    /// Thaws it.
    #[track_caller]
    pub(crate) fn sigcont(&self) {
        self.signal(Signal::CONT);
    }

    /// Sends a signal to the server.
    #[track_caller]
    pub(crate) fn signal(&self, signal: Signal) {
        let process = self.process.as_ref().expect("the server is down");
        kill_process(Pid::from_child(process), signal).unwrap();
    }

    /// Which server it is, for tests that rest on what a version can do.
    pub(crate) fn release(&self) -> &'static Release {
        &Program::choose(self.tls.is_some()).release
    }

    /// How often CONFIG (before Redis 7.0) or CONFIG GET was called or refused since the server was ready. Modules that
    /// come with a server may have asked before.
    #[track_caller]
    pub(crate) fn config_gets(&self) -> u64 {
        self.count_config_gets() - self.own_config_gets
    }

    /// Waits until redis-doctor has queried the state of the server for the first time, and has read the answers: its
    /// connection for that is closed.
    #[track_caller]
    pub(crate) fn wait_until_queried(&self) {
        let queries = |client: &String| QUERIES.iter().any(|query| client.contains(query));
        let is_queried = || self.config_gets() > 0 && !self.clients().iter().any(queries);
        eventually("the first query of the server's state", Duration::from_secs(20), is_queried);
    }

    fn count_config_gets(&self) -> u64 {
        let name = if self.release().has(7, 0) { "cmdstat_config|get:" } else { "cmdstat_config:" };
        let stats = self.command(["INFO", "commandstats"]);
        let line = stats.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        let counts = line.trim_end().split(',').filter_map(|field| field.split_once('='));
        counts
            .filter(|(name, _)| ["calls", "rejected_calls"].contains(name))
            .map(|(_, n)| n.parse::<u64>().unwrap())
            .sum()
    }

    fn admin_connection(&self) -> std::io::Result<RawClient> {
        let mut client = match &self.namespace {
            Some(_) => RawClient::connect_unix(self.unix_socket())?,
            None => RawClient::connect(self.plain_address())?,
        };
        if !self.admin_login.is_empty() {
            client.call(&self.admin_login)?;
        }
        client.call(["CLIENT", "SETNAME", "harness"])?;
        Ok(client)
    }

    /// Starts the process and waits for its own word that it is ready, then for an answer to a PING. (An answer
    /// alone could be another server's.)
    fn launch(&mut self) -> Result<(), String> {
        let mut command = match &self.namespace {
            Some(name) => Namespace::command(name, &Program::choose(self.tls.is_some()).path),
            None => Command::new(&Program::choose(self.tls.is_some()).path),
        };
        let mut process = command
            .arg(self.directory.path().join("redis.conf"))
            .args(self.sentinel.then_some("--sentinel"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{error}: is redis-server installed? `tests/run` does it"))?;
        let ready = self.log.follow(process.stdout.take().unwrap());
        if !ready {
            drop(process.kill());
            drop(process.wait());
            return Err(self.log.text());
        }
        self.process = Some(process);
        let mut client = self.admin_connection().map_err(|error| error.to_string())?;
        client.call(["PING"]).map_err(|error| error.to_string())?;
        *self.admin.get_mut().unwrap() = Some(client);
        self.own_config_gets = self.count_config_gets();
        Ok(())
    }
}

impl Target for RedisServer {
    fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "rediss" } else { "redis" };
        format!("{scheme}://{}{}", self.credentials, self.address())
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            drop(process.kill());
            drop(process.wait());
        }
        if thread::panicking() {
            let log = self.log.text();
            let lines: Vec<_> = log.lines().collect();
            let tail = &lines[lines.len().saturating_sub(LOG_SHOWN)..];
            eprintln!("--- log of redis-server on port {} ---", self.port());
            eprintln!("{}", tail.join("\n"));
        }
    }
}

/// The standard output of the server and its restarts, collected by a thread for each.
#[derive(Default)]
struct Log {
    text: Mutex<String>,
}

impl Log {
    fn text(&self) -> String {
        self.text.lock().unwrap().clone()
    }

    /// Collects the output of one more process; true when that process says that it is ready, false when it ends
    /// before that, or is too slow.
    fn follow(self: &Arc<Self>, output: ChildStdout) -> bool {
        let (ready, is_ready) = mpsc::channel();
        let log = Arc::clone(self);
        thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line);
                let mut text = log.text.lock().unwrap();
                text.push_str(&line);
                text.push('\n');
                if line.contains("eady to accept connections") || line.contains("Sentinel ID is") {
                    // Nobody listens after the first time.
                    let _ = ready.send(());
                }
            }
        });
        is_ready.recv_timeout(START_LIMIT).is_ok()
    }
}
