//! What stands between an operator's word and what it works on: `kind=inner`, `hint.remote = auto`.

use super::Query;

/// One `name = value` behind an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    /// In lower case, its parts joined by dots: `hint.strategy`.
    pub(super) name: String,
    /// As written, without quotes and brackets.
    pub(super) value: String,
}

/// The settings from this token on, and the token behind them.
pub(super) fn settings(query: &Query<'_>, at: usize, end: usize) -> (Vec<Setting>, usize) {
    let mut found = Vec::new();
    let mut next = at;
    while let Some((setting, behind)) = setting(query, next, end) {
        found.push(setting);
        next = behind;
    }
    (found, next)
}

/// The setting that begins at this token, and the token behind it.
pub(super) fn setting(query: &Query<'_>, start: usize, end: usize) -> Option<(Setting, usize)> {
    let mut equals = behind_name(query, start, end)?;
    while query.is(equals, ".") {
        equals = behind_name(query, equals + 1, end)?;
    }
    if !query.is(equals, "=") || equals + 1 >= end {
        return None;
    }
    let value = equals + 1;
    let mut behind = query.closing(value).unwrap_or(value) + 1;
    if query.is(value, "-") && behind < end {
        behind += 1;
    }
    while query.is(behind, ".") && behind + 1 < end {
        behind += 2;
    }
    let text = |tokens: std::ops::Range<usize>| -> String {
        tokens.map(|index| query.word(index)).collect()
    };
    let value = text(value..behind);
    let value = value.trim_matches(['[', ']', '(', ')', '"', '\'']).to_owned();
    let name = text(start..equals).to_ascii_lowercase();
    Some((Setting { name, value }, behind))
}

/// The `kind` among the settings, in lower case; empty if there is none.
pub(super) fn kind(settings: &[Setting]) -> String {
    let kind = settings.iter().find(|setting| setting.name == "kind");
    kind.map(|setting| setting.value.to_ascii_lowercase()).unwrap_or_default()
}

fn behind_name(query: &Query<'_>, at: usize, end: usize) -> Option<usize> {
    (at < end && query.is_name(at)).then_some(at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[(&str, &str)], rest: &str) {
        let query = Query::parse(text);
        let (found, next) = settings(&query, 1, query.tokens().len());
        let found: Vec<(&str, &str)> =
            found.iter().map(|o| (o.name.as_str(), o.value.as_str())).collect();
        assert_eq!(found, expect, "{text}");
        assert_eq!(query.word(next), rest, "{text}");
    }

    #[test]
    fn options_of_every_form_are_read() {
        check("join kind=inner (T) on X", &[("kind", "inner")], "(");
        let both = [("hint.strategy", "broadcast"), ("kind", "rightanti")];
        check("join hint.strategy=broadcast kind=rightanti (T) on X", &both, "(");
        check("join hint.strategy = broadcast\n kind = rightanti T on X", &both, "T");
        check("join hint . strategy = 'broadcast' kind=['rightanti'] (T)", &both, "(");
        check(
            "summarize hint.shufflekey = ['a b'] count()",
            &[("hint.shufflekey", "a b")],
            "count",
        );
        check("union hint.concurrency=-1 T", &[("hint.concurrency", "-1")], "T");
        check("join hint.num_partitions = 4 (T)", &[("hint.num_partitions", "4")], "(");
        check("join (T) on X", &[], "(");
        check("union T.U, V", &[], "T");
        check("join kind=", &[], "kind");
    }
}
