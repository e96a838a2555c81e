//! Two machines in one: a pair of network namespaces joined by a cable, a redis-server in the one, and a firewall in
//! each to break the network between them in the way that firewalls, routers and radio links do.
//!
//! Everything stays inside the namespaces that a [`Lab`] makes; the addresses exist only there, so labs can run side
//! by side, and nothing of the host's network is touched. It needs root, `ip` and `tc` (iproute2) and `nft`
//! (nftables).

use std::ffi::OsStr;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{RedisServer, RedisServerBuilder, skipped};

const SERVER: Ipv4Addr = Ipv4Addr::new(10, 213, 0, 1);
const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 213, 0, 2);
/// Each end of the cable has this name in its namespace.
const LINK: &str = "cable";
/// The names of namespaces begin with this; the id of the test process follows.
const PREFIX: &str = "redis-doctor-test-";

/// How a firewall refuses a packet.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reject {
    /// With a TCP reset.
    Reset,
    /// With ICMP: host unreachable.
    HostUnreachable,
    /// With ICMP: net unreachable.
    NetUnreachable,
    /// With ICMP: port unreachable.
    PortUnreachable,
    /// With ICMP: communication administratively prohibited.
    AdminProhibited,
}

impl Reject {
    fn rule(self) -> &'static str {
        match self {
            Self::Reset => "reject with tcp reset",
            Self::HostUnreachable => "reject with icmp type host-unreachable",
            Self::NetUnreachable => "reject with icmp type net-unreachable",
            Self::PortUnreachable => "reject with icmp type port-unreachable",
            Self::AdminProhibited => "reject with icmp type admin-prohibited",
        }
    }
}

/// A network namespace with one address and a firewall that lets everything in. It goes with this value.
pub(crate) struct Namespace {
    name: String,
    address: Ipv4Addr,
}

impl Namespace {
    fn create(role: &str, address: Ipv4Addr) -> Result<Self, String> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}{}-{number}-{role}", std::process::id());
        ip(&["netns", "add", &name])?;
        Ok(Self { name, address })
    }

    /// Removes what a test process left that was killed. (One that lives keeps its own.)
    fn sweep() {
        let names = ip(&["netns", "list"]).unwrap_or_default();
        let names = names.lines().filter_map(|line| line.split(' ').next());
        for name in names {
            let owner = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
            if owner.is_some_and(|pid| pid.parse::<u32>().is_ok() && !Path::new("/proc").join(pid).exists()) {
                drop(ip(&["netns", "delete", name]));
            }
        }
    }

    /// Gives the namespace its end of the cable, its address and its firewall.
    fn furnish(&self) -> Result<(), String> {
        let address = format!("{}/24", self.address);
        ip(&["-n", &self.name, "address", "add", &address, "dev", LINK])?;
        ip(&["-n", &self.name, "link", "set", "lo", "up"])?;
        self.link("up")?;
        // The kernel sends one ICMP error a second; a router with a rate limit would make the tests a matter of luck.
        self.run("sh", &["-c", "echo 0 >/proc/sys/net/ipv4/icmp_ratelimit"])?;
        self.nft("add table ip lab; add chain ip lab arriving { type filter hook input priority 0; }")
    }

    /// Its name, as `ip netns` has it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Its address.
    pub(crate) fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// A program to be run in the namespace of this name: the process is the program itself, not a wrapper.
    pub(crate) fn command(name: &str, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", name]).arg(program);
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<String, String> {
        output_of(Self::command(&self.name, program).args(arguments))
    }

    fn nft(&self, script: &str) -> Result<(), String> {
        self.run("nft", &[script]).map(drop)
    }

    fn link(&self, state: &str) -> Result<(), String> {
        ip(&["-n", &self.name, "link", "set", LINK, state]).map(drop)
    }

    /// Adds a rule for arriving packets.
    #[track_caller]
    fn rule(&self, matching: &str, what: &str) {
        self.nft(&format!("add rule ip lab arriving {matching} counter {what}")).unwrap();
    }

    /// How many packets have met a rule.
    fn hits(&self) -> u64 {
        let rules = self.run("nft", &["list chain ip lab arriving"]).unwrap();
        let counts = rules.split(" packets ").skip(1).filter_map(|rest| rest.split(' ').next()?.parse::<u64>().ok());
        counts.sum()
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // Whatever is wrong with it, a test that fails for another reason should show that one.
        drop(ip(&["netns", "delete", &self.name]));
    }
}

/// A server and a client with a network between them that can be broken.
pub(crate) struct Lab {
    /// The server, in a namespace of its own. (Dropped first: it runs in there.)
    pub(crate) server: RedisServer,
    server_side: Namespace,
    client_side: Namespace,
}

impl Lab {
    /// A lab with a server; `None` where there can be none, which the first caller reports.
    #[track_caller]
    pub(crate) fn start() -> Option<Self> {
        Self::with(RedisServer::builder())
    }

    /// The same with a server that has options.
    #[track_caller]
    pub(crate) fn with(server: RedisServerBuilder) -> Option<Self> {
        if !Self::can_be() {
            return None;
        }
        let (server_side, client_side) = Self::namespaces().unwrap();
        let server = server.inside(&server_side).start();
        // A cable that has just been plugged in may lose its first packets, which TCP sends again after a second.
        let cli = server.cli();
        let greeting =
            Namespace::command(&client_side.name, cli.get_program()).args(cli.get_args()).arg("PING").output();
        assert!(greeting.is_ok_and(|greeting| greeting.status.success()), "the two sides do not reach each other");
        Some(Self { server, server_side, client_side })
    }

    /// True if there can be a lab here. If not, the first call reports why.
    fn can_be() -> bool {
        static MISSING: OnceLock<Option<String>> = OnceLock::new();
        let missing = MISSING
            .get_or_init(|| Self::find_missing().inspect(|why| skipped("all tests with real network faults", why)));
        missing.is_none()
    }

    fn find_missing() -> Option<String> {
        if !rustix::process::geteuid().is_root() {
            return Some("network namespaces need root".to_owned());
        }
        Namespace::sweep();
        let version = |tool: &str, flag: &str| output_of(Command::new(tool).arg(flag)).err();
        version("ip", "-V")
            .or_else(|| version("tc", "-V"))
            .or_else(|| version("nft", "-v"))
            .or_else(|| Self::namespaces().err())
    }

    fn namespaces() -> Result<(Namespace, Namespace), String> {
        let server = Namespace::create("server", SERVER)?;
        let client = Namespace::create("client", CLIENT)?;
        let peer = ["type", "veth", "peer", "name", LINK, "netns", &client.name];
        ip(&[&["-n", &server.name, "link", "add", LINK], peer.as_slice()].concat())?;
        server.furnish()?;
        client.furnish()?;
        Ok((server, client))
    }

    /// Where the client is.
    pub(crate) fn client_side(&self) -> &Namespace {
        &self.client_side
    }

    /// Where the server is.
    pub(crate) fn server_side(&self) -> &Namespace {
        &self.server_side
    }

    fn flow(&self, client: SocketAddr) -> String {
        let server = self.server.address();
        format!(
            "ip saddr {} ip daddr {} tcp sport {} tcp dport {}",
            client.ip(),
            server.ip(),
            client.port(),
            server.port()
        )
    }

    fn flow_back(&self, client: SocketAddr) -> String {
        let server = self.server.address();
        format!(
            "ip saddr {} ip daddr {} tcp sport {} tcp dport {}",
            server.ip(),
            client.ip(),
            server.port(),
            client.port()
        )
    }

    /// Packets of this one connection vanish, both ways; others pass.
    #[track_caller]
    pub(crate) fn drop_flow(&self, client: SocketAddr) {
        self.server_side.rule(&self.flow(client), "drop");
        self.client_side.rule(&self.flow_back(client), "drop");
    }

    /// What the client sends on this one connection vanishes; the server is still heard.
    #[track_caller]
    pub(crate) fn drop_to_server(&self, client: SocketAddr) {
        self.server_side.rule(&self.flow(client), "drop");
    }

    /// What the server sends on this one connection vanishes; the client is still heard.
    #[track_caller]
    pub(crate) fn drop_to_client(&self, client: SocketAddr) {
        self.client_side.rule(&self.flow_back(client), "drop");
    }

    /// Drops packets of more than so many bytes, both ways, without an ICMP error: an MTU black hole.
    #[track_caller]
    pub(crate) fn drop_longer_than(&self, bytes: u32) {
        for side in [&self.server_side, &self.client_side] {
            side.rule(&format!("ip length > {bytes}"), "drop");
        }
    }

    /// New connections vanish; established ones pass.
    #[track_caller]
    pub(crate) fn drop_new(&self) {
        self.server_side.rule("tcp flags & (syn | ack) == syn", "drop");
    }

    /// The client's route to the server is of this type: `unreachable`, `prohibit` or `blackhole`.
    #[track_caller]
    pub(crate) fn client_route(&self, kind: &str) {
        ip(&["-n", &self.client_side.name, "route", "add", kind, &format!("{SERVER}/32")]).unwrap();
    }

    /// Everything vanishes, both ways, new connections as well.
    #[track_caller]
    pub(crate) fn drop_all(&self) {
        self.server_side.rule(&format!("ip saddr {CLIENT}"), "drop");
        self.client_side.rule(&format!("ip saddr {SERVER}"), "drop");
    }

    /// The client's packets of this one connection are refused in front of the server, which hears nothing of it.
    #[track_caller]
    pub(crate) fn reject_flow(&self, client: SocketAddr, how: Reject) {
        self.server_side.rule(&self.flow(client), how.rule());
    }

    /// The same for packets with data only. A bare acknowledgement would meet the refusal at a moment when no command
    /// is in flight, and the library does not pass on what it read then.
    #[track_caller]
    pub(crate) fn reject_data(&self, client: SocketAddr, how: Reject) {
        self.server_side.rule(&format!("{} tcp flags & psh == psh", self.flow(client)), how.rule());
    }

    /// New connections are refused in front of the server; established ones pass.
    #[track_caller]
    pub(crate) fn reject_new(&self, how: Reject) {
        self.server_side.rule("tcp flags & (syn | ack) == syn", how.rule());
    }

    /// One of so many packets is lost, in each direction: a steady loss, the same in every run.
    #[track_caller]
    pub(crate) fn lose_one_in(&self, packets: u32) {
        for side in [&self.server_side, &self.client_side] {
            side.rule(&format!("meta l4proto tcp numgen inc mod {packets} == 0"), "drop");
        }
    }

    /// What the server sends goes through a line of this rate (`80kbit`), with a buffer of two seconds.
    #[track_caller]
    pub(crate) fn throttle(&self, rate: &str) {
        self.shape(&["tbf", "rate", rate, "burst", "2000", "latency", "2s"]).unwrap();
    }

    /// What the server sends arrives late, and some of it never; fails where the kernel has no `netem`.
    pub(crate) fn delay(&self, delay: &str, loss: &str) -> Result<(), String> {
        self.shape(&["netem", "delay", delay, "loss", loss])
    }

    fn shape(&self, how: &[&str]) -> Result<(), String> {
        let arguments = [&["qdisc", "replace", "dev", LINK, "root"], how].concat();
        self.server_side.run("tc", &arguments).map(drop)
    }

    /// Takes the server's interface down.
    #[track_caller]
    pub(crate) fn server_link_down(&self) {
        self.server_side.link("down").unwrap();
    }

    /// Takes the client's own interface down.
    #[track_caller]
    pub(crate) fn client_link_down(&self) {
        self.client_side.link("down").unwrap();
    }

    /// How many packets the present rules have caught.
    pub(crate) fn caught(&self) -> u64 {
        self.server_side.hits() + self.client_side.hits()
    }

    /// The network is whole again.
    #[track_caller]
    pub(crate) fn heal(&self) {
        for side in [&self.server_side, &self.client_side] {
            side.nft("flush chain ip lab arriving").unwrap();
            side.link("up").unwrap();
        }
        // There is none to delete unless a test has changed the route or shaped the traffic.
        drop(ip(&["-n", &self.client_side.name, "route", "delete", &format!("{SERVER}/32")]));
        drop(self.server_side.run("tc", &["qdisc", "delete", "dev", LINK, "root"]));
    }
}

fn ip(arguments: &[&str]) -> Result<String, String> {
    output_of(Command::new("ip").args(arguments))
}

/// The output of a program; a failure panics with its command line and its errors.
fn output_of(command: &mut Command) -> Result<String, String> {
    let asked = format!("{command:?}").replace('"', "");
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{asked}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("{asked}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}
