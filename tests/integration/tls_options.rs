//! The TLS flags of redis-cli: each used right, for the connection under test and beside it, and each used wrong.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::harness::{Authority, Doctor, Issued, Output, RedisServer};

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The server by host and port, without a scheme.
fn flags<'a>(port: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["--tls", "-h", "127.0.0.1", "-p", port], more].concat()
}

/// Each command that makes connections: three with redis-rs, three without.
fn every_command(flags: &[&str], check: impl Fn(&str, &Output)) {
    for command in [
        &["ping", "-c", "2", "-i", "0"][..],
        &["ping", "-c", "2", "-i", "0", "--protocol", "resp2"],
        &["soak", "-d", "300ms"],
        &["soak", "-d", "300ms", "--policy", "bare", "--fault", "latency=1ms"],
        &["check"],
        &["wait", "--timeout", "5s"],
        &["idle", "--steps", "100ms,200ms"],
    ] {
        let run = Doctor::new(command.iter().chain(flags).copied()).within(Duration::from_secs(30)).run();
        check(&command.join(" "), &run);
    }
}

#[track_caller]
fn refused(flags: &[&str], parts: &[&str]) {
    let run = Doctor::new([&["ping", "-c", "1"], flags].concat()).run();
    run.code(3).stdout_is_empty();
    let words = run.stderr().split_whitespace().collect::<Vec<_>>().join(" ");
    parts.iter().for_each(|part| assert!(words.contains(part), "{part}: {words}"));
}

#[test]
fn an_authority_in_a_file_or_a_directory_is_trusted_by_every_command() {
    let server = RedisServer::builder().tls().start();
    let port = server.port().to_string();
    let authority = &server.certificates().authority;
    every_command(&flags(&port, &["--cacert", path(authority)]), |command, run| {
        assert!(matches!(run.exit_code(), Some(0 | 1)), "{command}: {}{}", run.stdout(), run.stderr());
    });
    let directory = tempfile::tempdir().unwrap();
    fs::copy(authority, directory.path().join("ours.pem")).unwrap();
    fs::write(directory.path().join("README"), "not a certificate").unwrap();
    let ping = [&["ping", "-c", "1"], &flags(&port, &["--cacertdir", path(directory.path())])[..]].concat();
    Doctor::new(ping).run().code(0).stderr_contains("rediss://127.0.0.1");
    for url in [
        format!("rediss://127.0.0.1:{port}"),
        format!("valkeys://127.0.0.1:{port}"),
        format!("redis://127.0.0.1:{port}"),
    ] {
        Doctor::new(["ping", "-c", "1", "--tls", "--cacert", path(authority), "-u", &url]).run().code(0);
    }
    // Another authority is no longer trusted.
    let elsewhere = tempfile::tempdir().unwrap();
    let other = Authority::create(elsewhere.path(), "other");
    let ping = [&["ping", "-c", "1"], &flags(&port, &["--cacert", path(&other.file)])[..]].concat();
    Doctor::new(ping).run().code(2).stdout_contains("not trusted").stdout_contains("--cacert");
}

#[test]
fn both_versions_of_tls_are_spoken_and_shown() {
    let server = RedisServer::builder().tls().start();
    let (port, certificates) = (server.port().to_string(), server.certificates());
    let check = [&["check"], &flags(&port, &["--cacert", path(&certificates.authority)])[..]].concat();
    let text = Doctor::new(&check[..]).run();
    text.code(0)
        .stdout_contains("TLS 1.3 · TLS_AES_")
        .stdout_contains("localhost, 127.0.0.1 ·")
        .stdout_contains("issued by CN=redis-doctor test authority ca");
    text.stdout_contains("valid for 89 more days");
    server.command(["CONFIG", "SET", "tls-protocols", "TLSv1.2"]);
    let json = Doctor::new([&check[..], &["--format", "json", "--tls-cert-warn", "120d"]].concat()).run();
    let json = json.code(1).json();
    let tls = &json["facts"]["tls"];
    assert_eq!((&tls["protocol"], &tls["verified"]), (&"TLS 1.2".into(), &true.into()), "{tls}");
    assert!(tls["cipher"].as_str().unwrap().starts_with("TLS_ECDHE_"), "{tls}");
    assert_eq!(tls["chain"][0]["names"], serde_json::json!(["localhost", "127.0.0.1"]), "{tls}");
    assert_eq!(json["findings"][0]["code"], "RD062", "{json}");
    every_command(&flags(&port, &["--cacert", path(&certificates.authority)]), |command, run| {
        assert!(matches!(run.exit_code(), Some(0 | 1)), "{command}: {}{}", run.stdout(), run.stderr());
    });
}

#[test]
fn a_client_certificate_opens_a_server_that_requires_one() {
    let server = RedisServer::builder().tls().config("tls-auth-clients", "yes").start();
    let (port, certificates) = (server.port().to_string(), server.certificates());
    let client = certificates.issuer.issue("client", &["client"]);
    let own = ["--cert", path(&client.certificate), "--key", path(&client.key)];
    let trusting = ["--cacert", path(&certificates.authority)];
    every_command(&flags(&port, &[&trusting[..], &own].concat()), |command, run| {
        assert!(matches!(run.exit_code(), Some(0 | 1)), "{command}: {}{}", run.stdout(), run.stderr());
    });
    every_command(&flags(&port, &trusting), |command, run| {
        let text = format!("{}{}", run.stdout(), run.stderr()).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("the server requires a client certificate"), "{command}: {text}");
        assert!(
            text.contains("--cert") || command.starts_with("wait") || command.starts_with("idle"),
            "{command}: {text}"
        );
    });
    // One of an issuer that the server does not know, and one that has expired.
    let elsewhere = tempfile::tempdir().unwrap();
    let stranger = Authority::create(elsewhere.path(), "stranger").issue("client", &["client"]);
    let old = certificates.issuer.issue_for("old", &["client"], Duration::ZERO);
    for (own, alert) in [(stranger, "does not know the issuer"), (old, "finds the client's certificate expired")] {
        thread::sleep(Duration::from_secs(1));
        let own = ["--cert", path(&own.certificate), "--key", path(&own.key)];
        let ping = [&["ping", "-c", "1"], &flags(&port, &[&trusting[..], &own].concat())[..]].concat();
        Doctor::new(ping).run().code(2).stdout_contains(alert).lacks("PRIVATE KEY");
    }
}

#[test]
fn without_verification_everything_works_and_says_so() {
    let server = RedisServer::builder().tls().start();
    let elsewhere = tempfile::tempdir().unwrap();
    let other = Authority::create(elsewhere.path(), "other").issue("server", &["somewhere.else"]);
    server.command(["CONFIG", "SET", "tls-cert-file", path(&other.certificate), "tls-key-file", path(&other.key)]);
    let port = server.port().to_string();
    every_command(&flags(&port, &["--insecure"]), |command, run| {
        assert!(matches!(run.exit_code(), Some(0 | 1)), "{command}: {}{}", run.stdout(), run.stderr());
        run.stderr_contains("warning: --insecure: the server's certificate is not checked");
    });
    let url = format!("rediss://127.0.0.1:{port}/#insecure");
    let run = Doctor::new(["soak", "-d", "300ms", "-u", &url]).run();
    run.code(0).stderr_contains("CERTIFICATE NOT CHECKED (--insecure)");
    let json = Doctor::new(["soak", "-d", "300ms", "--format", "json", "-u", &url]).run().code(0).json();
    assert_eq!(json["runs"][0]["plan"]["target"]["tls"]["insecure"], true, "{json}");
    let check = Doctor::new(["check", "-u", &url]).run();
    check.code(0).stdout_contains("certificate not checked (--insecure)").stdout_contains("explain RD211");
}

#[test]
fn the_name_of_sni_is_sent_and_checked_instead_of_the_host() {
    let server = RedisServer::builder().tls().start();
    let certificates = server.certificates();
    let named = certificates.issuer.issue("named", &["cache.example"]);
    server.command(["CONFIG", "SET", "tls-cert-file", path(&named.certificate), "tls-key-file", path(&named.key)]);
    let port = server.port().to_string();
    let trusting = ["--cacert", path(&certificates.authority)];
    every_command(&flags(&port, &[&trusting[..], &["--sni", "cache.example"]].concat()), |command, run| {
        assert!(matches!(run.exit_code(), Some(0 | 1)), "{command}: {}{}", run.stdout(), run.stderr());
    });
    let ping = |more: &[&str]| {
        Doctor::new([&["ping", "-c", "1"], &flags(&port, &[&trusting[..], more].concat())[..]].concat()).run()
    };
    ping(&[]).code(2).stdout_contains("another name than 127.0.0.1").stdout_contains("--sni");
    ping(&["--sni", "other.example"]).code(2).stdout_contains("another name than other.example");
    let soak =
        [&["soak", "-d", "300ms"], &flags(&port, &[&trusting[..], &["--sni", "cache.example"]].concat())[..]].concat();
    let run = Doctor::new(soak).run();
    run.code(0)
        .stderr_contains("sni cache.example")
        .stderr_contains("a relay in redis-doctor makes the TLS connection");
}

#[test]
fn a_server_may_present_a_trusted_authority_as_its_own_certificate() {
    let server = RedisServer::builder().tls().start();
    let elsewhere = tempfile::tempdir().unwrap();
    let own = Issued::self_signed(elsewhere.path(), "own", &["127.0.0.1"]);
    server.command(["CONFIG", "SET", "tls-cert-file", path(&own.certificate), "tls-key-file", path(&own.key)]);
    let port = server.port().to_string();
    every_command(&flags(&port, &["--cacert", path(&own.certificate)]), |command, run| {
        assert!(matches!(run.exit_code(), Some(0 | 1)), "{command}: {}{}", run.stdout(), run.stderr());
    });
    let ping = |more: &[&str]| Doctor::new([&["ping", "-c", "1"], &flags(&port, more)[..]].concat()).run();
    // A look-alike, the name, and the same without the flag.
    let alike = Issued::self_signed(elsewhere.path(), "alike", &["127.0.0.1"]);
    ping(&["--cacert", path(&alike.certificate)]).code(2).stdout_contains("no connection");
    ping(&["--cacert", path(&own.certificate), "--sni", "other.example"]).code(2).stdout_contains("another name");
    let authority = path(&server.certificates().authority);
    ping(&["--cacert", authority]).code(2).stdout_contains("CA:TRUE").stdout_contains("--cacert");
}

#[test]
fn files_that_cannot_be_used_are_refused_with_flag_value_and_remedy() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::create(directory.path(), "ca");
    let (one, other) = (authority.issue("one", &["one"]), authority.issue("other", &["other"]));
    let expired = Authority::expired(directory.path(), "expired");
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (empty, prose) = (file("empty.pem", ""), file("prose.pem", "not a certificate\n"));
    let broken = file("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let locked =
        file("locked.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");
    let missing = format!("{}/missing.pem", path(directory.path()));
    let (folder, ca) = (path(directory.path()), path(&authority.file));
    let bare = tempfile::tempdir().unwrap();
    let (one_cert, one_key, other_key) = (path(&one.certificate), path(&one.key), path(&other.key));
    for (flags, parts) in [
        (&["--cacert", folder][..], &["--cacert:", folder, "is a directory; use --cacertdir"][..]),
        (&["--cacert", &missing], &["--cacert: cannot read", &missing, "No such file", "check the path"]),
        (&["--cacert", &empty], &["--cacert:", &empty, "contains no certificate; expected a file in PEM form"]),
        (&["--cacert", &prose], &["contains no certificate; expected"]),
        (&["--cacert", &broken], &["--cacert:", &broken, "expected a file in PEM form"]),
        (&["--cacert", one_key], &["contains no certificate"]),
        (
            &["--cacert", path(&expired.file)],
            &["--cacert:", "expired.pem", "expired at", "name the file of the authority's"],
        ),
        (&["--cacertdir", ca], &["--cacertdir: cannot read", "use --cacert for a file"]),
        (&["--cacertdir", path(bare.path())], &["--cacertdir: no file in", "contains a certificate; expected"]),
        (&["--cert", folder, "--key", one_key], &["--cert:", "is a directory; expected a file in PEM form"]),
        (&["--cert", one_cert, "--key", other_key], &["--key:", other_key, "is not the private key of", one_cert]),
        (&["--cert", one_cert, "--key", one_cert], &["--key:", "contains no private key; expected"]),
        (&["--cert", one_cert, "--key", &locked], &["--key: the private key in", "is encrypted; decrypt it"]),
        (&["--cert", one_cert], &["--key"]),
        (&["--key", one_key], &["--cert"]),
        (&["--sni", "a..b"], &["--sni: 'a..b' is not a name", "for example cache.example"]),
        (&["--insecure", "--cacert", ca], &["--cacert: no certificate is checked with --insecure", "remove one"]),
        (&["-u", "rediss://h#insecure", "--cacertdir", folder], &["--cacertdir: no certificate is checked"]),
    ] {
        let tls: &[&str] = if flags[0] == "-u" { &[] } else { &["--tls"] };
        refused(&[tls, flags].concat(), parts);
    }
    for flag in [&["--insecure"][..], &["--sni", "h"], &["--cacert", ca], &["--cert", one_cert, "--key", one_key]] {
        let remedy = "the connection is not encrypted; add --tls, or use rediss:// in the URL";
        refused(flag, &[&format!("{}: {remedy}", flag[0])]);
    }
    refused(&["-s", "/run/redis.sock", "--tls"], &["--tls: a unix socket has no TLS"]);
    refused(&["-u", "redis://h#insecure"], &["'#' part", "only #insecure is known, after rediss://"]);
}

#[test]
fn a_mistyped_variable_is_named_before_anything_is_done() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("rediss://{}", listener.local_addr().unwrap());
    let directory = tempfile::tempdir().unwrap();
    let empty = directory.path().join("empty.pem");
    fs::write(&empty, "").unwrap();
    for (variable, value) in
        [("SSL_CERT_FILE", "/no/such.pem"), ("SSL_CERT_DIR", "/no/such"), ("SSL_CERT_FILE", path(&empty))]
    {
        for command in [&["ping", "-c", "1"][..], &["check"], &["wait"], &["proxy"]] {
            let run = Doctor::new(command.iter().copied()).args(["-u", &url]).env(variable, value).run();
            run.code(3).stdout_is_empty().stderr_contains(&format!("{variable}: ")).stderr_contains("unset it");
        }
    }
    assert!(listener.accept().is_err(), "no connection was made");
    let server = RedisServer::start();
    Doctor::new(["ping", "-c", "1"]).target(&server).env("SSL_CERT_FILE", "/no/such.pem").run().code(0);
}
