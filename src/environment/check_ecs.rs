//! ECS names that stand for a column which its table does not have.
//!
//! A mapping says that an open table has the column. Of a table whose columns are known it must be one
//! of them: the service would refuse a rule with another one, and a hunt would fail each time.

use super::{Environment, Workspace};
use crate::diag::{Code, Diagnostic, Located, suggest};
use crate::kql::Schema;

const UNKNOWN_COLUMN: Code = Code::new("unknown-ecs-column");

/// A table, an ECS name and the column that it stands for.
type Mapping<'w> = (&'w str, &'w str, &'w Located<String>);

/// The mappings of a workspace to columns that their tables do not have there.
pub(super) fn strangers<'w>(
    environment: &'w Environment,
    workspace: &'w Workspace,
) -> impl Iterator<Item = Mapping<'w>> {
    let all = workspace.settings.ecs.iter();
    let all = all.flat_map(|(table, names)| {
        names.iter().map(move |(name, column)| (table.as_str(), name.as_str(), column))
    });
    all.filter(|(table, _, column)| is_stranger(environment.schema(), table, &column.value))
}

fn is_stranger(schema: &Schema, table: &str, column: &str) -> bool {
    match schema.columns(table) {
        Some(columns) => !columns.contains_key(column),
        None => miswritten(schema, table).is_some(),
    }
}

/// The known table that only case keeps from being this one.
fn miswritten<'s>(schema: &'s Schema, table: &str) -> Option<&'s str> {
    schema.tables().find(|known| known.eq_ignore_ascii_case(table))
}

/// What is wrong with a mapping.
pub(super) fn unknown(environment: &Environment, (table, name, column): Mapping<'_>) -> Diagnostic {
    let schema = environment.schema();
    let (message, help) = match (schema.columns(table), miswritten(schema, table)) {
        (None, Some(known)) => (
            format!("there is no table `{table}`: names of tables have case"),
            format!("write `{known}`"),
        ),
        (columns, _) => (
            format!("`{name}` stands for `{}`, which `{table}` does not have", column.value),
            format!(
                "{}; a column that is not built in goes into `environments/{}.schema.yaml`",
                suggest(
                    &column.value,
                    columns.into_iter().flatten().map(|(name, _)| name.as_str())
                ),
                environment.name
            ),
        ),
    };
    Diagnostic::error(UNKNOWN_COLUMN, message)
        .at(&column.source, column.span.clone(), "")
        .help(help)
}

#[cfg(test)]
mod tests {
    use super::super::check_names;
    use super::super::sample::{self, ENVIRONMENT, FLEET, shown};

    #[track_caller]
    fn check(ecs: &str, schema: &str, expect: &[&str]) {
        let text = format!("{ENVIRONMENT}ecs: {ecs}\n");
        let files = [("fleet.yaml", FLEET), ("a.yaml", &text), ("a.schema.yaml", schema)];
        let fleet = sample::fleet(&files);
        let found = check_names(&fleet, &sample::catalog(Vec::new()));
        assert_eq!(shown(&found), expect, "{ecs}");
    }

    #[test]
    fn a_name_stands_for_a_column_that_its_table_has() {
        let made = "tables: { Made_CL: { user_s: string } }\n";
        check("{ DeviceEvents: { my.name: DeviceName } }", made, &[]);
        check(
            "{ DeviceEvents: { my.name: DeviceNam } }",
            made,
            &["unknown-ecs-column a.yaml:9 DeviceNam"],
        );
        check("{ Made_CL: { user.name: user } }", made, &["unknown-ecs-column a.yaml:9 user"]);
        check("{ Made_CL: { user.name: user_s } }", made, &[]);
        check("{ Other_CL: { user.name: user_s } }", made, &[]);
        let miswritten = "{ deviceevents: { my.name: DeviceName } }";
        check(miswritten, made, &["unknown-ecs-column a.yaml:9 DeviceName"]);
        let more = "tables: { DeviceEvents: { New: string } }\n";
        check("{ DeviceEvents: { my.name: New } }", more, &[]);
    }
}
