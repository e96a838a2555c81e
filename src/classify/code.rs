//! Where an error is explained: the code of its entry in the knowledge base, for every class there is.

use super::{ErrorClass, FailureKey};

/// In the order of the classes; a test of the knowledge base keeps it so.
const CODES: [&str; 33] = [
    "RD101", "RD102", "RD103", "RD104", "RD105", "RD106", "RD107", "RD108", "RD109", "RD110", "RD111", "RD112",
    "RD113", "RD114", "RD115", "RD116", "RD117", "RD118", "RD119", "RD120", "RD121", "RD122", "RD123", "RD124",
    "RD125", "RD126", "RD127", "RD128", "RD129", "RD130", "RD131", "RD132", "RD133",
];

/// ENFILE and EMFILE, on Linux and macOS.
const NO_FILE_LEFT: [i32; 2] = [23, 24];

/// EADDRNOTAVAIL (`asm-generic/errno.h`; macOS `sys/errno.h`).
const NO_ADDRESS_LEFT: i32 = if cfg!(target_os = "macos") { 49 } else { 99 };

impl ErrorClass {
    /// Its code, for `redis-doctor explain`; that of "another error" where the class is one of those.
    pub fn code(self) -> &'static str {
        CODES.get(self as usize).copied().unwrap_or("RD121")
    }
}

impl FailureKey {
    /// Its code: that of the errno where this has an entry of its own, otherwise that of the class.
    pub fn code(&self) -> &'static str {
        match (self.class, self.errno) {
            (ErrorClass::Other, Some(errno)) if NO_FILE_LEFT.contains(&errno) => "RD135",
            (ErrorClass::Other, Some(NO_ADDRESS_LEFT)) => "RD134",
            (class, _) => class.code(),
        }
    }
}
