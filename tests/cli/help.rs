//! What `--help` teaches works: every example is run, or at least read as the program would read it.

use crate::root::Root;

/// Examples of every command, without what says what they do: `sentinelops plan -e local`.
fn examples(command: &clap::Command) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    if let Some(help) = command.get_after_help() {
        for line in help.to_string().lines() {
            let Some(line) = line.strip_prefix("  ").filter(|l| l.starts_with("sentinelops "))
            else {
                continue;
            };
            found.push(line.split("  ").next().unwrap().to_owned());
        }
    }
    found.extend(command.get_subcommands().flat_map(examples));
    found
}

/// Those that need a port, a run of before or reports of shards.
fn is_only_read(example: &str) -> bool {
    ["emulator --port", "rollback ", "report merge", "--ring canary", "apply --ring"]
        .iter()
        .any(|words| example.contains(words))
}

#[test]
fn every_command_has_examples_and_all_of_them_are_right() {
    let program = sentinelops::cli::command();
    for command in program.get_subcommands() {
        assert!(!examples(command).is_empty(), "`{}` has no example", command.get_name());
    }
    let root = Root::shipped();
    // What is applied comes before what shows it.
    let mut all = examples(&program);
    all.sort_by_key(|example| match example.split(' ').nth(1).unwrap() {
        "plan" => 0,
        "apply" => 1,
        _ => 2,
    });
    let mut ran = 0;
    for example in all {
        let line = example.split(" >").next().unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        let read = program.clone().try_get_matches_from(&words);
        assert!(read.is_ok(), "{example}: {}", read.unwrap_err());
        if is_only_read(&example) {
            continue;
        }
        let done = root.command(&words[1..]).output().unwrap();
        let (out, err) = (done.stdout, String::from_utf8_lossy(&done.stderr).into_owned());
        assert!(matches!(done.status.code(), Some(0 | 20)), "{example}: {err}");
        let says = !out.is_empty() || !err.is_empty() || example.contains("--output");
        assert!(says, "{example} says nothing");
        ran += 1;
    }
    assert!(ran >= 20, "only {ran} were run");
}

#[test]
fn help_fits_a_terminal() {
    let mut program = sentinelops::cli::command();
    for command in program.get_subcommands_mut() {
        let help = command.render_long_help().to_string();
        let examples = help.lines().skip_while(|line| !line.starts_with("Examples:"));
        for line in examples {
            assert!(line.chars().count() <= 110, "{line}");
        }
    }
}

#[test]
fn completions_know_every_command_and_are_what_the_shell_reads() {
    let root = Root::bare();
    for (shell, mark) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef sentinelops"),
        ("fish", "complete -c sentinelops"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let out = root.run(&["completions", shell]).exits(0).out;
        assert!(out.contains(mark), "{shell}");
        for command in sentinelops::cli::command().get_subcommands() {
            assert!(out.contains(command.get_name()), "{shell}: {}", command.get_name());
        }
    }
    let bash = root.run(&["completions", "bash"]).out;
    root.write("completions.bash", &bash);
    let mut checking = std::process::Command::new("bash");
    // Where there is no bash, nobody reads it.
    let checked = checking.arg("-n").arg(root.path("completions.bash")).status();
    assert!(checked.map_or(true, |status| status.success()), "bash does not read it");
    root.run(&["completions", "cmd"]).exits(2);
}

#[test]
fn concepts_are_explained_as_codes_are() {
    let root = Root::bare();
    root.run(&["explain", "drift"]).exits(0).says(&["outside git", "never green"]);
    root.run(&["explain"]).exits(0).says(&["Concepts", "exclusions", "duplicate-id"]);
    root.run(&["explain", "exclusion"]).exits(2).says(&["did you mean `exclusions`?"]);
}
