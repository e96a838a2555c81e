//! Where the linker is GCC's on Linux, takes the unwinder from its archive instead of from libgcc_s.so: a library less
//! to load at each start, which is a good part of what a `ping -c 1` takes.
//!
//! Rust's standard library asks for it by name (`-lgcc_s`); a linker script of that name, found first, leads elsewhere.
#![allow(clippy::print_stdout, reason = "it is how a build script speaks to cargo")]

use std::{env, fs, path::Path, process::Command};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |variable: &str, wanted: &str| env::var_os(variable).is_some_and(|value| value == wanted);
    let native = env::var_os("HOST") == env::var_os("TARGET");
    if !native || !is("CARGO_CFG_TARGET_OS", "linux") || !is("CARGO_CFG_TARGET_ENV", "gnu") {
        return;
    }
    // Where there is none, all stays as it is.
    let Some((archive, directory)) = archive().zip(env::var_os("OUT_DIR")) else {
        return;
    };
    let directory = Path::new(&directory);
    if fs::write(directory.join("libgcc_s.so"), format!("INPUT({archive})\n")).is_ok() {
        println!("cargo::rustc-link-search=native={}", directory.display());
    }
}

/// The archive's path, as the compiler driver knows it.
fn archive() -> Option<String> {
    let output = Command::new("cc").arg("-print-file-name=libgcc_eh.a").output().ok()?;
    let path = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    Path::new(&path).is_absolute().then_some(path).filter(|path| Path::new(path).exists())
}
