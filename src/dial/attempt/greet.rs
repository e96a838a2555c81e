//! The login of an attempt: HELLO over RESP3, or AUTH over RESP2 where HELLO is refused in any way; then SELECT and PING.
//!
//! A server without RESP3 refuses HELLO with an error reply. A proxy may word it in its own way (Envoy: `unsupported
//! command 'HELLO'`), require AUTH first, or close the connection (twemproxy), and twemproxy closes it on INFO, too.

use super::{Dialing, RespStream, is_forbidden};
use crate::{
    classify::{ErrorClass, Failure, Origin, Stage},
    event::ProxyKind,
    plan::Protocol,
};

impl Dialing<'_> {
    /// Logs in and sends PING on an open stream.
    pub(super) async fn greet(&mut self, mut stream: RespStream) -> Result<RespStream, Failure> {
        self.stage = Stage::Hello;
        let resp3 = self.path.dialect.map_or(self.path.protocol != Protocol::Resp2, |dialect| dialect.resp3);
        if !resp3 {
            return self.greet_in_resp2(stream).await;
        }
        match stream.hello(&self.path.target, self.password.as_ref()).await {
            Ok(server) => self.attempt.server = server,
            Err(refusal) if self.path.dialect.is_none() && self.may_mean_no_resp3(&refusal) => {
                return self.fall_back(stream, refusal).await;
            }
            Err(failure) => return Err(failure),
        }
        stream.select(self.path.target.db).await?;
        self.finish(stream).await
    }

    /// Sends PING, the last stage.
    async fn finish(&mut self, mut stream: RespStream) -> Result<RespStream, Failure> {
        self.done(Stage::Command);
        match stream.ping().await {
            // The server is alive and knows the user.
            Err(failure) if !self.path.ping && is_forbidden(&failure) || self.path.loading && is_loading(&failure) => {
                self.attempt.ping_refused = Some(failure);
            }
            // It refuses PING along with writes, as a sign for health checks (processCommand in server.c), and serves
            // reads.
            Err(failure) if failure.key.class == ErrorClass::Misconf => self.attempt.ping_refused = Some(failure),
            answered => answered?,
        }
        self.done(Stage::Command);
        Ok(stream)
    }

    /// Returns true if a peer that speaks RESP2 only may refuse HELLO like this.
    fn may_mean_no_resp3(&self, refusal: &Failure) -> bool {
        match refusal.key.class {
            ErrorClass::Resp3Unsupported | ErrorClass::ServerError => true,
            // HELLO carried the password: the peer did not read it there.
            ErrorClass::NoAuth => self.path.target.password.is_some(),
            class => class.is_hang_up(),
        }
    }

    /// Tries RESP2 after HELLO was refused. If the peer speaks it, this succeeds unless the user requires RESP3.
    async fn fall_back(&mut self, stream: RespStream, refusal: Failure) -> Result<RespStream, Failure> {
        let hung_up = refusal.key.class.is_hang_up();
        let stream = if hung_up { self.reconnect().await.map_err(|_| refusal.clone())? } else { stream };
        self.attempt.hello_refused = Some(refusal.clone());
        let stages = self.attempt.probed.stages.len();
        let failure = match self.greet_in_resp2(stream).await {
            Ok(stream) if self.path.protocol == Protocol::Auto => return Ok(stream),
            Ok(_) => self.resp3_required(&refusal),
            // The peer closes the connection whatever it is sent: HELLO is not the reason.
            Err(failure) if hung_up && !failure.key.class.is_server_reply() => {
                (self.attempt.hello_refused, self.attempt.resp) = (None, 3);
                refusal
            }
            Err(failure) if refusal.key.class == ErrorClass::NoAuth => not_let_in(refusal, failure),
            Err(failure) => return Err(failure),
        };
        self.attempt.probed.stages.truncate(stages);
        Err(failure)
    }

    /// Returns the failure of a run that requires RESP3, with a peer that speaks RESP2.
    fn resp3_required(&self, refusal: &Failure) -> Failure {
        let server = &self.attempt.server;
        let who = match (&server.product, server.proxy) {
            (Some(product), None) => {
                let version = server.version.as_deref().unwrap_or("(version unknown)");
                format!("{product} {version} does not speak RESP3")
            }
            _ => "this is something that speaks RESP2 only, probably a proxy".to_owned(),
        };
        let answer = match refusal.key.class.is_hang_up() {
            true => "the connection was closed after HELLO".to_owned(),
            false => format!("HELLO was answered with: {refusal}"),
        };
        let mut failure = refusal.clone();
        (failure.key.class, failure.key.stage) = (ErrorClass::Resp3Unsupported, Stage::Hello);
        failure.text = format!("{who}; use --protocol auto or resp2 ({answer})").into();
        failure
    }

    /// Sends AUTH, INFO, SELECT and PING, as far as they are needed and understood.
    async fn greet_in_resp2(&mut self, mut stream: RespStream) -> Result<RespStream, Failure> {
        self.attempt.resp = 2;
        let (path, known) = (self.path, self.path.dialect);
        stream.auth(&path.target, self.password.as_ref()).await?;
        if known.is_none_or(|dialect| dialect.info) {
            match stream.describe().await {
                Ok(server) => self.attempt.server = server,
                Err(failure) if is_unnamed(&failure) => self.attempt.info_refused = Some(failure),
                // NOPERM, LOADING and others say nothing about a proxy.
                Err(failure) if failure.key.class.is_server_reply() => {}
                Err(failure) if known.is_none() && failure.key.class.is_hang_up() => {
                    stream = self.reconnect().await.map_err(|_| failure.clone())?;
                    stream.auth(&path.target, self.password.as_ref()).await?;
                    self.attempt.info_refused = Some(failure);
                }
                Err(failure) => return Err(failure),
            }
        }
        self.attempt.server.proxy = known.map_or_else(|| self.proxy(), |dialect| dialect.proxy);
        if let Err(failure) = stream.select(path.target.db).await {
            let explains = known.is_none() && failure.key.class.is_hang_up();
            return Err(if explains { self.without_databases(failure).await } else { failure });
        }
        self.finish(stream).await
    }

    /// Explains a hang-up on SELECT if the peer answers PING without it.
    async fn without_databases(&self, failure: Failure) -> Failure {
        let answers = async {
            let mut stream = self.reconnect().await?;
            stream.auth(&self.path.target, self.password.as_ref()).await?;
            stream.ping().await
        };
        let db = self.path.target.db;
        match answers.await {
            Ok(()) => {
                let text = format!(
                    "the connection is closed on SELECT {db}, as by a proxy that has database 0 only: use database 0"
                );
                Failure::doctor(ErrorClass::ServerError, Stage::Hello, text)
            }
            Err(_) => failure,
        }
    }

    /// Recognizes a proxy by its refusals: every Redis knows INFO, and none closes the connection on HELLO.
    fn proxy(&self) -> Option<ProxyKind> {
        let Self { attempt, .. } = self;
        let hung_up = attempt.hello_refused.as_ref().is_some_and(|failure| failure.key.class.is_hang_up());
        let shown = attempt.server.proxy.is_some() || attempt.info_refused.is_some() || hung_up;
        let kind = if attempt.hello_refused.is_some() { ProxyKind::Resp2Only } else { ProxyKind::Unspecified };
        shown.then_some(kind)
    }

    /// Opens another stream of the same kind, whose stages do not count.
    async fn reconnect(&self) -> Result<RespStream, Failure> {
        Dialing::new(self.path).reach().await
    }
}

/// Returns true if the server is reading its dataset and answers only questions about itself.
fn is_loading(failure: &Failure) -> bool {
    failure.key.class == ErrorClass::Loading
}

/// Returns true for an error reply without a code word, such as that to an unknown command.
fn is_unnamed(failure: &Failure) -> bool {
    failure.key.class == ErrorClass::ServerError
}

/// Combines the refusal of HELLO with a password and the failure of AUTH after it.
fn not_let_in(refusal: Failure, auth: Failure) -> Failure {
    if !is_unnamed(&auth) || auth.key.stage != Stage::Hello {
        return auth;
    }
    let text = format!("the password was sent, but neither HELLO nor AUTH accepts it (HELLO: {refusal}; AUTH: {auth})");
    let mut failure = Failure { text: text.into(), ..refusal };
    failure.key.origin = Origin::Doctor;
    failure
}
