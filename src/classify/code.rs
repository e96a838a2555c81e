//! The codes of errors: for each class, the entry of the knowledge base that explains it.

use super::{ErrorClass, FailureKey, Stage};

/// ENFILE and EMFILE, on Linux and macOS.
const NO_FILE_LEFT: [i32; 2] = [23, 24];

/// EADDRNOTAVAIL (`asm-generic/errno.h`; macOS `sys/errno.h`).
const NO_ADDRESS_LEFT: i32 = if cfg!(target_os = "macos") { 49 } else { 99 };

/// EACCES, on Linux and macOS.
const PERMISSION_DENIED: i32 = 13;

impl ErrorClass {
    /// The code, for `redis-doctor explain`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Aborted => "RD101",
            Self::Ask => "RD102",
            Self::Busy => "RD103",
            Self::BrokenPipeKernel => "RD104",
            Self::CertificateExpired => "RD181",
            Self::ClientCertificate => "RD180",
            Self::ClusterDown => "RD105",
            Self::ConnectionClosed => "RD106",
            Self::ConnectTimeout => "RD107",
            Self::CrossSlot => "RD140",
            Self::Desync => "RD108",
            Self::Dns => "RD109",
            Self::ExecAbort => "RD165",
            Self::HostUnreachable => "RD110",
            Self::KernelTimeout => "RD111",
            Self::Loading => "RD112",
            Self::MasterDown => "RD113",
            Self::MaxClients => "RD114",
            Self::Misconf => "RD115",
            Self::Moved => "RD116",
            Self::MtuBlackHole => "RD182",
            Self::NetworkUnreachable => "RD117",
            Self::NoAuth => "RD118",
            Self::NoPassword => "RD210",
            Self::NoPerm => "RD119",
            Self::NoReplicas => "RD141",
            Self::Oom => "RD120",
            Self::Other => "RD121",
            Self::ProtectedMode => "RD122",
            Self::ProtocolGarbage => "RD123",
            Self::ReadOnly => "RD124",
            Self::Refused => "RD125",
            Self::ReplyTooLarge => "RD205",
            Self::Reset => "RD126",
            Self::Resp3Unsupported => "RD127",
            Self::ResponseTimeout => "RD128",
            Self::ServerError => "RD129",
            Self::Tls => "RD130",
            Self::TryAgain => "RD131",
            Self::WaitingTimeout => "RD132",
            Self::WrongPass => "RD133",
        }
    }
}

impl FailureKey {
    /// The code of the errno if it has its own entry, otherwise of the class.
    pub fn code(&self) -> &'static str {
        match (self.class, self.errno) {
            (ErrorClass::Other, Some(errno)) if NO_FILE_LEFT.contains(&errno) => "RD135",
            (ErrorClass::Other, Some(NO_ADDRESS_LEFT)) => "RD134",
            (ErrorClass::Other, Some(PERMISSION_DENIED)) if self.stage == Stage::Unix => "RD144",
            (class, _) => class.code(),
        }
    }
}
