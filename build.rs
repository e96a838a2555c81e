//! Compresses the knowledge base; and where the linker is GCC's on Linux, makes the program smaller and quicker to start,
//! which is a good part of what a `ping -c 1` takes:
//!
//! - The unwinder comes from GCC's archive instead of from libgcc_s.so: a library less to load at each start. Rust's
//!   standard library asks for it by name (`-lgcc_s`); a linker script of that name, found first, leads elsewhere.
//! - The table of places that hold an address is packed (`DT_RELR`): 2 KB instead of 130 KB. The linker and the C
//!   library must know that form (glibc does since 2.36), so a small program is tried first.
#![allow(clippy::print_stdout, reason = "it is how a build script speaks to cargo")]

use std::{
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::Command,
};

use flate2::{Compression, write::ZlibEncoder};

/// Of the knowledge base, from the package's root.
const ENTRIES: &str = "src/knowledge/entries.toml";

/// For the linker.
const PACKED: &str = "-Wl,-z,pack-relative-relocs";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={ENTRIES}");
    let directory = env::var_os("OUT_DIR").map(PathBuf::from).ok_or(io::ErrorKind::NotFound)?;
    compress(Path::new(ENTRIES), &directory.join("entries.toml.z"))?;
    let is = |variable: &str, wanted: &str| env::var_os(variable).is_some_and(|value| value == wanted);
    let native = env::var_os("HOST") == env::var_os("TARGET");
    if native && is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        link_small(&directory);
    }
    Ok(())
}

fn compress(from: &Path, to: &Path) -> io::Result<()> {
    let mut encoder = ZlibEncoder::new(fs::File::create(to)?, Compression::best());
    encoder.write_all(&fs::read(from)?)?;
    encoder.finish().map(drop)
}

/// What cannot be had is left as it is.
fn link_small(directory: &Path) {
    if let Some(archive) = archive()
        && fs::write(directory.join("libgcc_s.so"), format!("INPUT({archive})\n")).is_ok()
    {
        println!("cargo::rustc-link-search=native={}", directory.display());
    }
    if runs_with(PACKED, directory) {
        println!("cargo::rustc-link-arg-bins={PACKED}");
    }
}

/// The archive's path, as the compiler driver knows it.
fn archive() -> Option<String> {
    let output = Command::new("cc").arg("-print-file-name=libgcc_eh.a").output().ok()?;
    let path = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    Path::new(&path).is_absolute().then_some(path).filter(|path| Path::new(path).exists())
}

/// Whether a program that is linked as this one will be, and with this argument, runs.
fn runs_with(argument: &str, directory: &Path) -> bool {
    let (source, program) = (directory.join("trial.rs"), directory.join("trial"));
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.arg(&source).arg("-o").arg(&program).arg(format!("-Clink-arg={argument}"));
    let said = |variable: &str| env::var_os(variable).and_then(|value| value.into_string().ok());
    rustc.args(said("RUSTC_LINKER").map(|linker| format!("-Clinker={linker}")));
    let flags = said("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    rustc.args(flags.split('\u{1f}').filter(|flag| !flag.is_empty()));
    let succeeds = |command: &mut Command| command.output().is_ok_and(|output| output.status.success());
    fs::write(&source, "fn main() {}").is_ok() && succeeds(&mut rustc) && succeeds(&mut Command::new(&program))
}
