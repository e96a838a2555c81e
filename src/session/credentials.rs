//! Passwords that change, for redis-rs: its provider of credentials is asked at each connection attempt.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_util::{FutureExt, Stream, future::BoxFuture};
use redis::{
    RedisResult,
    auth::{BasicAuth, StreamingCredentialsProvider},
};
use tokio::task::{self, Id};

use crate::{credentials, plan::Password};

/// User of a login without one.
const DEFAULT_USER: &str = "default";

/// Yields the current password to each connection attempt.
pub(super) struct Provider {
    pub(super) user: Option<String>,
    pub(super) password: Password,
}

impl Provider {
    /// Asks for the password.
    pub(super) async fn credentials(user: Option<String>, password: Password) -> RedisResult<BasicAuth> {
        let user = user.unwrap_or_else(|| DEFAULT_USER.to_owned());
        match credentials::obtain(&password).await {
            Ok(secret) => Ok(BasicAuth::new(user, secret.reveal().to_owned())),
            Err(failure) => Err(io::Error::other(failure).into()),
        }
    }
}

impl StreamingCredentialsProvider for Provider {
    fn subscribe(&self) -> Pin<Box<dyn Stream<Item = RedisResult<BasicAuth>> + Send + 'static>> {
        let asking = Self::credentials(self.user.clone(), self.password.clone()).boxed();
        Box::pin(Answers { subscriber: task::try_id(), asking: Some(asking), asked: false })
    }
}

/// The answers to one subscription.
///
/// redis-rs subscribes twice in each attempt: first for the login, and once that has succeeded for later changes, which it
/// reads in a separate task and answers with AUTH (`MultiplexedConnection::new_with_config`). A connection outlives its
/// token, so there are none: only a stream that is read by the task that subscribed asks.
struct Answers {
    subscriber: Option<Id>,
    asking: Option<BoxFuture<'static, RedisResult<BasicAuth>>>,
    asked: bool,
}

impl Stream for Answers {
    type Item = RedisResult<BasicAuth>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // A lazy attempt may be polled by another task later, but never between the subscription and the first read.
        if !self.asked && task::try_id() != self.subscriber {
            return Poll::Pending;
        }
        self.asked = true;
        let Some(asking) = &mut self.asking else { return Poll::Pending };
        let answer = ready!(asking.as_mut().poll(cx));
        self.asking = None;
        Poll::Ready(Some(answer))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;
    use crate::plan::Secret;

    #[tokio::test]
    async fn only_the_task_that_subscribed_is_answered_and_only_once() {
        let provider = Provider { user: None, password: Password::Given(Secret::new("secret")) };
        let answer = provider.subscribe().next().await.unwrap().unwrap();
        assert_eq!((answer.username(), answer.password()), ("default", "secret"));
        let mut elsewhere = provider.subscribe();
        let mut tasks = task::JoinSet::new();
        tasks.spawn(async move { elsewhere.next().now_or_never().is_none() });
        assert!(tasks.join_next().await.unwrap().unwrap(), "answered in another task");
        let mut twice = provider.subscribe();
        assert!(twice.next().await.is_some());
        assert!(twice.next().now_or_never().is_none(), "answered twice");
    }
}
