//! The reconnect policy: a preset and the flags that override it.

use super::{
    error::UsageError,
    groups::PolicyArgs,
    value::{Retries, Switch},
};
use crate::plan::{OnReadonly, PolicyName, ReconnectPolicy};

/// Applies the flags to the preset.
pub(super) fn resolve(args: &PolicyArgs) -> Result<ReconnectPolicy, UsageError> {
    refuse_reconnecting_without_reconnects(args)?;
    let preset = ReconnectPolicy::preset(args.policy);
    let policy = ReconnectPolicy {
        retries: match args.retries {
            None => preset.retries,
            Some(Retries::Unlimited) => None,
            Some(Retries::Times(retries)) => Some(retries),
        },
        min_delay: args.min_delay.unwrap_or(preset.min_delay),
        spread: args.spread.unwrap_or(preset.spread),
        max_delay: args.max_delay.or(preset.max_delay),
        backoff_base: args.backoff_base.unwrap_or(preset.backoff_base),
        connect_timeout: args.connect_timeout.unwrap_or(preset.connect_timeout),
        response_timeout: args.response_timeout.unwrap_or(preset.response_timeout),
        keepalive: args.keepalive.map_or(preset.keepalive, Switch::into_option),
        user_timeout: args.user_timeout.map_or(preset.user_timeout, Switch::into_option),
        nodelay: args.nodelay.unwrap_or(preset.nodelay),
        watchdog: args.watchdog.map_or(preset.watchdog, Switch::into_option),
        resubscribe: preset.resubscribe && !args.no_resubscribe,
        resubscription: args.resubscribe.unwrap_or(preset.resubscription),
        on_readonly: args.on_readonly.unwrap_or(preset.on_readonly),
        ..preset
    };
    match policy.max_delay {
        Some(max_delay) if max_delay < policy.min_delay => Err(UsageError::new(
            if args.max_delay.is_some() { "--max-delay" } else { "--min-delay" },
            format!(
                "the largest delay ({}) is less than the first ({})",
                humantime::format_duration(max_delay),
                humantime::format_duration(policy.min_delay),
            ),
            "change --min-delay or --max-delay",
        )),
        Some(max_delay) if max_delay < policy.min_delay + policy.spread => Err(UsageError::new(
            "--spread",
            format!(
                "the first delay could be {}, and the largest is {}",
                humantime::format_duration(policy.min_delay + policy.spread),
                humantime::format_duration(max_delay),
            ),
            "change --spread or --max-delay",
        )),
        _ => Ok(policy),
    }
}

fn refuse_reconnecting_without_reconnects(args: &PolicyArgs) -> Result<(), UsageError> {
    if args.policy != PolicyName::Bare {
        return Ok(());
    }
    let given = [
        ("--retries", args.retries.is_some()),
        ("--min-delay", args.min_delay.is_some()),
        ("--spread", args.spread.is_some()),
        ("--max-delay", args.max_delay.is_some()),
        ("--backoff-base", args.backoff_base.is_some()),
        ("--watchdog", matches!(args.watchdog, Some(Switch::On(_)))),
        ("--no-resubscribe", args.no_resubscribe),
        ("--resubscribe", args.resubscribe.is_some()),
        ("--on-readonly", args.on_readonly == Some(OnReadonly::Rebuild)),
    ];
    match given.iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((flag, _)) => Err(UsageError::new(
            flag,
            "it has no effect with --policy bare, which never reconnects",
            "omit it or use --policy library",
        )),
    }
}
