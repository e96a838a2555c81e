//! The repository has what a newcomer expects, and its scripts run.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn there_is_a_changelog_with_a_place_for_the_next_change() {
    let text = fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    assert!(text.starts_with("# Changelog"));
    assert!(text.lines().any(|line| line.starts_with("## ")));
}

#[test]
fn shell_scripts_are_executable_and_parse() {
    let scripts = scripts_below(root());
    for expected in ["tests/run", "tests/deny", ".ci/run"] {
        assert!(scripts.contains(&root().join(expected)), "{expected} is missing");
    }
    for script in scripts {
        let mode = fs::metadata(&script).unwrap().permissions().mode();
        assert!(mode & 0o111 == 0o111, "not executable: {}", script.display());
        let check = Command::new("bash").arg("-n").arg(&script).output().unwrap();
        let complaint = String::from_utf8_lossy(&check.stderr);
        assert!(check.status.success(), "{}: {complaint}", script.display());
    }
}

#[test]
fn the_test_command_fails_clearly_where_it_cannot_install() {
    let machine = Machine::new();
    let output = machine.run_tests();
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{message}");
    assert!(message.contains("need redis-server"), "{message}");
    assert!(message.contains("by hand"), "{message}");

    machine.command("apt-get", "exit 100");
    let output = machine.run_tests();
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{message}");
    assert!(message.contains("the package manager failed"), "{message}");
}

#[test]
fn the_test_command_installs_a_server_with_any_package_manager_and_starts_no_service() {
    let apt = "sudo: env DEBIAN_FRONTEND=noninteractive apt-get install";
    for (manager, installs, expected) in [
        ("apt-get", "redis-check-rdb", apt),
        ("dnf", "valkey-server", "sudo: dnf install -y redis"),
        ("yum", "redis-server", "sudo: yum install -y redis"),
        ("apk", "redis-server", "sudo: apk add redis"),
        ("pacman", "valkey-server", "sudo: pacman -Sy --noconfirm --needed redis"),
        ("brew", "redis-server", "brew: install redis"),
    ] {
        let machine = Machine::new();
        let install = "printf '#!/bin/sh\\n' >\"$BIN/$program\"; chmod +x \"$BIN/$program\"";
        machine.command(
            manager,
            &format!("echo \"{manager}: $*\" >>\"$LOG\"; for program in redis-cli {installs}; do {install}; done"),
        );
        let output = machine.run_tests();
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{manager}: {message}");
        assert!(message.contains(&format!("with {manager}")), "{message}");
        let log = machine.log();
        assert!(log.contains(expected), "{manager}: {log}");
        assert!(!log.contains("service"), "{manager}: {log}");
        assert!(log.trim_end().ends_with("cargo: test"), "{manager}: {log}");
    }
}

#[test]
fn the_test_command_installs_what_root_needs_for_network_faults_and_goes_on_without() {
    for (manager, installs, expected) in [
        ("apt-get", "echo", "apt-get: install --yes --no-install-recommends iproute2 nftables"),
        ("dnf", "echo", "dnf: install -y iproute iproute-tc nftables"),
        ("yum", "echo", "yum: install -y iproute iproute-tc nftables"),
        ("apk", "echo", "apk: add iproute2 nftables"),
        ("pacman", "echo", "pacman: -Sy --noconfirm --needed iproute2 nftables"),
        ("pacman", "exit 1", "cargo: test"),
    ] {
        let machine = Machine::new();
        machine.command("id", "echo 0");
        for present in ["redis-server", "redis-cli"] {
            machine.command(present, "");
        }
        machine.command(manager, &format!("echo \"{manager}: $*\" >>\"$LOG\"; {installs}"));
        let output = machine.run_tests();
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{manager}: {message}");
        assert!(message.contains("installing iproute2 and nftables"), "{message}");
        assert_eq!(message.contains("real network faults will be skipped"), installs == "exit 1", "{message}");
        let log = machine.log();
        assert!(log.contains(expected), "{manager}: {log}");
        assert!(log.trim_end().ends_with("cargo: test"), "{manager}: {log}");
    }
}

#[test]
fn dependencies_are_never_left_unchecked_in_silence() {
    for (fails, code, expected) in [
        ("none", 0, "cargo: deny --locked --config tests/deny.toml --offline check advisories"),
        ("install", 3, "cargo: install"),
        ("fetch", 4, "cargo: deny --locked --config tests/deny.toml fetch db"),
        ("bans", 1, "check --hide-inclusion-graph bans licenses sources"),
    ] {
        let machine = Machine::new();
        machine.command("cargo", &format!("echo \"cargo: $*\" >>\"$LOG\"; case \"$*\" in *{fails}*) exit 1 ;; esac"));
        let output = machine.run("tests/deny");
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{fails}: {message}");
        assert!(machine.log().lines().last().unwrap().contains(expected), "{fails}: {}", machine.log());
        assert_eq!(message.contains("NOT checked"), fails == "fetch", "{message}");
    }
}

/// A directory that stands for a machine with hardly anything on it: no server, no package manager, a user who is not
/// root but has `sudo`, and a `cargo` that only notes its arguments.
struct Machine {
    directory: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        let machine = Self { directory: tempfile::tempdir().unwrap() };
        fs::create_dir(machine.bin()).unwrap();
        for tool in ["bash", "chmod", "dirname", "env", "ln", "mkdir", "rm"] {
            let question = format!("command -v {tool}");
            let found = Command::new("bash").args(["-c", &question]).output();
            let path = String::from_utf8(found.unwrap().stdout).unwrap();
            std::os::unix::fs::symlink(path.trim(), machine.bin().join(tool)).unwrap();
        }
        machine.command("cargo", "echo \"cargo: $*\" >>\"$LOG\"");
        machine.command("id", "echo 1000");
        machine.command("sudo", "shift; echo \"sudo: $*\" >>\"$LOG\"; exec \"$@\"");
        for tool in ["service", "systemctl", "rc-service"] {
            machine.command(tool, "echo \"service: $*\" >>\"$LOG\"");
        }
        machine
    }

    fn bin(&self) -> PathBuf {
        self.directory.path().join("bin")
    }

    fn command(&self, name: &str, script: &str) {
        let path = self.bin().join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    fn run_tests(&self) -> std::process::Output {
        self.run("tests/run")
    }

    fn run(&self, script: &str) -> std::process::Output {
        Command::new(root().join(script))
            .env_clear()
            .env("PATH", self.bin())
            .env("BIN", self.bin())
            .env("LOG", self.directory.path().join("log"))
            .env("CARGO_TARGET_DIR", self.directory.path().join("target"))
            .output()
            .unwrap()
    }
}

/// Files that name a shell as their interpreter, outside the build directory and hidden ones other than `.ci`.
fn scripts_below(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name == "target" || (name.starts_with('.') && name != ".ci") {
            continue;
        }
        if path.is_dir() {
            found.extend(scripts_below(&path));
        } else if is_shell_script(&path) {
            found.push(path);
        }
    }
    found
}

fn is_shell_script(path: &Path) -> bool {
    let bytes = fs::read(path).unwrap_or_default();
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let first = String::from_utf8_lossy(first);
    let interpreter = first.trim_end().ends_with("bash") || first.trim_end().ends_with("sh");
    path.extension().is_some_and(|extension| extension == "sh") || (first.starts_with("#!") && interpreter)
}
