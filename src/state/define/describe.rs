//! Name, description, severity, whether it is enabled, and the template it was made from.

use serde_json::Value;

use super::reader::{Reader, Reported};
use crate::diag::Code;
use crate::state::{Field, Kind};

const QUOTED_DESCRIPTION: Code = Code::new("quoted-description");
const DESCRIPTION_CUT: Code = Code::new("description-cut");
const BAD_VERSION: Code = Code::new("bad-template-version");

const AUTO_DISABLED_NAME: Code = Code::new("auto-disabled-name");

/// How the name of a rule begins that the service has disabled by itself
/// (learn.microsoft.com/azure/sentinel/troubleshoot-analytics-rules).
pub const AUTO_DISABLED: &str = "AUTO DISABLED";

/// A tag value of a saved search holds this many characters (azurerm#23562). Counted as UTF-16, as
/// .NET counts.
const TAG_LIMIT: usize = 256;

const SEVERITIES: &[&str] = &["High", "Medium", "Low", "Informational"];

pub(super) fn define(reader: &mut Reader<'_>) {
    name(reader);
    description(reader);
    if reader.kind != Kind::Hunt {
        let enabled = reader.as_bool("enabled", "enabled", reader.get("enabled"));
        reader.set_or(Field::Enabled, enabled, true);
        severity(reader);
        template(reader);
    }
}

fn name(reader: &mut Reader<'_>) {
    match reader.text("name") {
        Ok(Some(name)) if !name.trim().is_empty() => {
            let name = name.trim();
            // Such a name would hide that the service has disabled the rule.
            if reader.kind != Kind::Hunt && name.to_uppercase().starts_with(AUTO_DISABLED) {
                let message = format!("a rule's name may not begin with `{AUTO_DISABLED}`");
                let help = "the service puts it before a rule that it disabled: take it off";
                reader.error(AUTO_DISABLED_NAME, "name", message, help);
            }
            reader.set(Field::DisplayName, name);
        }
        Ok(_) => reader.missing("name", "give it the name that analysts see"),
        Err(Reported) => {}
    }
}

fn severity(reader: &mut Reader<'_>) {
    match reader.as_word("severity", "severity", reader.get("severity"), SEVERITIES) {
        Ok(Some(severity)) => reader.set(Field::Severity, severity),
        Ok(None) => reader.missing("severity", "write `High`, `Medium`, `Low` or `Informational`"),
        Err(Reported) => {}
    }
}

fn description(reader: &mut Reader<'_>) {
    let Ok(text) = reader.text("description") else { return };
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
        reader.set(Field::Description, Value::Null);
        return;
    };
    let text = match unquoted(text) {
        Some(inner) => {
            reader.warning(
                QUOTED_DESCRIPTION,
                "description",
                "the description is wrapped in quotes, which are part of its text".to_owned(),
                "the quotes are left out; take them out of the file",
            );
            inner
        }
        None => text,
    };
    if reader.kind != Kind::Hunt {
        reader.set(Field::Description, text);
        return;
    }
    let cut = cut(text.trim_end());
    if cut.len() < text.trim_end().len() {
        let message = format!(
            "the description has {} characters; a hunting query keeps {TAG_LIMIT}",
            text.trim_end().encode_utf16().count()
        );
        let help = "what is over is left out; say the important things first";
        reader.warning(DESCRIPTION_CUT, "description", message, help);
    }
    reader.set(Field::Description, cut);
}

/// The text inside one pair of single quotes around all of it, as a block scalar keeps them.
fn unquoted(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix('\'')?.strip_suffix('\'')?;
    Some(inner.trim_end())
}

/// The longest beginning within the limit that ends a sentence; else a word; else the limit.
fn cut(text: &str) -> &str {
    let mut units = 0;
    let over = text.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units > TAG_LIMIT
    });
    let Some((end, _)) = over else { return text };
    let fits = &text[..end];
    let sentence = fits
        .char_indices()
        .filter(|(at, c)| ".!?".contains(*c) && text[at + 1..].starts_with(char::is_whitespace))
        .map(|(at, _)| at + 1)
        .next_back();
    let end = sentence.or_else(|| fits.rfind(char::is_whitespace)).unwrap_or(end);
    fits[..end].trim_end()
}

/// The service refuses a template's version without its name, so neither is owned without the name.
fn template(reader: &mut Reader<'_>) {
    let Ok(Some(name)) = reader.text("alertRuleTemplateName") else { return };
    if name.trim().is_empty() {
        return;
    }
    reader.set(Field::TemplateName, name.trim());
    let Ok(Some(version)) = reader.text("version") else { return };
    let version = version.trim();
    let numbers = version.split('.').filter(|part| part.parse::<u32>().is_ok()).count();
    if numbers == 3 && version.split('.').count() == 3 && version.len() <= 20 {
        reader.set(Field::TemplateVersion, version);
        return;
    }
    let message = format!("`{version}` is not a version that the service takes with a template");
    reader.error(BAD_VERSION, "version", message, "write three numbers: `1.0.0`");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fields::tests::{check, check_kind};
    use super::*;

    #[test]
    fn one_pair_of_quotes_around_a_description_is_taken_off_with_a_warning() {
        let quoted = json!({"description": "'It''s all.'\n"});
        check(quoted, Field::Description, json!("It''s all."), &["quoted-description"]);
        check(json!({"description": "'tis.\n"}), Field::Description, json!("'tis.\n"), &[]);
        check(json!({"description": "  "}), Field::Description, Value::Null, &[]);
        check(json!({"description": ["x"]}), Field::Description, None, &["wrong-type"]);
    }

    #[test]
    fn a_rule_cannot_be_named_as_the_service_names_what_it_disabled() {
        for name in ["AUTO DISABLED A rule", " auto disabled x"] {
            let keys = json!({"name": name});
            check(keys, Field::DisplayName, json!(name.trim()), &["auto-disabled-name"]);
        }
        let hunt = json!({"name": "AUTO DISABLED rules"});
        let expect = json!("AUTO DISABLED rules");
        check_kind(Kind::Hunt, hunt, Field::DisplayName, expect, &[]);
    }

    #[test]
    fn a_hunt_keeps_256_characters_up_to_a_sentence() {
        let hunt = |text: String, expect: &str, problems: &[&str]| {
            let keys = json!({"description": text});
            check_kind(Kind::Hunt, keys, Field::Description, json!(expect), problems);
        };
        hunt("Short.\n".to_owned(), "Short.", &[]);
        hunt("x".repeat(256), &"x".repeat(256), &[]);
        hunt("x".repeat(257), &"x".repeat(256), &["description-cut"]);
        hunt(format!("One. Two {}", "x".repeat(300)), "One.", &["description-cut"]);
        hunt(format!("v1.2 and {}", "x".repeat(300)), "v1.2 and", &["description-cut"]);
        hunt("ä".repeat(256), &"ä".repeat(256), &[]);
        hunt("😀".repeat(200), &"😀".repeat(128), &["description-cut"]);
    }

    #[test]
    fn severity_has_four_values_in_any_case() {
        check(json!({"severity": "high"}), Field::Severity, json!("High"), &[]);
        check(json!({"severity": "Hight"}), Field::Severity, None, &["unknown-value"]);
        check(json!({"severity": null}), Field::Severity, None, &["missing-key"]);
        check(json!({"severity": 1}), Field::Severity, None, &["wrong-type"]);
    }

    #[test]
    fn enabled_is_a_boolean_and_never_guessed() {
        check(json!({"enabled": false}), Field::Enabled, json!(false), &[]);
        check(json!({"enabled": "false"}), Field::Enabled, None, &["wrong-type"]);
    }

    #[test]
    fn a_template_version_needs_a_template() {
        check(json!({"version": "1.0.0"}), Field::TemplateVersion, None, &[]);
        check(json!({"alertRuleTemplateName": " "}), Field::TemplateName, None, &[]);
        let both = json!({"alertRuleTemplateName": "t", "version": "1.0.0"});
        check(both.clone(), Field::TemplateVersion, json!("1.0.0"), &[]);
        check(both, Field::TemplateName, json!("t"), &[]);
        let short = json!({"alertRuleTemplateName": "t", "version": "1.0"});
        check(short, Field::TemplateVersion, None, &["bad-template-version"]);
    }
}
