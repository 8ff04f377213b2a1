//! What `--help` shows below the flags: examples, each of which a test runs or reads as the program would.

pub(crate) const CHECK: &str = "\
Examples:
  sentinelops check                                        all that can be said about the files
  sentinelops check --format github                        as annotations of a pull request
  sentinelops check --format sarif --output check.sarif    for code scanning";

pub(crate) const TEST: &str = "\
Examples:
  sentinelops test                                         every test of every exclusion
  sentinelops test --format json --output tests.json       for a program";

pub(crate) const RENDER: &str = "\
Examples:
  sentinelops render -e local                              every query of an environment, compiled
  sentinelops render -e local --explain                    and why each exclusion stands where it does
  sentinelops render -e local --content e483619f-5356-4967-b93e-cceb602783fb
  sentinelops render -e local --format json                the properties as they would be sent";

pub(crate) const PLAN: &str = "\
Examples:
  sentinelops plan -e local                                what `apply` would do in one environment
  sentinelops plan -e local --out plan.json                saved, to be approved and applied as it is
  sentinelops plan -e local --format html --output p.html  as a page for a browser
  sentinelops plan --ring canary --exit-code               20 when something is to be done";

pub(crate) const APPLY: &str = "\
Examples:
  sentinelops apply plan.json --yes                        exactly what was approved, or nothing
  sentinelops apply -e local --yes                         one environment, without a question
  sentinelops apply -e local --drift report --yes          leave what was changed outside git
  sentinelops apply --ring canary --yes                    one ring of the fleet

Nothing is sent while an item is held (--keep-going applies the rest) or a guard objects (--ack).";

pub(crate) const ROLLBACK: &str = "\
Examples:
  sentinelops rollback latest                 take the last run back, after a look at the plan
  sentinelops rollback 20261124T16 --yes      the run whose id begins so, without a question
  sentinelops rollback ./run-of-ci -e contoso --yes
                                              a downloaded run folder, in one environment only

What the run made is retired, what it changed or deleted is put back. An item that moved since is refused
(21). What the run wanted is held back until its content changes, or `apply --retry`.";

pub(crate) const DRIFT: &str = "\
Examples:
  sentinelops drift -e local                               what was changed outside git
  sentinelops drift -e local --format html --output d.html
                                                           as a page: matrix, filters, who, when, diffs
  sentinelops drift -e local --format markdown             for a job's summary

Ends with 20 when something moved, with 41 when a workspace could not be read: then nothing is green.";

pub(crate) const MERGE: &str = "\
Examples:
  sentinelops report merge shard-*.json                     all shards of a drift report, as text
  sentinelops report merge out/*.json --format markdown     for the job's summary
  sentinelops report merge canary/*.json --next-ring        exit code 0: the next ring may begin

The files are what `plan`, `apply` or `drift` wrote with `--format json --output FILE`. Shards that are missing
or there twice, other files, another plan: refused (21).";

pub(crate) const MATRIX: &str = "\
Examples:
  sentinelops matrix                                       one job for each ring
  sentinelops matrix --max-workspaces-per-job 200          as many as keep each job small";

pub(crate) const EXPLAIN: &str = "\
Examples:
  sentinelops explain duplicate-id                         a code of a diagnostic
  sentinelops explain exclusions                           a concept
  sentinelops explain                                      the list of both";

pub(crate) const EMULATOR: &str = "\
Examples:
  sentinelops emulator --port 8080                         serve until it is interrupted
  sentinelops emulator edit -e local analytic-rule/b6212120-3f98-439d-b982-24e84b913e53 severity=Low
                                                           play somebody with a portal account
  sentinelops emulator journal -e local --writes           what was written";

pub(crate) const COMPLETIONS: &str = "\
Examples:
  sentinelops completions bash > ~/.local/share/bash-completion/completions/sentinelops
  sentinelops completions zsh > ~/.zfunc/_sentinelops
  sentinelops completions fish > ~/.config/fish/completions/sentinelops.fish
  sentinelops completions powershell >> $PROFILE";
