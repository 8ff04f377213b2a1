//! The page around the data.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Facts;
use crate::plan::{Exceeded, Plan};
use crate::report::count::{count, form};
use crate::report::escape;

const STYLE: &str = include_str!("style.css");
const SCRIPTS: [&str; 7] = [
    include_str!("model.js"),
    include_str!("align.js"),
    include_str!("dom.js"),
    include_str!("matrix.js"),
    include_str!("lists.js"),
    include_str!("detail.js"),
    include_str!("start.js"),
];

/// What stands on a page.
pub(super) struct Page {
    /// `Plan` or `Drift`.
    pub(super) name: &'static str,
    /// What a browser's tab says first.
    pub(super) alarms: Vec<String>,
    /// The closing sentence.
    pub(super) sentence: String,
    /// What guards found.
    pub(super) objections: Vec<Exceeded>,
    /// The ways on.
    pub(super) hints: Vec<&'static str>,
    /// What the scripts draw.
    pub(super) document: Value,
}

impl Page {
    /// The whole file.
    pub(super) fn render(&self, plan: &Plan, facts: &Facts<'_>) -> String {
        // What stands there without the scripts is painted before they begin.
        let script = format!(
            "\"use strict\";\nconst begin = () => {{\n{}}};\n\
             if (document.hidden) begin();\nelse requestAnimationFrame(() => setTimeout(begin));\n",
            SCRIPTS.concat()
        );
        let policy = format!(
            "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
            hash(&script),
            hash(STYLE)
        );
        let name = self.name;
        let owner = text(plan.owner.as_str());
        let alarms: String = self.alarms.iter().map(|alarm| format!("{alarm} · ")).collect();
        let commit =
            facts.commit.map_or(String::new(), |c| format!(", files at commit {}", text(c)));
        let (version, today) = (env!("CARGO_PKG_VERSION"), facts.today);
        let sentence = text(&self.sentence);
        let (unknown, objections, hints) = (unknown(plan), self.objections(), self.hints());
        let data = data(&self.document);
        format!(
            r##"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{alarms}{name} of {owner}, {today}</title>
<style>{STYLE}</style>
</head>
<body>
<a class="skip" href="#matrix-title">Skip to the matrix</a>
<header>
<h1>{name} of {owner}</h1>
<p><strong>{sentence}</strong></p>
<p class="soft">{today}, UTC{commit}; made by sentinelops {version}.</p>
</header>
<main>
{unknown}{objections}<noscript><p class="banner warn">This report draws its tables with a script of its own, and scripts are off here. The sentence above and the unknown workspaces are complete.</p></noscript>
<ul class="tiles" id="tiles" aria-label="How items stand; a button shows these only"></ul>
<form class="filters" id="filters" role="search" aria-label="Filter">
<label>Text<input type="search" id="text" placeholder="rule, workspace, person" autocomplete="off"></label>
<label>Tenant<select id="tenant"></select></label>
<label>Ring<select id="ring"></select></label>
<label>State<select id="state"></select></label>
<label class="check"><input type="checkbox" id="calm">also what is in sync</label>
<button type="reset">Clear</button>
</form>
<p id="count" role="status"></p>
<h2 id="matrix-title" tabindex="-1">Rules and hunting queries by workspace</h2>
<p class="soft screen">Workspaces that stand alike share a column. Arrow keys move, Enter opens.</p>
<div class="matrix" id="matrix" role="grid" aria-labelledby="matrix-title" aria-readonly="true"></div>
<ul class="legend" id="legend" aria-label="Signs"></ul>
<h2 class="screen">Findings</h2>
<div id="findings" class="screen"></div>
<div id="print"></div>
<h2>Exclusions in force</h2>
<div id="exclusions"></div>
{hints}</main>
<dialog id="dialog" aria-labelledby="dialog-title"></dialog>
<script type="application/json" id="data">{data}</script>
<script>{script}</script>
</body>
</html>
"##
        )
    }

    fn objections(&self) -> String {
        let (known, open): (Vec<_>, Vec<_>) =
            self.objections.iter().partition(|found| found.acknowledged.is_some());
        let list = |found: Vec<&Exceeded>| {
            let line = |found: &Exceeded| {
                let said = found.acknowledged.as_ref().map(|ack| format!("--ack {ack}"));
                let flag = said.unwrap_or_else(|| found.flag());
                format!("<li>{} (<code>{}</code>)</li>\n", text(&found.sentence()), text(&flag))
            };
            found.into_iter().map(line).collect::<String>()
        };
        let banner = |tone: &str, title: &str, found: Vec<&Exceeded>| match found.is_empty() {
            true => String::new(),
            false => format!(
                "<section class=\"banner {tone}\"><h2>{title}</h2><ul>\n{}</ul></section>\n",
                list(found)
            ),
        };
        let objected = banner("bad", "Guards object: apply sends nothing", open);
        objected + &banner("info", "Guards objected, and somebody said that it is meant", known)
    }

    fn hints(&self) -> String {
        if self.hints.is_empty() {
            return String::new();
        }
        let lines: String =
            self.hints.iter().map(|hint| format!("<li>{}</li>\n", with_code(hint))).collect();
        format!("<h2>Ways on</h2>\n<ul>\n{lines}</ul>\n")
    }
}

/// The workspaces that could not be read, before everything else.
fn unknown(plan: &Plan) -> String {
    let unread: Vec<String> = plan
        .workspaces
        .iter()
        .filter_map(|workspace| {
            let why = text(&escape::visible(&workspace.unreadable.as_ref()?.message));
            Some(format!("<li><strong>{}</strong>: {why}</li>\n", text(&workspace.key.to_string())))
        })
        .collect();
    if unread.is_empty() {
        return String::new();
    }
    let is = form(unread.len(), "is", "are");
    format!(
        "<section class=\"banner unknown\" id=\"unknown\" aria-labelledby=\"unknown-title\">\n\
         <h2 id=\"unknown-title\">? {} {is} UNKNOWN</h2>\n\
         <p>What could not be read is not in sync: nobody knows what stands there.</p>\n\
         <ul tabindex=\"0\" aria-label=\"Unknown workspaces\">\n{}</ul>\n</section>\n",
        count(unread.len(), "workspace"),
        unread.concat()
    )
}

/// A text as HTML has it.
fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            other => out.push(other),
        }
    }
    out
}

/// What stands between backticks is code.
fn with_code(hint: &str) -> String {
    let part = |(at, part): (usize, &str)| match at % 2 {
        0 => text(part),
        _ => format!("<code>{}</code>", text(part)),
    };
    hint.split('`').enumerate().map(part).collect()
}

/// JSON that nothing in it can leave: no `<`, so no end of its element, and nothing that a build's log
/// takes for a command.
fn data(document: &Value) -> String {
    let plain = escape::with_marks(&document.to_string(), "\\u0023");
    let mut out = String::with_capacity(plain.len());
    for character in plain.chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                out += &format!("\\u{:04x}", u32::from(character));
            }
            other => out.push(other),
        }
    }
    out
}

fn hash(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text))
}
