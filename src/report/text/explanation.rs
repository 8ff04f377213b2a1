//! What codes mean, as text.

use crate::report::explain::Explanation;
use crate::report::style::{Paint, Style};
use crate::report::width;

/// One code: its meaning, an example, a way on.
#[must_use]
pub fn explanation(explanation: &Explanation, style: Style) -> String {
    let mut out = style.paint(Paint::Strong, explanation.code) + "\n\n";
    paragraph(&mut out, explanation.meaning, style);
    out += "\n";
    for line in explanation.example.lines() {
        let line = format!("    {}", line.strip_prefix("    ").unwrap_or(line));
        out += line.trim_end();
        out += "\n";
    }
    out += "\n";
    paragraph(&mut out, &format!("Way on: {}", explanation.way_on), style);
    out
}

/// A list of all codes, each with the first sentence of its meaning.
#[must_use]
pub fn codes(explanations: &[Explanation], style: Style) -> String {
    let mut out = String::new();
    let mut topic = "";
    for explanation in explanations {
        if explanation.topic != topic {
            topic = explanation.topic;
            out += if out.is_empty() { "" } else { "\n" };
            out += &style.paint(Paint::Strong, topic);
            out += "\n";
        }
        out += &format!("  {}\n", explanation.code);
        for line in wrapped(explanation.summary(), 6, style) {
            out += &format!("      {line}\n");
        }
    }
    out
}

fn paragraph(out: &mut String, text: &str, style: Style) {
    for line in wrapped(text, 0, style) {
        *out += &line;
        *out += "\n";
    }
}

fn wrapped(text: &str, indent: usize, style: Style) -> Vec<String> {
    let limit = match style.width {
        0 => 0,
        columns => columns.max(40).saturating_sub(indent),
    };
    width::wrap(text, limit)
}
