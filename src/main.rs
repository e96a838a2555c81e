//! The process edge: parse the arguments, build the runtime, run, turn the outcome into an exit code.

fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
