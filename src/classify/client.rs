//! The only reader of `RedisError`: turns an error of redis-rs into a [`Failure`].
//!
//! The errno hides two downcasts deep: `RedisError::source()` hands out the `Arc` that redis-rs keeps its error in, so
//! a direct downcast to `io::Error` never succeeds (redis-rs 1.8.1, `errors/redis_error.rs`).

use std::{error::Error, io, sync::Arc};

use redis::{ErrorKind, RedisError};

use super::{ErrorClass, Failure, FailureKey, Origin, Stage};
use crate::foreign::Foreign;

/// Classifies an error that redis-rs returned in `stage`.
///
/// redis-rs reports an expired connect timeout and an expired response timeout with the same value, so the stage
/// decides between them.
pub(crate) fn failure(stage: Stage, error: &RedisError) -> Failure {
    if let Some(io) = io_error(error) {
        let mut failure = Failure::io(stage, io);
        if failure.key.class == ErrorClass::ResponseTimeout && is_set_up(stage) {
            failure.key.class = ErrorClass::ConnectTimeout;
        }
        return failure;
    }
    if let Some(line) = server_line(error) {
        return Failure::server(stage, &line);
    }
    let class = match error.kind() {
        ErrorKind::AuthenticationFailed => ErrorClass::WrongPass,
        ErrorKind::Parse | ErrorKind::UnexpectedReturnType => ErrorClass::ProtocolGarbage,
        ErrorKind::RESP3NotSupported => ErrorClass::Resp3Unsupported,
        _ => ErrorClass::Other,
    };
    let text = Foreign::new(&error.to_string());
    Failure { key: FailureKey { class, stage, errno: None, origin: Origin::Library }, text }
}

/// The manager never reconnects after this error if it ended the *last* attempt of a cycle: redis-rs starts a new
/// cycle only for I/O errors (`reconnect_if_io_error!`, `aio/connection_manager.rs`).
pub(crate) fn wedges_the_manager(error: &RedisError) -> bool {
    !error.is_io_error()
}

fn is_set_up(stage: Stage) -> bool {
    !matches!(stage, Stage::Command | Stage::Subscribe | Stage::Publish)
}

/// The server's line, reassembled from the parts that redis-rs splits it into.
fn server_line(error: &RedisError) -> Option<String> {
    let code = error.code()?;
    Some(match error.detail() {
        Some(detail) => format!("{code} {detail}"),
        None => code.to_owned(),
    })
}

fn io_error(error: &RedisError) -> Option<&io::Error> {
    error.source()?.downcast_ref::<Arc<dyn Error + Send + Sync>>()?.downcast_ref::<io::Error>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_errno_is_found_behind_the_librarys_arc() {
        let error = RedisError::from(io::Error::from_raw_os_error(104));
        let failure = failure(Stage::Command, &error);
        assert_eq!(
            failure.key,
            FailureKey { class: ErrorClass::Reset, stage: Stage::Command, errno: Some(104), origin: Origin::Kernel }
        );
        assert_eq!(failure.text, "Connection reset by peer (os error 104)");
    }

    #[test]
    fn the_stage_tells_a_connect_timeout_from_a_response_timeout() {
        let error = RedisError::from(io::Error::from(io::ErrorKind::TimedOut));
        assert_eq!(failure(Stage::Command, &error).key.class, ErrorClass::ResponseTimeout);
        assert_eq!(failure(Stage::WaitingForReconnect, &error).key.class, ErrorClass::ConnectTimeout);
    }

    #[test]
    fn a_library_error_without_io_is_marked_as_the_librarys() {
        let error = RedisError::from((ErrorKind::AuthenticationFailed, "Password authentication failed"));
        let failure = failure(Stage::Hello, &error);
        assert_eq!((failure.key.class, failure.key.origin), (ErrorClass::WrongPass, Origin::Library));
        assert!(wedges_the_manager(&error));
    }
}
