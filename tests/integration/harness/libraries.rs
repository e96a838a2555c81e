//! Client libraries in other languages, where `tests/applications/install` puts them.

use std::path::{Path, PathBuf};

use super::Doctor;

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/applications")
}

/// The packages of Python.
pub(crate) fn python_libraries() -> PathBuf {
    directory().join("python")
}

/// The packages of Node.js.
pub(crate) fn node_libraries() -> PathBuf {
    directory().join("node/node_modules")
}

impl Doctor {
    /// Lets the programs that redis-doctor starts find an interpreter and the libraries.
    pub(crate) fn with_libraries(self) -> Self {
        let doctor = self.env("PYTHONPATH", python_libraries()).env("NODE_PATH", node_libraries());
        // The shims of pyenv need HOME.
        ["PATH", "HOME"].into_iter().fold(doctor, |doctor, name| {
            std::env::var_os(name).into_iter().fold(doctor, |doctor, value| doctor.env(name, value))
        })
    }
}
