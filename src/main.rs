//! The process edge: arguments in, exit code out. Everything else is in the library.

fn main() -> std::process::ExitCode {
    redis_doctor::app::main(std::env::args_os())
}
