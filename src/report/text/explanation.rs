//! What codes mean, as text.

use crate::report::explain::{Concept, Explanation};
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

/// One concept, in paragraphs.
#[must_use]
pub fn concept(concept: &Concept, style: Style) -> String {
    let mut out = style.paint(Paint::Strong, concept.name) + "\n";
    for text in concept.text.lines().filter(|line| !line.is_empty()) {
        out += "\n";
        paragraph(&mut out, text, style);
    }
    out
}

/// A list of all concepts, each with the first sentence about it.
#[must_use]
pub fn concepts(concepts: &[Concept], style: Style) -> String {
    let mut out = style.paint(Paint::Strong, "Concepts") + "\n";
    for concept in concepts {
        out += &format!("  {}\n", concept.name);
        for line in wrapped(concept.text.lines().next().unwrap_or_default(), 6, style) {
            out += &format!("      {line}\n");
        }
    }
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
