//! Tests of the grammar: faults are read back as written, errors come with a remedy, and schedules add up.

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use proptest::prelude::*;

use super::{reply::ErrorCode, schedule::Timing, *};
use crate::fuzz::{Fuzz, assert_stable};

fn fault(text: &str) -> Fault {
    text.parse().unwrap_or_else(|why| panic!("{text}: {why}"))
}

#[test]
fn every_kind_has_its_short_form() {
    for (text, written) in [
        ("reset_peer", "reset_peer"),
        ("RESET-PEER=side=both,when=now", "reset_peer"),
        ("reset_peer=when=in_flight,side=client", "reset_peer=side=client,when=in_flight"),
        ("slow_close", "slow_close=1s"),
        ("blackhole=direction=up", "blackhole=direction=up"),
        ("latency=50ms~10ms", "latency=50ms~10ms"),
        ("latency=500ms,on=subscribe", "latency=500ms,on=SUBSCRIBE"),
        ("bandwidth=65536", "bandwidth=64k"),
        ("slicer", "slicer=1"),
        ("slicer=16,delay=1ms,direction=down", "slicer=16,delay=1ms,direction=down"),
        ("idle_drop=350s,then=reset", "idle_drop=350s,then=reset"),
        ("idle_drop=1h 30m", "idle_drop=5400s"),
        ("error_reply=max clients", "error_reply=MAXCLIENTS"),
        ("error_reply=loading,share=0.25,on=get", "error_reply=LOADING,on=GET,share=25%"),
        ("error_reply=OOM,on=@Write", "error_reply=OOM,on=@write"),
        ("error_reply=MAXCLIENTS,reach=new,on=@all", "error_reply=MAXCLIENTS,on=@all"),
        ("error_reply=READONLY,reach=existing,on=set", "error_reply=READONLY,on=SET,reach=existing"),
        ("push=moving", "push=MOVING 1 15 127.0.0.1:6379"),
    ] {
        assert_eq!(fault(text).to_string(), written);
    }
}

/// The arguments that a usage shows: without what is optional, and with each optional part alone, in each of its forms.
fn examples(usage: &str) -> (String, Vec<Vec<String>>) {
    let mut pieces = usage.split('[');
    let required = pieces.next().unwrap_or_default();
    let forms = |part: &str| -> Vec<String> {
        let (name, value) = part.split_once('=').map_or(("", part), |(name, value)| (name, value));
        let equals = if name.is_empty() { "" } else { "=" };
        value.split('|').map(|word| format!("{name}{equals}{}", filled(word))).collect()
    };
    let required = filled(required);
    let with =
        |part: String| format!("{required}{}", if required.is_empty() { part.trim_start_matches(',') } else { &part });
    let optional = pieces.map(|part| forms(part.trim_end_matches(']')).into_iter().map(with).collect());
    (required.clone(), optional.collect())
}

/// A value for a placeholder, none of them a default.
fn filled(text: &str) -> String {
    let mut text = text.to_owned();
    for (placeholder, value) in [
        ("ARGUMENT …", "5"),
        ("BYTES_PER_SECOND", "7k"),
        ("BYTES", "7"),
        ("CODE", "OOM"),
        ("NAME", "GET"),
        ("CATEGORY", "write"),
        ("JITTER", "2s"),
        ("KIND", "any"),
        ("PERCENT", "25%"),
        ("TIME", "7s"),
    ] {
        text = text.replace(placeholder, value);
    }
    text
}

#[test]
fn every_kind_is_written_as_its_usage_says_and_reads_back_the_same_with_the_same_effect() {
    let mut effects: Vec<Effect> = Vec::new();
    let mut is_new = |fault: &Fault| {
        let new = !effects.contains(fault.effect());
        effects.push(fault.effect().clone());
        new
    };
    for row in KINDS {
        let read = |arguments: &String| {
            let equals = if arguments.is_empty() { "" } else { "=" };
            let fault = fault(&format!("{}{equals}{arguments}", row.name));
            assert_eq!(fault.kind(), row.name);
            let written = fault.to_string();
            assert_eq!(written.parse(), Ok(fault.clone()), "{arguments:?} is written {written:?}");
            fault
        };
        let (required, optional) = examples(row.arguments);
        let least = read(&required);
        assert!(is_new(&least), "{least} does what another kind does");
        for forms in optional {
            let forms: Vec<_> = forms.iter().map(read).collect();
            let mut effects = if forms.len() == 1 { vec![least.effect()] } else { Vec::new() };
            for fault in &forms {
                assert!(!effects.contains(&fault.effect()), "{fault}: an argument without an effect");
                effects.push(fault.effect());
            }
        }
    }
}

#[test]
fn a_category_is_no_beginning() {
    for (text, written) in [
        ("garbage=on=@write", "garbage=on=@write@0s"),
        ("garbage=on=@write+2s", "garbage=on=@write@0s+2s"),
        ("error_reply=OOM,on=@write,share=5%@3s+2s", "error_reply=OOM,on=@write,share=5%@3s+2s"),
        ("latency=1s,on=@read@every:10s+2s", "latency=1s,on=@read@every:10s+2s"),
    ] {
        let schedule: FaultSchedule = text.parse().unwrap();
        assert_eq!(schedule.to_string(), written);
        assert_eq!(written.parse(), Ok(schedule));
    }
}

#[test]
fn every_file_of_a_kind_is_in_the_list() {
    let files = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/fault/kinds")).unwrap();
    let stem = |file: fs::DirEntry| file.path().file_stem().unwrap().to_string_lossy().into_owned();
    let files: BTreeSet<String> = files.map(|file| stem(file.unwrap())).collect();
    let listed: BTreeSet<String> = KINDS.iter().map(|row| row.name.to_owned()).collect();
    assert_eq!(files, listed);
}

#[test]
fn a_refusal_names_the_value_and_the_remedy() {
    for (text, parts) in [
        ("reset", ["'reset' is not a fault", "reset_peer, close"]),
        ("", ["'' is not a fault", "reset_peer, close"]),
        ("reset_peer=side=server", ["'server'", "both, client"]),
        ("reset_peer=client", ["unexpected argument 'client'", "side=both|client"]),
        ("close=1s", ["unexpected argument '1s'", "usage: close"]),
        ("latency", ["the delay is missing", "50ms~10ms"]),
        ("latency=soon", ["'soon' is not a time", "50ms"]),
        ("latency=0", ["'0' delays nothing", "50ms"]),
        ("latency=1ms~2ms", ["'1ms~2ms'", "at most the delay"]),
        ("latency=1s,on=GET,direction=up", ["on= delays replies", "leave direction out"]),
        ("bandwidth=0", ["'0' is not a number of bytes", "64k"]),
        ("limit_data=-1", ["'-1' is not a number of bytes", "64k"]),
        ("limit_data=99999999999999999999g", ["is not a number of bytes", "64k"]),
        ("idle_drop=0", ["'0' is too short", "1ms"]),
        ("error_reply", ["the error code is missing", "LOADING"]),
        ("error_reply=WRONG", ["'WRONG' is not a known error", "WRONGPASS"]),
        ("error_reply=OOM,share=0", ["'0' is not a share", "25%"]),
        ("error_reply=OOM,on=a b", ["'a b' is not a command", "@write"]),
        ("garbage=on=GET,on=SET", ["'on' is given twice", "once"]),
        ("garbage=,GET", ["'' is not NAME=VALUE", "on=HELLO"]),
        ("push", ["a push needs a kind", "push=MOVING"]),
        ("close@soon", ["'soon' is not a time", "10s"]),
        ("close@1s+1s", ["close happens at one moment", "leave out"]),
        ("blackhole@every:10s", ["has no duration", "+1s"]),
        ("blackhole@every:10s+10s", ["would never end", "less than 10s"]),
        ("close@every:1ms", ["every 1ms is too often", "10ms"]),
        ("blackhole@1s+0", ["'0' is too short", "1ms"]),
    ] {
        let why = text.parse::<FaultSchedule>().unwrap_err();
        for part in parts {
            assert!(why.contains(part), "{text}: no {part:?} in {why}");
        }
    }
}

#[test]
fn a_schedule_is_a_row_of_beginnings_and_ends() {
    let instances = |text: &str, until: u64| {
        let schedule: FaultSchedule = text.parse().unwrap();
        let seconds = |(start, end): (Duration, Duration)| (start.as_secs(), end.as_secs());
        schedule.instances(Duration::from_secs(until)).map(seconds).collect::<Vec<_>>()
    };
    assert_eq!(instances("blackhole@30s+20s", 60), [(30, 50)]);
    assert_eq!(instances("blackhole@30s+20s", 40), [(30, 40)]);
    assert_eq!(instances("blackhole@30s", 40), [(30, 40)]);
    assert_eq!(instances("blackhole@30s+20s", 30), []);
    assert_eq!(instances("reset_peer@10s", 60), [(10, 10)]);
    assert_eq!(instances("reset_peer@every:25s", 60), [(25, 25), (50, 50)]);
    assert_eq!(instances("refuse@every:20s+5s", 60), [(20, 25), (40, 45)]);
    assert_eq!(instances("latency=50ms+10s", 60), [(0, 10)]);
    let endless = "close@every:1s".parse::<FaultSchedule>().unwrap().instances(Duration::MAX);
    assert_eq!(endless.take(3).count(), 3);
}

#[test]
fn pushes_and_errors_are_those_of_a_server() {
    let sent = |text: &str| match fault(text).effect() {
        Effect::Order(Order::Push(bytes)) => String::from_utf8(bytes.clone()).unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(sent("push=MOVING 1 15 10.0.0.1:6379"), ">4\r\n$6\r\nMOVING\r\n:1\r\n:15\r\n$13\r\n10.0.0.1:6379\r\n");
    assert_eq!(sent("push=invalidate a b"), ">2\r\n$10\r\ninvalidate\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n");
    let code: ErrorCode = "maxclients".parse().unwrap();
    assert!(code.is_final() && code.wording().starts_with("ERR max"));
}

#[test]
fn the_same_seed_gives_the_same_numbers() {
    let numbers = |seed, stream| {
        let mut random = Random::new(seed, stream);
        std::iter::repeat_with(move || random.unit()).take(1000).collect::<Vec<_>>()
    };
    assert_eq!(numbers(7, 1), numbers(7, 1));
    assert_ne!(numbers(7, 1), numbers(7, 2));
    let all = numbers(7, 3);
    assert!(all.iter().all(|unit| (0.0..1.0).contains(unit)));
    let mean = all.iter().sum::<f64>() / 1000.0;
    assert!((0.45..0.55).contains(&mean), "{mean}");
}

fn any_duration() -> impl Strategy<Value = Duration> {
    prop_oneof![
        (1_u64..100_000).prop_map(Duration::from_secs),
        (1_u64..100_000).prop_map(Duration::from_millis),
        (1_000_000_u64..u64::from(u32::MAX)).prop_map(Duration::from_nanos),
    ]
}

/// A time as a user may write it.
fn any_time() -> impl Strategy<Value = String> {
    any_duration().prop_map(|duration| format!("{}ns", duration.as_nanos()))
}

fn any_direction() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["both", "up", "down"])
}

fn any_scope() -> impl Strategy<Value = String> {
    let share = (1_u32..=10_000).prop_map(|part| format!("share={}%", f64::from(part) / 100.0));
    (prop::option::of("[A-Za-z]{1,8}"), share).prop_map(|(on, share)| match on {
        Some(on) => format!("on={on},{share}"),
        None => share,
    })
}

fn any_fault() -> impl Strategy<Value = Fault> {
    let sides = prop::sample::select(vec!["both", "client"]);
    let moments = prop::sample::select(vec!["now", "idle", "in_flight"]);
    let reaches = prop::sample::select(vec!["all", "existing", "new"]);
    let codes = prop::sample::select(vec!["LOADING", "NOPERM", "MAXCLIENTS"]);
    let plain: Vec<_> = KINDS.iter().filter(|row| row.arguments.is_empty()).map(|row| row.name.to_owned()).collect();
    let text = prop_oneof![
        prop::sample::select(plain),
        (sides, moments).prop_map(|(side, when)| format!("reset_peer=side={side},when={when}")),
        any_time().prop_map(|delay| format!("slow_close={delay}")),
        any_direction().prop_map(|direction| format!("blackhole=direction={direction}")),
        (any_duration(), 0_u32..=4, any_direction()).prop_map(|(delay, part, direction)| {
            let (delay, jitter) = (delay.as_nanos(), (delay / 4 * part).as_nanos());
            format!("latency={delay}ns~{jitter}ns,direction={direction}")
        }),
        (any_time(), "[A-Z]{1,8}").prop_map(|(delay, on)| format!("latency={delay},on={on}")),
        (1_u64.., any_direction()).prop_map(|(rate, direction)| format!("bandwidth={rate},direction={direction}")),
        (1_u64.., any_time(), any_direction())
            .prop_map(|(size, delay, direction)| format!("slicer={size},delay={delay},direction={direction}")),
        (1_u64..).prop_map(|bytes| format!("limit_data={bytes}")),
        any_time().prop_map(|after| format!("idle_drop={after},then=reset")),
        (codes, any_scope(), reaches)
            .prop_map(|(code, scope, reach)| format!("error_reply={code},{scope},reach={reach}")),
        any_scope().prop_map(|scope| format!("truncate={scope}")),
        "[a-z]{1,9}( [a-z0-9:.]{1,9}){0,3}".prop_map(|frame| format!("push={frame}")),
    ];
    text.prop_map(|text| fault(&text))
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(fault in any_fault(), start in any_duration(), lasts in any_duration()) {
        let momentary = fault.is_momentary();
        for (timing, lasts) in [
            (Timing::At(start), None),
            (Timing::At(Duration::ZERO), (!momentary).then_some(lasts)),
            (Timing::Every(lasts + Duration::from_secs(1)), (!momentary).then_some(lasts)),
        ] {
            let schedule = FaultSchedule { fault: fault.clone(), timing, lasts };
            let text = schedule.to_string();
            prop_assert_eq!(text.parse::<FaultSchedule>(), Ok(schedule.clone()), "{}", text);
            let json = serde_json::to_string(&schedule).unwrap();
            prop_assert_eq!(serde_json::from_str::<FaultSchedule>(&json).unwrap(), schedule);
        }
    }

    #[test]
    fn no_text_breaks_the_reader(text in ".{0,40}") {
        let _ = text.parse::<FaultSchedule>();
    }

    #[test]
    fn instances_are_in_order_and_apart(period in 10_u64..10_000, part in 1_u64..99, until in 0_u64..100_000) {
        let lasts = Some(Duration::from_millis((period * part / 100).max(1)));
        let timing = Timing::Every(Duration::from_millis(period));
        let schedule = FaultSchedule { fault: fault("partition"), timing, lasts };
        let until = Duration::from_millis(until);
        let mut before = Duration::ZERO;
        for (start, end) in schedule.instances(until) {
            prop_assert!(before <= start && start <= end && end <= until);
            before = end;
        }
    }
}

#[test]
fn fuzz_faults() {
    let words: Vec<&str> = KINDS.iter().map(|row| row.name).chain(["@every:", "@", "+", "~", ",", "="]).collect();
    Fuzz::new("fault", &words).run_on_text(|text| {
        assert_stable::<FaultSchedule>(text);
        assert_stable::<Fault>(text);
    });
}
