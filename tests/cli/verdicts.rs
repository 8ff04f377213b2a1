//! What is found about exclusions: each code with what a reviewer reads, an event where there is one,
//! and its explanation.

use crate::portal::Portal;
use crate::root::{Ran, Root};
use crate::sample::{EXCLUSION, RULE, RULE_FILE};

const FILE: &str = "content/exclusions/relay.yaml";
const CONDITION: &str = "when: DeviceName =~ 'srv-patch-01'";
const TODAY: &str = "2026-11-24";

/// A root with the rule and one exclusion with this condition, without tests.
fn root(condition: &str) -> (Root, Portal) {
    let (root, portal) = Root::empty();
    root.append("environments/fleet.yaml", "policy: { exclusionsNeed: [owner, expires] }\n");
    root.write(RULE_FILE, RULE);
    let tests = EXCLUSION.find("    tests:").unwrap();
    root.write(FILE, &EXCLUSION[..tests].replace(CONDITION, condition));
    (root, portal)
}

/// The program says the code and all of this, explains the code, and holds the rule if it is an error.
#[track_caller]
fn says(root: &Root, code: &str, texts: &[&str]) -> Ran {
    let ran = root.run(&["check", "--today", TODAY]);
    let held = ran.err.contains("error[") || ran.out.contains("error[");
    let ran =
        ran.exits(if held { 10 } else { 0 }).says(&[&format!("[{code}]"), "help: "]).says(texts);
    root.run(&["explain", code]).exits(0).says(&[code, "Way on"]);
    let planned = root.run(&["plan", "--today", TODAY]);
    assert_eq!(planned.out.contains("held"), held, "{planned}");
    ran
}

#[track_caller]
fn judged(condition: &str, code: &str, texts: &[&str]) {
    let (root, _portal) = root(condition);
    says(&root, code, texts).says(&[&format!("{FILE}:6:")]);
}

/// With two alternatives in the query's filter.
#[track_caller]
fn judged_on_two(condition: &str, code: &str, texts: &[&str]) {
    let (root, _portal) = root(condition);
    root.replace(RULE_FILE, "has 'relay.example'", "has_any ('relay.example', 'other.example')");
    says(&root, code, texts);
}

#[test]
fn an_exclusion_of_nothing_shows_what_it_does_not_take_out() {
    let code = "exclusion-excludes-nothing";
    let event =
        "it does not take out, for example: DeviceName: \"a\", RemoteUrl: \"relay.example\"";
    judged("when: DeviceName == 'a' and DeviceName == 'b'", code, &["error[", event, "`in (…)`"]);
    judged("keep: DeviceName != 'a' or DeviceName != 'b'", code, &["error[", event, "`keep`"]);
}

#[test]
fn an_exclusion_of_too_much_shows_what_it_takes_out() {
    let everything = "when: DeviceName != 'a' or DeviceName != 'b'";
    let event = "it takes out, for example: DeviceName: \"qzj\", RemoteUrl: \"relay.example\"";
    judged(everything, "exclusion-excludes-everything", &["error[", event]);
    let lost = "no longer found is, for example: RemoteUrl: \"relay.example\"";
    judged(everything, "exclusion-blinds-query", &["error[", lost]);
    judged("when: RemoteUrl has 'relay'", "exclusion-blinds-query", &["error[", lost]);
    judged(
        "when: DeviceName matches regex '.*'",
        "exclusion-excludes-everything",
        &["error[", "it takes out, for example"],
    );
    judged_on_two(
        "when: RemoteUrl has 'other.example'",
        "exclusion-blinds-alternative",
        &["error[", "no longer found is, for example: RemoteUrl: \"other.example\""],
    );
    judged(
        "when: ipv4_is_in_range(RemoteIP, '0.0.0.0/0') and RemotePort == 3",
        "exclusion-too-broad",
        &["error[", "it takes out, for example: RemoteIP: \"0.0.0.0\", RemotePort: 3"],
    );
    judged("when: DeviceName has '' and RemotePort == 3", "exclusion-too-broad", &["error["]);
}

#[test]
fn an_exclusion_without_effect_shows_what_others_or_the_query_keep_out() {
    let url = "RemoteUrl: \"foo.example\"";
    let anyway = format!("which the query's filters keep out anyway: {url}");
    let code = "exclusion-has-no-effect";
    judged("when: RemoteUrl == 'foo.example'", code, &["error[", &anyway]);
    let (root, _portal) = root(CONDITION);
    let narrow = "'srv-patch-01' and RemotePort == 443";
    let second = root.read(FILE).replace("exclusions:\n", "").replace("patch-wave", "patch-narrow");
    root.append(FILE, &second.replace("'srv-patch-01'", narrow));
    let event = "others take out, for example: DeviceName: \"srv-patch-01\", RemotePort: 443";
    says(&root, "exclusion-shadowed", &["warning[", "`patch-narrow`", event]);
}

#[test]
fn a_star_is_said_to_stand_for_itself() {
    let code = "exclusion-star-is-literal";
    judged("when: DeviceName == 'srv-*'", code, &["warning[", "`startswith`"]);
    let meant = "when: DeviceName in~ ('srv-*')\n    acknowledge: [{ code: exclusion-star-is-literal, \
                 reason: its name }]";
    let (root, _portal) = root(meant);
    root.run(&["check", "--today", TODAY]).exits(0).hides(&[code]);
}

#[test]
fn what_is_not_known_says_what_was_not_understood() {
    let part = "`strange(DeviceName, 1)` is not understood";
    judged("when: strange(DeviceName, 1)", "exclusion-may-blind-query", &["error[", part]);
    judged_on_two("when: strange(RemoteUrl)", "exclusion-may-blind-alternative", &["error["]);
    let never = "when: DeviceName matches regex @'^[^\\w\\W]$'";
    judged(never, "exclusion-may-exclude-nothing", &["warning["]);
}

#[test]
fn a_good_exclusion_shows_what_it_takes_out_and_what_is_still_found() {
    let (root, _portal) = root(CONDITION);
    root.run(&["check", "-v", "--today", TODAY]).exits(0).says(&[
        "note[exclusion-witness]",
        "takes out, for example: DeviceName: \"srv-patch-01\", RemoteUrl: \"relay.example\"",
        "what is still found, for example: ",
    ]);
}

#[test]
fn dates_and_use_are_said() {
    let with = |from: &str, to: &str| {
        let (root, portal) = root(CONDITION);
        root.replace(FILE, from, to);
        (root, portal)
    };
    let created = "    created: 2026-11-01\n    expires: 2027-05-01\n";
    let (ended, _portal) = with(created, "    expires: 2026-11-23\n");
    says(
        &ended,
        "exclusion-ended",
        &["warning[", "ended on 2026-11-23: it excludes nothing", "soc@"],
    );
    let (last_day, _portal) = with(created, "    expires: 2026-11-24\n");
    says(&last_day, "exclusion-ends-soon", &["warning[", "ends in 0 days, after 2026-11-24"]);
    let (soon, _portal) = with("2027-05-01", "2026-12-24");
    says(&soon, "exclusion-ends-soon", &["warning[", "ends in 30 days, after 2026-12-24"]);
    let (later, _portal) = with("2027-05-01", "2026-12-25");
    later.run(&["check", "--today", TODAY]).exits(0).hides(&["ends-soon"]);
    let (unused, _portal) = with("{ content: [relay-rule] }", "{ tables: [DeviceNetworkEvent] }");
    says(&unused, "exclusion-unused", &["warning[", "did you mean `DeviceNetworkEvents`?"]);
}

#[test]
fn what_the_policy_asks_for_is_said_beside_what_is_judged() {
    let (root, _portal) = root("when: RemoteUrl has 'relay'");
    root.replace("environments/fleet.yaml", "[owner, expires]", "[owner, expires, tests]");
    root.replace(FILE, "    owner: soc@acme.example\n", "");
    root.replace(FILE, "    expires: 2027-05-01\n", "");
    for code in ["exclusion-without-owner", "exclusion-without-expires", "exclusion-without-tests"]
    {
        says(&root, code, &["error[", "`policy.exclusionsNeed`", "exclusion-blinds-query"]);
    }
    root.replace(FILE, "    scenario", "    owner: ' '\n    scenario");
    says(&root, "exclusion-without-owner", &["error["]);
}
