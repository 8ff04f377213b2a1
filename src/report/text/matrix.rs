//! Items against workspaces, as a table that fits the terminal.

use super::page::Page;
use crate::report::fold;
use crate::report::matrix::{Matrix, label};
use crate::report::style::Paint;
use crate::report::{count::count, escape, width};

/// Columns of a name where the terminal's width is not known.
const NAME: usize = 48;
const GAP: usize = 2;

/// The table, in as many parts as the width asks for, with a legend of its columns.
pub(super) fn matrix(page: &mut Page, matrix: &Matrix<'_>) {
    if !matrix.is_worth_showing() {
        return;
    }
    page.gap();
    page.sentence(0, Paint::Strong, "Items and workspaces", "");
    let limit = if page.style.width == 0 { NAME } else { (page.style.width / 3).clamp(16, NAME) };
    let mut names: Vec<String> =
        matrix.rows.iter().map(|row| width::cut(&page.name(row.name), limit)).collect();
    // What two items are called alike is told by its key.
    let all = names.clone();
    for (name, row) in names.iter_mut().zip(&matrix.rows) {
        if all.iter().filter(|other| *other == name).count() > 1 {
            *name = escape::visible(&row.key.to_string());
        }
    }
    let name_width = names.iter().map(|name| width::columns(name)).max().unwrap_or(0);
    let widths: Vec<usize> = (0..matrix.columns.len())
        .map(|at| {
            let cells = matrix.rows.iter().map(|row| width::columns(&row.cells[at]));
            cells.max().unwrap_or(0).max(label(at).len())
        })
        .collect();
    let room = match page.style.width {
        0 => usize::MAX,
        columns => columns.saturating_sub(2 + name_width),
    };
    for part in parts(&widths, room) {
        let line = |name: &str, cell: &dyn Fn(usize) -> String| {
            let cells = part.clone().map(|at| format!("  {}", padded(&cell(at), widths[at])));
            let text = format!("{}{}", padded(name, name_width), cells.collect::<String>());
            text.trim_end().to_owned()
        };
        page.row(&line("", &label));
        for (row, name) in matrix.rows.iter().zip(&names) {
            page.row(&line(name, &|at| row.cells[at].clone()));
        }
    }
    let most = if page.style.verbose { usize::MAX } else { fold::NAMED };
    for (at, keys) in matrix.columns.iter().enumerate() {
        let names = fold::names(keys.iter().copied(), most);
        let number = match keys.len() {
            1 => String::new(),
            several => format!("{}: ", count(several, "workspace")),
        };
        page.line(2, &format!("{}  {number}{names}", label(at)));
    }
}

/// Runs of columns that fit side by side; one that does not fit stands alone.
fn parts(widths: &[usize], room: usize) -> Vec<std::ops::Range<usize>> {
    let mut parts = Vec::new();
    let (mut start, mut used) = (0, 0);
    for (at, width) in widths.iter().enumerate() {
        if at > start && used + GAP + width > room {
            parts.push(start..at);
            (start, used) = (at, 0);
        }
        used += GAP + width;
    }
    parts.push(start..widths.len());
    parts
}

fn padded(text: &str, to: usize) -> String {
    format!("{text}{}", " ".repeat(to.saturating_sub(width::columns(text))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_side_by_side_as_far_as_they_fit() {
        assert_eq!(parts(&[8, 8, 8], 20), [0..2, 2..3]);
        assert_eq!(parts(&[8, 8, 8], usize::MAX).len(), 1);
        assert_eq!(parts(&[80, 8], 20), [0..1, 1..2]);
    }

    #[test]
    fn labels_go_on_after_z() {
        assert_eq!([0, 25, 26, 701, 702].map(label), ["A", "Z", "AA", "ZZ", "AAA"]);
    }
}
