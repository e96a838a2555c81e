//! From a command to what is to be done, and what several commands decide alike.

use std::hash::BuildHasher;

use super::{
    Invocation, args::Command, check, completions, drill, environment::Environment, explain, groups::OutputArgs, idle,
    man, proxy, report, run, wait,
};
use crate::output::{ColorChoice, OutputOptions};

/// Turns a command into what is to be done.
///
/// # Errors
/// One line for the user, which begins with the flag or variable it is about.
pub(super) fn resolve(command: Command, environment: &Environment) -> Result<Invocation, String> {
    Ok(match command {
        Command::Check(args) => Invocation::Check(Box::new(check::resolve(&args, environment)?)),
        Command::Ping(args) => Invocation::Run(Box::new(run::ping(&args, environment)?)),
        Command::Subscribe(args) => Invocation::Run(Box::new(run::subscribe(&args, environment)?)),
        Command::Soak(args) => Invocation::Run(Box::new(run::soak(&args, environment)?)),
        Command::Proxy(args) => Invocation::Proxy(proxy::resolve(&args, environment)?),
        Command::Drill(args) => Invocation::Drill(drill::resolve(&args, environment)?),
        Command::Idle(args) => Invocation::Idle(Box::new(idle::resolve(&args, environment)?)),
        Command::Wait(args) => Invocation::Wait(wait::resolve(&args, environment)?),
        Command::Report(args) => Invocation::Report(report::resolve(args, environment)),
        Command::Explain(args) => Invocation::Explain(explain::resolve(&args, environment)?),
        Command::Completions { shell } => Invocation::Print(completions::script(shell)),
        Command::Man => Invocation::Print(man::page()),
    })
}

/// What is written, as the flags that several commands share have it.
pub(super) fn output(args: &OutputArgs, environment: &Environment) -> OutputOptions {
    let color = color(args.color, environment);
    OutputOptions { output: args.output.clone(), quiet: args.quiet, color, ..OutputOptions::default() }
}

/// What `--color` means in these surroundings.
pub(super) fn color(choice: ColorChoice, environment: &Environment) -> ColorChoice {
    match choice {
        ColorChoice::Auto if environment.has("NO_COLOR") => ColorChoice::Never,
        ColorChoice::Auto if environment.has("CLICOLOR_FORCE") => ColorChoice::Always,
        choice => choice,
    }
}

/// Another number each time, short enough to be typed again.
pub(super) fn fresh_seed() -> u64 {
    std::hash::RandomState::new().hash_one(std::process::id()) >> 32
}
