//! `render`: what would be sent, without asking anybody.

use serde_json::{Value, json};

use super::survey::{selected, selection};
use crate::cli::args::{Format, Render};
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::load::{Loaded, load_or_stop};
use crate::cli::ui::Ui;
use crate::compile::{Origin, origins};
use crate::environment::Selection;
use crate::ident::ItemKey;
use crate::report;
use crate::state::desired::{HeldReason, Present};
use crate::state::{DesiredItem, DesiredState, DesiredWorkspace};

pub(super) fn run(args: &Render, context: &Context, ui: &Ui) -> Result<Exit, Error> {
    let today = args.day.today.unwrap_or(context.today);
    let loaded = load_or_stop(context, ui, today)?;
    let selection = selection(&args.selection);
    let workspaces = selected(&selection, &loaded.fleet, ui)?;
    let chosen: Vec<&DesiredWorkspace> = loaded
        .compiled
        .desired
        .workspaces
        .iter()
        .filter(|desired| workspaces.iter().any(|(_, workspace)| workspace.key == desired.key))
        .collect();
    let items: Vec<(&DesiredWorkspace, &ItemKey, &DesiredItem)> = chosen
        .into_iter()
        .flat_map(|workspace| workspace.items.iter().map(move |(key, item)| (workspace, key, item)))
        .filter(|(_, key, item)| is_selected(&selection, &loaded, key, item))
        .collect();
    if items.is_empty() {
        return Err(Error::new(Exit::Invalid, "the selection has no item in it"));
    }
    let explained = |workspace: &DesiredWorkspace, key: &ItemKey| {
        let files = (&loaded.catalog, &loaded.fleet);
        args.explain.then(|| origins(files, (&workspace.key, key), today))
    };
    let held = items.iter().any(|(_, _, item)| matches!(item.state, DesiredState::Held(_)));
    let exit = if held { Exit::Invalid } else { Exit::Done };
    let printed = match args.output.format {
        Format::Text => {
            let texts = items
                .iter()
                .map(|(w, key, item)| text(w, key, item, &explained(w, key).unwrap_or_default()));
            ui.verbatim(&texts.collect::<String>(), &args.output)
        }
        Format::Json => {
            let items: Vec<Value> = items
                .iter()
                .map(|(w, key, item)| document(w, key, item, explained(w, key)))
                .collect();
            let document = json!({"format": "sentinelops.render/v1", "items": items});
            ui.result(&report::json::to_text(&document), &args.output)
        }
        other => return Err(other.not_of("render", "text or json")),
    };
    printed.map_err(|error| error.besides(&[exit]))?;
    Ok(exit)
}

fn is_selected(selection: &Selection, loaded: &Loaded, key: &ItemKey, item: &DesiredItem) -> bool {
    let content = loaded.catalog.contents.iter().find(|content| content.key() == *key);
    selection.selects(key, &item.path, content.map_or(&[], |content| content.tags.as_slice()))
}

fn text(
    workspace: &DesiredWorkspace,
    key: &ItemKey,
    item: &DesiredItem,
    origins: &[Origin],
) -> String {
    let one_line = |text: &str| report::inert(&report::visible_lines(text).replace('\n', "\\n"));
    let head = format!("// {key} in {} ({})\n", workspace.key, one_line(&item.path));
    match &item.state {
        DesiredState::Present(present) => {
            let explained: String = origins.iter().map(explained).collect();
            format!("{head}{}\n{explained}\n", query(present).trim_end())
        }
        DesiredState::Held(reasons) => {
            let held = |r: &HeldReason| format!("// held: {} [{}]\n", one_line(&r.message), r.code);
            let lines: String = reasons.iter().map(held).collect();
            format!("{head}{lines}\n")
        }
    }
}

/// Comments, so that what is printed stays a query.
fn explained(origin: &Origin) -> String {
    let Origin { exclusion, line, place, applies, in_force, placed } = origin;
    format!(
        "// line {line}: exclusion {exclusion}\n//   from      {place}\n//   applies   {applies}\n\
         //   in force  {in_force}\n//   placed    {placed}\n"
    )
}

fn query(present: &Present) -> &str {
    let query = present.fields.get(&crate::state::Field::Query);
    query.and_then(Value::as_str).unwrap_or_default()
}

fn document(
    workspace: &DesiredWorkspace,
    key: &ItemKey,
    item: &DesiredItem,
    origins: Option<Vec<Origin>>,
) -> Value {
    let mut document = json!({
        "environment": workspace.key.environment.as_str(),
        "workspace": workspace.key.workspace.as_str(),
        "key": key.to_string(),
        "path": &*item.path,
    });
    match &item.state {
        DesiredState::Present(present) => {
            let mut body = json!({"properties": {}});
            for (field, value) in &present.fields {
                field.write(present.kind, &mut body, value.clone());
            }
            document["kind"] = present.kind.as_str().into();
            document["properties"] = body["properties"].take();
            if let Some(origins) = origins {
                document["stages"] = origins.iter().map(stage).collect();
            }
        }
        DesiredState::Held(reasons) => {
            let reasons = reasons.iter().map(|r| json!({"code": r.code, "message": r.message}));
            document["held"] = reasons.collect();
        }
    }
    document
}

fn stage(origin: &Origin) -> Value {
    json!({
        "exclusion": origin.exclusion.as_str(),
        "line": origin.line,
        "place": origin.place,
        "applies": origin.applies,
        "inForce": origin.in_force,
        "placed": origin.placed,
    })
}
