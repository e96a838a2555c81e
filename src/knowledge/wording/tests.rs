//! The quality of the answers to log lines, measured with and without what is known from the program that prints them.

#![expect(clippy::print_stdout, reason = "the figures are what these tests are read for")]

use std::collections::BTreeMap;

use super::*;

/// A line scored by what is known from other programs.
struct Prediction {
    line: &'static Line,
    ranked: Vec<Scored>,
}

impl Prediction {
    fn best(&self) -> &'static str {
        self.ranked.first().map_or(NOTHING, |best| best.entry)
    }

    fn is_right(&self) -> bool {
        self.best() == self.line.entry
    }
}

/// The lines of each program, scored by everything that other programs print as well.
static HELD_OUT: LazyLock<Vec<Prediction>> = LazyLock::new(|| {
    let programs: BTreeSet<&str> = LINES.iter().map(|line| line.program).collect();
    let scored = programs.into_iter().flat_map(|program| {
        let model = Model::without(Some(program));
        let lines = LINES.iter().filter(move |line| line.program == program);
        lines.map(move |line| Prediction { line, ranked: model.rank(line.text) })
    });
    scored.collect()
});

fn share(right: usize, of: usize) -> f64 {
    right as f64 / of as f64
}

#[test]
fn the_data_is_complete() {
    let mut seen = BTreeSet::new();
    for Line { entry: id, program, source, text, words } in LINES.iter() {
        assert!(*id == NOTHING || entry(id).is_some(), "{id}: {text}");
        assert!(!program.is_empty() && source.contains(['/', ' ']) && !text.is_empty(), "{program}: {source}: {text}");
        assert!(seen.insert((program, text)), "{program}: {text} is a duplicate");
        assert!(!words.is_empty() || *id == NOTHING, "{text}: nothing to go by");
    }
    let lines: Vec<&Line> = LINES.iter().filter(|line| line.entry != NOTHING).collect();
    let programs: BTreeSet<&str> = lines.iter().map(|line| line.program).collect();
    assert!(lines.len() >= 300 && programs.len() >= 15, "{} lines of {programs:?}", lines.len());
    for Family { entry: id, sign } in FAMILIES.iter() {
        assert!(*id == NOTHING || entry(id).is_some(), "{id} does not exist");
        let filled = match sign {
            Sign::Literal(text) => !text.is_empty(),
            Sign::Words(sets) => sets.iter().flatten().all(|word| !word.is_empty()),
        };
        assert!(filled, "an empty family of {id}");
    }
    for (vague, share) in VAGUE {
        assert!((vague == NOTHING || entry(vague).is_some()) && share < 1.0, "{vague}");
    }
}

#[test]
fn known_lines_lead_to_their_entries() {
    let lines: Vec<&Line> = LINES.iter().filter(|line| line.entry != NOTHING).collect();
    let mut wrong = Vec::new();
    let mut unsure = 0;
    for line in &lines {
        let ranked = MODEL.rank(line.text);
        let best = ranked.first().map_or(NOTHING, |best| best.entry);
        if best != line.entry {
            wrong.push(format!("{best} instead of {}: {}", line.entry, line.text));
        }
        unsure += usize::from(!is_sure(&ranked));
    }
    let right = share(lines.len() - wrong.len(), lines.len());
    println!("{} lines, {:.1} % right, {unsure} of them not sure\n{}", lines.len(), right * 100.0, wrong.join("\n"));
    assert!(right >= 0.95, "{right}");
    assert!(share(unsure, lines.len()) <= 0.05, "{unsure} are not sure");
}

#[test]
fn lines_of_an_unknown_program_lead_to_their_entries() {
    let predictions = &HELD_OUT;
    let mut programs: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for prediction in predictions.iter().filter(|prediction| prediction.line.entry != NOTHING) {
        let (right, all) = programs.entry(prediction.line.program).or_default();
        *right += usize::from(prediction.is_right());
        *all += 1;
        if !prediction.is_right() {
            println!("{} instead of {}: {}", prediction.best(), prediction.line.entry, prediction.line.text);
        }
    }
    println!("\nright of all lines, with what is known from the program itself left out:");
    for (program, (right, all)) in &programs {
        println!("{program:<22} {right:>3} of {all:>3}");
    }
    // Redis and Valkey print nearly the same lines, so each predicts the other well.
    let servers = ["redis-server", "valkey-server", "sentinel", "valkey-sentinel"];
    for (name, without) in [("all", &[][..]), ("without the servers", &servers)] {
        let counted = programs.iter().filter(|(program, _)| !without.contains(*program));
        let (right, all) = counted.fold((0, 0), |sum, (_, of)| (sum.0 + of.0, sum.1 + of.1));
        println!("{name}: {right} of {all}, {:.1} %", share(right, all) * 100.0);
        assert!(share(right, all) >= 0.80, "{name}: {right} of {all}");
    }
}

#[test]
fn the_threshold_is_chosen_from_the_table() {
    let predictions = &HELD_OUT;
    let harmful = predictions.iter().filter(|prediction| prediction.line.entry != NOTHING).count();
    let measure = |minimum: f64, rival: f64| {
        let sure = predictions.iter().filter(|Prediction { ranked, .. }| {
            let second = ranked.get(1).map_or(0.0, |second| second.score);
            ranked
                .first()
                .is_some_and(|best| best.entry != NOTHING && best.score >= minimum && second <= best.score * rival)
        });
        let (mut right, mut all, mut alarms) = (0, 0, 0);
        for prediction in sure {
            right += usize::from(prediction.is_right());
            alarms += usize::from(prediction.line.entry == NOTHING);
            all += 1;
        }
        (share(right, all), share(right, harmful), alarms)
    };
    println!("score  rival  precision  recall  false alarms");
    for minimum in [0.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0] {
        for rival in [1.0, 0.95, 0.9, 0.8] {
            let (precision, recall, alarms) = measure(minimum, rival);
            println!("{minimum:>5}  {rival:>5}  {precision:>9.3}  {recall:>6.3}  {alarms:>12}");
        }
    }
    let (precision, recall, alarms) = measure(SURE, RIVAL);
    assert!(precision >= 0.93 && recall >= 0.78 && alarms <= 5, "{precision} {recall} {alarms}");
}

#[test]
fn a_log_line_in_its_setting_leads_to_the_same_entry() {
    for (before, after) in [
        ("2026-11-22T04:04:32.110Z ERROR [worker-3] ", ""),
        ("Nov 22 04:04:32 web-1 app[4242]: ", " (attempt 3)"),
        ("[2026-11-22 04:04:32,110] {\"level\":\"error\",\"msg\":\"", "\"}"),
    ] {
        let lines: Vec<&Line> = LINES.iter().filter(|line| line.entry != NOTHING).collect();
        let right = lines.iter().filter(|line| {
            let ranked = MODEL.rank(&format!("{before}{}{after}", line.text));
            ranked.first().is_some_and(|best| best.entry == line.entry)
        });
        let right = share(right.count(), lines.len());
        println!("{:.1} % right: {before}…{after}", right * 100.0);
        assert!(right >= 0.95, "{before}: {right}");
    }
}
