use super::*;
use crate::kql::predicate::{Constants, Context, filter};
use crate::kql::value::datetime;
use crate::kql::{Schema, Truth, evaluate};

const HOUR: i64 = DAY / 24;

fn at(text: &str) -> i64 {
    datetime(text).unwrap()
}

fn read(table: &str, text: &str) -> Predicate {
    let constants = Constants::new();
    let context = Context { columns: Schema::builtin().columns(table), constants: &constants };
    filter(text, context)
}

/// The question on 2026-05-01, for exclusions that end at midnight of a day.
fn question(table: &str, filters: &[&str], exclusions: &[(&str, Option<&str>)]) -> Question {
    let dated = |(text, until): &(&str, Option<&str>)| Dated {
        predicate: read(table, text),
        until: until.map(at),
    };
    let timestamp = table.starts_with("Device");
    let clock = Clock { now: at("2026-05-01T12:00:00Z"), period: Some(DAY), timestamp };
    let filters = filters.iter().map(|text| read(table, text)).collect();
    Question::new(filters, exclusions.iter().map(dated).collect(), clock)
}

fn codes(question: &Question) -> Vec<(&'static str, bool)> {
    let judgement = question.judge();
    judgement.findings.iter().map(|f| (f.code.as_str(), f.acknowledgeable)).collect()
}

fn check(filter: &str, exclusion: &str, expect: &[&str]) {
    let question = question("DeviceNetworkEvents", &[filter], &[(exclusion, None)]);
    let found: Vec<&str> = codes(&question).into_iter().map(|(code, _)| code).collect();
    assert_eq!(found, expect, "{filter} // {exclusion}: {:?}", question.judge());
}

const BLIND: &str = "exclusion-blinds-query";

#[test]
fn a_row_has_a_time_that_is_neither_in_the_future_nor_older_than_the_rule_looks_back() {
    let any = "RemoteUrl has 'a'";
    for exclusion in [
        "isnotnull(Timestamp)",
        "Timestamp <= now()",
        "Timestamp > ago(14d)",
        "TimeGenerated > ago(2d)",
        "Timestamp >= ago(1d)",
        "Timestamp > datetime(2020-01-01)",
        "Timestamp < datetime(2099-01-01)",
        "Timestamp between (ago(7d) .. now())",
        "Timestamp between (datetime(2020-01-01) .. datetime(2099-01-01))",
        "not(Timestamp > now())",
    ] {
        check(any, exclusion, &[BLIND]);
    }
    for exclusion in ["isnull(Timestamp)", "Timestamp > now()", "Timestamp < ago(2d)"] {
        check(any, exclusion, &["exclusion-has-no-effect"]);
    }
    for exclusion in
        ["Timestamp > ago(1h)", "Timestamp < ago(1h)", "Timestamp > ago(1h) and RemoteUrl has 'b'"]
    {
        check(any, exclusion, &[]);
    }
}

#[test]
fn both_names_of_the_time_mean_the_same() {
    check("Timestamp > ago(1h)", "TimeGenerated > ago(2h)", &[BLIND]);
    check("TimeGenerated > ago(1h)", "Timestamp > ago(2h)", &[BLIND]);
    check("TimeGenerated > ago(1h)", "Timestamp > ago(30m)", &[]);
    // The time of something else is not the time of the row.
    check("RemoteUrl has 'a'", "InitiatingProcessCreationTime > ago(14d)", &[]);
    check("Timestamp > ago(1h)", "InitiatingProcessCreationTime > ago(2h)", &[]);
}

#[test]
fn a_date_that_passes_while_the_exclusion_is_in_force_is_looked_at() {
    let table = "DeviceNetworkEvents";
    let freeze = "Timestamp between (datetime(2026-06-01) .. datetime(2026-06-15))";
    // It blinds the rule later, which somebody may want; the finding says when.
    let later = question(table, &["RemoteUrl has 'a'"], &[(freeze, None)]);
    assert_eq!(codes(&later), [(BLIND, true)]);
    let message = later.judge().findings[0].said();
    assert!(message.contains("(at 2026-06-"), "{message}");
    // From then on without an end: nobody may want that either.
    let forever = [("Timestamp > datetime(2026-06-01)", None)];
    assert_eq!(codes(&question(table, &["RemoteUrl has 'a'"], &forever)), [(BLIND, false)]);
    let ending = [("Timestamp > datetime(2026-06-01)", Some("2026-07-01"))];
    assert_eq!(codes(&question(table, &["RemoteUrl has 'a'"], &ending)), [(BLIND, true)]);
    // It ends before, or begins when no rule looks back so far.
    let ended = question(table, &["RemoteUrl has 'a'"], &[(freeze, Some("2026-05-20"))]);
    assert_eq!(codes(&ended), [("exclusion-has-no-effect", true)]);
    let narrow = format!("{freeze} and DeviceName == 'x'");
    assert_eq!(codes(&question(table, &["RemoteUrl has 'a'"], &[(&narrow, None)])), []);
    // Now it blinds: nobody may want that.
    let now =
        question(table, &["RemoteUrl has 'a'"], &[("Timestamp < datetime(2026-06-01)", None)]);
    assert_eq!(codes(&now), [(BLIND, false)]);
    // Two exclusions that are never in force together do not blind together.
    let first = ("Timestamp < datetime(2026-06-01) and RemotePort == 1", Some("2026-06-01"));
    let second = ("RemotePort != 1 or isnull(RemotePort)", Some("2026-07-01"));
    let filters = ["Timestamp > ago(1h)"];
    assert_eq!(codes(&question(table, &filters, &[first, second])), [(BLIND, false)]);
    let later = "Timestamp > datetime(2026-06-10) and RemotePort == 1";
    let apart = [(later, None), (second.0, Some("2026-06-01"))];
    assert_eq!(codes(&question(table, &filters, &apart)), []);
}

#[test]
fn too_many_dates_are_not_judged_and_that_is_said() {
    let dates: Vec<String> = (1..29)
        .map(|day| format!("Timestamp between (datetime(2027-01-{day:02}) .. 1h)"))
        .collect();
    let exclusion = dates.join(" or ");
    let question = question("DeviceNetworkEvents", &[], &[(&exclusion, None)]);
    assert!(codes(&question).contains(&("exclusion-may-blind-query", true)));
}

#[test]
fn an_open_tables_timestamp_is_any_column() {
    let question = |exclusion| question("Made_CL", &["a == 'x'"], &[(exclusion, None)]);
    assert_eq!(codes(&question("Timestamp > ago(14d)")), []);
    assert_eq!(codes(&question("TimeGenerated > ago(14d)")), [(BLIND, false)]);
}

#[test]
fn a_survivor_has_a_time_that_a_row_can_have() {
    let question = question(
        "DeviceNetworkEvents",
        &["Timestamp > ago(5d)"],
        &[("Timestamp > ago(1h) and Timestamp < ago(1m)", None)],
    );
    let survivor = question.judge().survivor.unwrap();
    let Some(Value::Datetime(time)) = survivor.event.values.get("Timestamp") else {
        panic!("{survivor}")
    };
    let now = at("2026-05-01T12:00:00Z");
    assert!((now - 24 * HOUR..=now).contains(time), "{survivor}");
    let taken = read("DeviceNetworkEvents", "Timestamp > ago(1h) and Timestamp < ago(1m)");
    assert_ne!(evaluate(&taken, &survivor.event, now), Truth::TRUE);
}

#[test]
fn a_hunt_still_sees_the_last_day() {
    let of_hunt = |filters: &[&str], exclusion: &str| {
        let mut question =
            question("DeviceNetworkEvents", &["RemoteUrl has 'a'"], &[(exclusion, None)]);
        question.filters = filters.iter().map(|text| read("DeviceNetworkEvents", text)).collect();
        question.clock.period = None;
        codes(&Question::new(question.filters, question.exclusions, question.clock))
    };
    let any = ["RemoteUrl has 'a'"];
    for exclusion in [
        "Timestamp > ago(3650d)",
        "Timestamp > datetime(2020-01-01)",
        "Timestamp >= ago(1d)",
        "Timestamp between (datetime(2020-01-01) .. datetime(2040-01-01)) and RemoteUrl has 'a'",
        "Timestamp > ago(30d) or DeviceName == 'b'",
        "TimeGenerated > ago(30d)",
    ] {
        assert_eq!(of_hunt(&any, exclusion), [("exclusion-blinds-recent", true)], "{exclusion}");
    }
    for exclusion in [
        "Timestamp < ago(30d)",
        "Timestamp > ago(30d) and DeviceName == 'b'",
        "Timestamp between (datetime(2026-04-01) .. datetime(2026-04-02))",
        "Timestamp > ago(12h)",
        "DeviceName == 'b'",
    ] {
        assert_eq!(of_hunt(&any, exclusion), [], "{exclusion}");
    }
    let long_ago = ["RemoteUrl has 'a'", "Timestamp < ago(30d)"];
    assert_eq!(of_hunt(&long_ago, "Timestamp between (ago(50d) .. ago(40d))"), []);
}

/// The question for a rule that looks back for some days.
fn over_days(days: i64, filters: &[&str], exclusions: &[(&str, Option<&str>)]) -> Question {
    let table = "DeviceNetworkEvents";
    let asked = question(table, &[], exclusions);
    let clock = Clock { period: Some(days * DAY), ..asked.clock };
    let filters = filters.iter().map(|text| read(table, text)).collect();
    Question::new(filters, asked.exclusions, clock)
}

#[test]
fn a_rule_that_looks_back_for_days_still_sees_the_last_one() {
    let of_rule =
        |days, filter, exclusion| codes(&over_days(days, &[filter], &[(exclusion, None)]));
    let any = "RemoteUrl has 'a'";
    let recent = [("exclusion-blinds-recent", true)];
    assert_eq!(of_rule(14, any, "Timestamp > ago(2d)"), recent);
    assert_eq!(of_rule(14, any, "Timestamp between (ago(1d) .. now())"), recent);
    assert_eq!(of_rule(14, any, "Timestamp > ago(12h)"), []);
    assert_eq!(of_rule(14, any, "Timestamp > ago(2d) and DeviceName == 'b'"), []);
    assert_eq!(of_rule(1, any, "Timestamp > ago(2d)"), [(BLIND, false)]);
    // What the rule itself leaves out is not missed.
    assert_eq!(of_rule(14, "Timestamp < ago(3d)", "Timestamp between (ago(5d) .. ago(4d))"), []);
}

#[test]
fn that_everything_is_blind_later_does_not_hide_that_the_last_day_is_blind_now() {
    let exclusion = "Timestamp > ago(2d) or \
                     Timestamp between (datetime(2026-06-01) .. datetime(2026-09-01))";
    let question = over_days(14, &[], &[(exclusion, None)]);
    assert_eq!(codes(&question), [(BLIND, true), ("exclusion-blinds-recent", true)]);
    let findings = question.judge().findings;
    assert!(findings[0].at.is_some() && findings[1].at.is_none(), "{findings:?}");
}

#[test]
fn that_something_is_not_known_does_not_hide_that_the_last_day_is_blind() {
    let exclusions =
        [("Timestamp > ago(2d)", None), ("strlen(strcat(RemoteUrl, DeviceName)) > 3", None)];
    let found = codes(&over_days(14, &["RemoteUrl has 'a'"], &exclusions));
    assert!(found.contains(&("exclusion-may-blind-query", true)), "{found:?}");
    assert!(found.contains(&("exclusion-blinds-recent", true)), "{found:?}");
}

#[test]
fn what_is_found_at_a_moment_is_asked_again_at_that_moment() {
    let first = "Timestamp > datetime(2026-06-01) and RemotePort == 1";
    let second = "Timestamp < datetime(2026-06-20) and (RemotePort != 1 or isnull(RemotePort))";
    let third = "Timestamp > datetime(2026-06-10) and DeviceName == 'b'";
    let exclusions = [(first, None), (second, None), (third, None)];
    let question = question("DeviceNetworkEvents", &["Timestamp > ago(1h)"], &exclusions);
    let findings = question.judge().findings;
    let [finding] = findings.as_slice() else { panic!("{findings:?}") };
    assert_eq!(finding.code, BLINDS_QUERY);
    // Without the third, other moments are looked at; it has no part in it all the same.
    let stands = |without: usize| {
        let judgement = question.without(without).judge_when(finding);
        judgement.findings.iter().any(|other| other.code == finding.code)
    };
    assert_eq!([stands(0), stands(1), stands(2)], [false, false, true]);
}
