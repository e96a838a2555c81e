//! Completion scripts, generated from the definitions. The files in `completions/` are what this prints.

use clap_complete::{Generator, generate};

use super::commands::{self, completions::Shell};

/// Returns the script for one shell.
pub(crate) fn script(shell: Shell) -> String {
    match shell {
        Shell::Bash => with(clap_complete::Shell::Bash),
        Shell::Elvish => with(clap_complete::Shell::Elvish),
        Shell::Fish => with(clap_complete::Shell::Fish),
        Shell::Nushell => with(clap_complete_nushell::Nushell),
        Shell::Powershell => with(clap_complete::Shell::PowerShell),
        Shell::Zsh => with(clap_complete::Shell::Zsh),
    }
}

fn with(generator: impl Generator) -> String {
    let mut script = Vec::new();
    generate(generator, &mut commands::definition(), "redis-doctor", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_in_the_tree_are_current() {
        let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
        for (shell, extension) in [
            (Shell::Bash, "bash"),
            (Shell::Elvish, "elvish"),
            (Shell::Fish, "fish"),
            (Shell::Nushell, "nu"),
            (Shell::Powershell, "powershell"),
            (Shell::Zsh, "zsh"),
        ] {
            let path = directory.join(format!("redis-doctor.{extension}"));
            let script = script(shell);
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                std::fs::write(&path, &script).unwrap();
            }
            let kept = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(kept == script, "{} is not current; run: UPDATE_GOLDEN=1 cargo test", path.display());
        }
    }
}
