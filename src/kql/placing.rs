//! Why the stages of an exclusion stand where they stand, in words.

use super::{Place, Query, Step};

impl Place {
    /// How the spine came here and what stands around the place, as the rest of a sentence that begins
    /// with "placed". `query` is the one that the place was found in; the line is where it is shown.
    #[must_use]
    pub fn in_words(&self, query: &Query<'_>, line: usize) -> String {
        if self.is_marked() {
            return match self.table.as_str() {
                "" => format!("at the query's marker on line {line}"),
                table => format!("at the query's marker for `{table}` on line {line}"),
            };
        }
        let mut words = format!("where rows of `{}` come in on line {line}", self.table);
        for step in &self.via {
            words += &match step {
                Step::Let(name) => format!(", through the let `{name}`"),
                Step::Function(name) => format!(", through the function `{name}`"),
                Step::Materialize => ", in `materialize`".to_owned(),
                Step::UnionArm => ", in an arm of a union".to_owned(),
                Step::RightSide => {
                    ", on the right side of a join that gives the right side's rows".to_owned()
                }
                Step::Parentheses | Step::Marker => String::new(),
            };
        }
        let pipeline = query.pipeline(self.pipe.clone());
        words += &match self.index {
            0 => String::new(),
            1 => ", behind the filter that leads".to_owned(),
            filters => format!(", behind the {filters} filters that lead"),
        };
        match pipeline.stages.get(self.index) {
            Some(next) => words + &format!(", before `{}`", next.operator),
            None => words,
        }
    }
}
