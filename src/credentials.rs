//! Passwords that change: each connection attempt asks a command or a file for the current one.

use std::{io, path::Path, process::Stdio, sync::Arc, time::Duration};

use rustix::process::{Pid, Signal, kill_process_group};
use thiserror::Error;
use tokio::{
    io::{AsyncRead, AsyncReadExt, sink},
    process::Command,
};

use crate::{
    classify::{ErrorClass, Failure, Stage},
    clock::within,
    foreign::Foreign,
    plan::{Password, PasswordPlace, PasswordSource, Secret},
};

/// Time for one answer.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);

/// Maximum length of an answer, in bytes.
const LONGEST: u64 = 64 * 1024;

/// The reason for a missing password.
#[derive(Debug, Error)]
#[error("{flag}: {problem}")]
pub(crate) struct NoPassword {
    /// Flag that names the place.
    pub flag: &'static str,
    pub problem: String,
    pub remedy: &'static str,
}

impl NoPassword {
    /// Returns it as the failure of a connection attempt.
    fn failure(&self) -> Failure {
        Failure::doctor(ErrorClass::NoPassword, Stage::Hello, self.to_string())
    }
}

/// Returns the password for a connection attempt.
///
/// # Errors
/// Returns why the command or the file yields none.
pub(crate) async fn obtain(password: &Password) -> Result<Secret, Failure> {
    match password {
        Password::Given(secret) => Ok(secret.clone()),
        Password::Asked(source) => match source.take() {
            Some(kept) => Ok(kept),
            None => ask(source).await.map_err(|why| why.failure()),
        },
    }
}

/// Asks before anything else is done, and keeps the answer for the first connection attempt.
///
/// # Errors
/// Returns why there is no password.
pub(crate) fn prepare(password: &Password) -> Result<(), NoPassword> {
    let Password::Asked(source) = password else { return Ok(()) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let answer = match runtime {
        Ok(runtime) => {
            let answer = runtime.block_on(ask(source));
            // Without a wait for a file that cannot be read.
            runtime.shutdown_background();
            answer?
        }
        Err(error) => return Err(refuse(&source.place, format!("cannot start the runtime: {error}"))),
    };
    source.keep(answer);
    Ok(())
}

async fn ask(source: &Arc<PasswordSource>) -> Result<Secret, NoPassword> {
    let place = &source.place;
    let answer = async {
        match place {
            PasswordPlace::Command(line) => run(source, line).await,
            PasswordPlace::File(path) => {
                let path = path.clone();
                let read = tokio::task::spawn_blocking(move || read(&path)).await;
                read.unwrap_or_else(|error| Err(error.to_string()))
            }
        }
    };
    let answer = within(LIMIT, answer).await.unwrap_or_else(|| Err(too_slow(place)));
    let password = answer.and_then(|bytes| first_line(place, &bytes)).map_err(|problem| refuse(place, problem))?;
    Ok(source.secret(&password))
}

/// Runs the command and returns what it printed. If this is dropped, the command and its children are killed.
async fn run(source: &Arc<PasswordSource>, line: &str) -> Result<Vec<u8>, String> {
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(line).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.process_group(0).kill_on_drop(true).spawn().map_err(|error| format!("/bin/sh: {error}"))?;
    let group = Group(child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)));
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (printed, said, status) = tokio::join!(output(stdout), output(stderr), child.wait());
    group.ended();
    let printed = printed.map_err(|error| format!("cannot read the output of the command: {error}"))?;
    let status = status.map_err(|error| format!("the command cannot be waited for: {error}"))?;
    if status.success() {
        return Ok(printed);
    }
    // A script that traces its commands repeats the password on stderr.
    String::from_utf8_lossy(&printed).lines().filter(|line| !line.is_empty()).for_each(|line| _ = source.secret(line));
    let said = said.unwrap_or_default();
    let last = said.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).rfind(|line| !line.is_empty());
    let why = last.map(|line| format!(": {}", Foreign::from_bytes(line))).unwrap_or_default();
    Err(format!("the command failed ({status}){why}"))
}

/// Reads an output to its end, and returns its first [`LONGEST`] bytes and one.
async fn output(stream: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut stream) = stream {
        (&mut stream).take(LONGEST + 1).read_to_end(&mut bytes).await?;
        tokio::io::copy(&mut stream, &mut sink()).await?;
    }
    Ok(bytes)
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    use std::io::Read as _;
    let shown = Foreign::new(&path.display().to_string());
    let cannot = |error: io::Error| format!("cannot read '{shown}': {error}");
    // To open a pipe would wait for its writer, and it could be read only once.
    if !std::fs::metadata(path).map_err(cannot)?.is_file() {
        return Err(format!("'{shown}' is not a regular file"));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes)).map_err(cannot)?;
    Ok(bytes)
}

/// Returns the first line, without its end.
fn first_line(place: &PasswordPlace, bytes: &[u8]) -> Result<String, String> {
    let what = match place {
        PasswordPlace::Command(_) => "the output of the command".to_owned(),
        PasswordPlace::File(path) => format!("'{}'", Foreign::new(&path.display().to_string())),
    };
    if bytes.len() as u64 > LONGEST {
        return Err(format!("{what} is longer than 64 KiB"));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| format!("{what} is not valid UTF-8"))?;
    match text.lines().next().unwrap_or_default() {
        "" if text.trim().is_empty() => Err(format!("{what} is empty")),
        "" => Err(format!("the first line of {what} is empty")),
        line => Ok(line.to_owned()),
    }
}

fn too_slow(place: &PasswordPlace) -> String {
    match place {
        PasswordPlace::Command(_) => "the command did not end within 10 s".to_owned(),
        PasswordPlace::File(path) => {
            format!("'{}' could not be read within 10 s", Foreign::new(&path.display().to_string()))
        }
    }
}

fn refuse(place: &PasswordPlace, problem: String) -> NoPassword {
    let remedy = match place {
        PasswordPlace::Command(_) => {
            "expected a shell command that prints the password as its first line within 10 s; run it by hand to see more"
        }
        PasswordPlace::File(_) => "expected a readable file with the password as its first line",
    };
    NoPassword { flag: place.flag(), problem, remedy }
}

/// The process group of a command, which is killed with everything in it unless the command has ended.
struct Group(Option<Pid>);

impl Group {
    fn ended(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // It may have ended by now.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn asked(place: PasswordPlace) -> Result<String, String> {
        let password = Password::asked(place);
        obtain(&password).await.map(|secret| secret.given().to_owned()).map_err(|failure| failure.text.to_string())
    }

    async fn printed(line: &str) -> Result<String, String> {
        asked(PasswordPlace::Command(line.to_owned())).await
    }

    #[tokio::test]
    async fn a_command_prints_the_password_as_its_first_line() {
        for line in ["printf tok%sn e", "echo token", "printf 'token\\r\\nmore\\n'", "echo noise >&2; echo token"] {
            assert_eq!(printed(line).await.as_deref(), Ok("token"), "{line}");
        }
        for (line, why) in [
            ("true", "--pass-command: the output of the command is empty"),
            ("echo; echo later", "the first line of the output of the command is empty"),
            ("printf '\\377'", "is not valid UTF-8"),
            ("head -c 70000 /dev/zero | tr '\\0' a", "longer than 64 KiB"),
            ("echo no session >&2; exit 3", "the command failed (exit status: 3): no session"),
            ("echo tr4ced-t0ken; echo + tr4ced-t0ken >&2; exit 1", "(exit status: 1): + ***"),
            ("kill -9 $$", "signal: 9"),
        ] {
            let text = printed(line).await.unwrap_err();
            assert!(text.contains(why), "{line}: {text}");
        }
    }

    #[tokio::test]
    async fn a_command_that_hangs_is_killed_with_its_children() {
        tokio::time::pause();
        let text = printed("sleep 4711 & sleep 4711").await.unwrap_err();
        assert_eq!(text, "--pass-command: the command did not end within 10 s");
    }

    #[tokio::test]
    async fn a_file_is_read_anew_for_each_attempt() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        std::fs::write(&path, "first\nremark\n").unwrap();
        let password = Password::asked(PasswordPlace::File(path.clone()));
        assert_eq!(obtain(&password).await.unwrap().given(), "first");
        std::fs::write(&path, "second").unwrap();
        assert_eq!(obtain(&password).await.unwrap().given(), "second");
        std::fs::write(&path, "\n").unwrap();
        assert!(obtain(&password).await.unwrap_err().text.ends_with(" is empty"));
        let directory = asked(PasswordPlace::File(directory.path().to_owned())).await.unwrap_err();
        assert!(directory.ends_with("is not a regular file"), "{directory}");
    }

    #[test]
    fn the_answer_at_the_start_is_that_for_the_first_attempt() {
        let directory = tempfile::tempdir().unwrap();
        let calls = directory.path().join("calls");
        let line = format!("echo x >> {0}; wc -l < {0}", calls.display());
        let password = Password::asked(PasswordPlace::Command(line));
        prepare(&password).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answers = (0..3).map(|_| runtime.block_on(obtain(&password)).unwrap().given().trim().to_owned());
        assert_eq!(answers.collect::<Vec<_>>(), ["1", "2", "3"]);
    }
}
