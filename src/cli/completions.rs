//! Completion scripts, generated from the definitions; only the names of targets come from the program. The files in `completions/` are what this prints.

use clap::Arg;
use clap_complete::{Generator, generate};

use super::commands::{self, completions::Shell};

/// Word in the place of the names of the targets, which the script asks the program for.
pub(super) const TARGETS: &str = "TARGETS_OF_THE_CONFIGURATION";

/// The command that a script runs for these names.
const ASK: &str = "redis-doctor completions --targets 2>/dev/null";

/// Returns the script for one shell.
pub(crate) fn script(shell: Shell) -> String {
    let script = static_script(shell);
    match shell {
        Shell::Bash => script.replace(TARGETS, &format!("$({ASK})")),
        Shell::Zsh => script.replace(&format!("({TARGETS})"), &format!("{{compadd -- ${{(f)\"$({ASK})\"}}}}")),
        Shell::Fish => script.replace(&format!("{TARGETS}\\t''"), &format!("({ASK})")),
        Shell::Nushell => script.replace(&format!("[ \"{TARGETS}\" ]"), "^redis-doctor completions --targets | lines"),
        Shell::Elvish | Shell::Powershell => script,
    }
}

fn static_script(shell: Shell) -> String {
    match shell {
        // It names the functions of `redis-doctor soak` in two ways, so nothing after the first word would be completed.
        Shell::Bash => with(clap_complete::Shell::Bash).replace("redis__subcmd__doctor", "redis__doctor"),
        Shell::Elvish => with(clap_complete::Shell::Elvish),
        Shell::Fish => with(clap_complete::Shell::Fish) + &positional_values_in_fish(),
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

/// Returns the lines that complete the values of arguments without a flag, which the generator leaves out.
fn positional_values_in_fish() -> String {
    let mut root = commands::definition();
    root.build();
    let mut lines = String::new();
    for command in root.get_subcommands() {
        let values = command.get_positionals().flat_map(Arg::get_possible_values);
        let words: Vec<_> = values.map(|value| value.get_name().to_owned()).collect();
        if !words.is_empty() {
            let (name, words) = (command.get_name(), words.join(" "));
            let condition = format!("__fish_redis_doctor_using_subcommand {name}");
            lines += &format!("complete -c redis-doctor -n \"{condition}\" -f -a \"{words}\"\n");
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn every_shell_asks_for_the_targets_or_leaves_them_out() {
        for shell in Shell::value_variants() {
            let script = script(*shell);
            assert!(!script.contains(TARGETS), "{shell:?}");
            let asks = !matches!(shell, Shell::Elvish | Shell::Powershell);
            assert_eq!(script.contains("completions --targets"), asks, "{shell:?}");
        }
    }

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
