//! The record of what was last applied, as it stands in `customVersion` of a metadata resource.
//!
//! One line of at most a few hundred characters, segments separated by `;`:
//! `so1;A;Scheduled;c3f2a91c;fe0123abcd…;dX;ae…;ie…`. `so1` is the version; then state (`A` applied,
//! `W` writing, `R` retired) and kind; then keyed segments: `c` commit, `f` applied hashes, `d` dead
//! fields, `a` answered hashes, `i` intended hashes of a write under way, `k` fields that the write
//! leaves dead, `h` the hash of what a rollback put on hold. A hash is the field's letter and eight characters. A segment or letter that this
//! version does not know makes the record *newer*: it is never read as if it said less.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::str::FromStr;

use serde_json::Value;

use super::{Field, Kind};
use crate::ident::{FieldHash, Invalid};

const VERSION: &str = "so1";

/// Where an item is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordState {
    /// What the record says was written.
    Applied,
    /// An update was under way when the record was written.
    Writing,
    /// The content is gone; the rule was disabled and waits to be pruned.
    Retired,
}

/// What was last applied to one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// The hash of the canonical value.
    Value(FieldHash),
    /// The field had no meaning then.
    Dead,
}

/// One field of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldRecord {
    /// What was last applied; `None` when only a write under way knows the field.
    pub applied: Option<Mark>,
    /// What the service answered, where that was something else.
    pub answered: Option<FieldHash>,
    /// What a write under way is about to apply.
    pub intended: Option<Mark>,
}

impl FieldRecord {
    /// A field that was applied as it stands.
    #[must_use]
    pub const fn applied(mark: Mark) -> Self {
        Self { applied: Some(mark), answered: None, intended: None }
    }
}

/// What was last applied to an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where the item is in its life.
    pub state: RecordState,
    /// What the item is.
    pub kind: Kind,
    /// The commit that was applied; information only.
    pub commit: Option<String>,
    /// What the files said when it was rolled back: not written again until they say something else.
    pub hold: Option<FieldHash>,
    /// Fields that the record knows.
    pub fields: BTreeMap<Field, FieldRecord>,
}

impl Record {
    /// The record as one line.
    #[must_use]
    pub fn to_text(&self) -> String {
        let state = match self.state {
            RecordState::Applied => "A",
            RecordState::Writing => "W",
            RecordState::Retired => "R",
        };
        let mut text = format!("{VERSION};{state};{}", self.kind);
        if let Some(commit) = &self.commit {
            let _ = write!(text, ";c{commit}");
        }
        if let Some(hold) = &self.hold {
            let _ = write!(text, ";h{hold}");
        }
        let marks = |pick: fn(&FieldRecord) -> Option<Mark>| {
            let mut hashes = String::new();
            let mut dead = String::new();
            for (field, record) in &self.fields {
                match pick(record) {
                    Some(Mark::Value(hash)) => {
                        let _ = write!(hashes, "{}{hash}", field.code());
                    }
                    Some(Mark::Dead) => dead.push(field.code()),
                    None => {}
                }
            }
            (hashes, dead)
        };
        let (applied, dead) = marks(|record| record.applied);
        let (answered, _) = marks(|record| record.answered.map(Mark::Value));
        let (intended, dying) = marks(|record| record.intended);
        for (key, segment) in
            [('f', applied), ('d', dead), ('a', answered), ('i', intended), ('k', dying)]
        {
            if !segment.is_empty() {
                let _ = write!(text, ";{key}{segment}");
            }
        }
        text
    }

    /// Notes what the service answered to the write that this record is about: where a field's
    /// answered value is not the sent one, its hash; says whether there is such a field. A field that
    /// was sent back as it was found (drift that is left alone) is not the service's answer, and a
    /// decisive field is what was sent or it is not as it should be.
    pub fn note_answer(&mut self, kind: Kind, sent: &Value, answer: &Value) -> bool {
        let mut differs = false;
        for (field, record) in &mut self.fields {
            if field.is_decisive() || !matches!(record.applied, Some(Mark::Value(_))) {
                continue;
            }
            let hash = field.hash(&field.read(kind, answer));
            if hash != field.hash(&field.read(kind, sent)) {
                record.answered = Some(hash);
                differs = true;
            }
        }
        differs
    }
}

impl Record {
    /// The decisive fields that the record is about and that were answered with another value than
    /// was sent: the service did not do what it was asked for.
    #[must_use]
    pub fn not_taken(&self, kind: Kind, sent: &Value, answer: &Value) -> Vec<Field> {
        let alive = |entry: &FieldRecord| matches!(entry.applied, Some(Mark::Value(_)));
        let decisive =
            self.fields.iter().filter(|(field, entry)| field.is_decisive() && alive(entry));
        let differs =
            |field: &Field| !field.same(&field.read(kind, sent), &field.read(kind, answer));
        decisive.map(|(field, _)| *field).filter(differs).collect()
    }
}

impl FromStr for Record {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let mut segments = text.split(';');
        if segments.next() != Some(VERSION) {
            return Err(Invalid::new("it was written by another version of the tool"));
        }
        let state = match segments.next() {
            Some("A") => RecordState::Applied,
            Some("W") => RecordState::Writing,
            Some("R") => RecordState::Retired,
            _ => return Err(newer()),
        };
        let kind = match segments.next() {
            Some("HuntingQuery") => Kind::Hunt,
            Some(other) => Kind::parse(other).ok_or_else(newer)?,
            None => return Err(newer()),
        };
        let mut record = Self { state, kind, commit: None, hold: None, fields: BTreeMap::new() };
        for segment in segments {
            record.read_segment(segment)?;
        }
        Ok(record)
    }
}

impl Record {
    fn read_segment(&mut self, segment: &str) -> Result<(), Invalid> {
        let mut letters = segment.chars();
        let key = letters.next().ok_or_else(newer)?;
        let rest = letters.as_str();
        match key {
            'c' => self.commit = Some(rest.to_owned()),
            'h' => self.hold = Some(rest.parse()?),
            'f' => {
                for (field, hash) in hashes(rest)? {
                    self.field(field).applied = Some(Mark::Value(hash));
                }
            }
            'd' => {
                for letter in rest.chars() {
                    self.field(known(letter)?).applied = Some(Mark::Dead);
                }
            }
            'a' => {
                for (field, hash) in hashes(rest)? {
                    self.field(field).answered = Some(hash);
                }
            }
            'i' => {
                for (field, hash) in hashes(rest)? {
                    self.field(field).intended = Some(Mark::Value(hash));
                }
            }
            'k' => {
                for letter in rest.chars() {
                    self.field(known(letter)?).intended = Some(Mark::Dead);
                }
            }
            _ => return Err(newer()),
        }
        Ok(())
    }

    fn field(&mut self, field: Field) -> &mut FieldRecord {
        self.fields.entry(field).or_insert(FieldRecord {
            applied: None,
            answered: None,
            intended: None,
        })
    }
}

fn newer() -> Invalid {
    Invalid::new("it says something that this version of the tool does not know")
}

fn known(letter: char) -> Result<Field, Invalid> {
    Field::from_code(letter).ok_or_else(newer)
}

fn hashes(text: &str) -> Result<Vec<(Field, FieldHash)>, Invalid> {
    if !text.is_ascii() || !text.len().is_multiple_of(9) {
        return Err(newer());
    }
    let pair = |at: usize| {
        let field = known(char::from(text.as_bytes()[at]))?;
        Ok((field, text[at + 1..at + 9].parse()?))
    };
    (0..text.len()).step_by(9).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_mark() -> impl Strategy<Value = Mark> {
        prop_oneof![
            any::<[u8; 4]>().prop_map(|bytes| Mark::Value(FieldHash::of(&bytes))),
            Just(Mark::Dead)
        ]
    }

    fn any_record() -> impl Strategy<Value = Record> {
        let state = prop_oneof![
            Just(RecordState::Applied),
            Just(RecordState::Writing),
            Just(RecordState::Retired)
        ];
        let kind = prop_oneof![Just(Kind::Scheduled), Just(Kind::Nrt), Just(Kind::Hunt)];
        let field = (0..Field::all().count()).prop_map(|i| Field::all().nth(i).unwrap());
        let entry = (
            any_mark(),
            proptest::option::of(any::<[u8; 4]>().prop_map(|b| FieldHash::of(&b))),
            proptest::option::of(any_mark()),
        )
            .prop_map(|(applied, answered, intended)| FieldRecord {
                applied: Some(applied),
                answered,
                intended,
            });
        let fields = proptest::collection::btree_map(field, entry, 0..29);
        let commit = proptest::option::of("[0-9a-f]{7}");
        let hold = proptest::option::of(any::<[u8; 4]>().prop_map(|b| FieldHash::of(&b)));
        (state, kind, commit, hold, fields).prop_map(|(state, kind, commit, hold, fields)| Record {
            state,
            kind,
            commit,
            hold,
            fields,
        })
    }

    proptest! {
        #[test]
        fn a_record_reads_back(record in any_record()) {
            prop_assert_eq!(record.to_text().parse::<Record>(), Ok(record));
        }

        #[test]
        fn no_text_panics(text in ".{0,80}") {
            let _ = text.parse::<Record>();
            let _ = format!("so1;A;NRT;{text}").parse::<Record>();
        }
    }

    #[test]
    fn a_full_record_stays_within_what_the_baseline_plans_for() {
        let mark = Mark::Value(FieldHash::of(b"x"));
        let fields = Field::all().map(|field| (field, FieldRecord::applied(mark))).collect();
        let commit = Some("3f2a91c".to_owned());
        let record = Record {
            state: RecordState::Applied,
            kind: Kind::Scheduled,
            commit,
            hold: None,
            fields,
        };
        assert!(record.to_text().len() <= 300, "{}", record.to_text().len());
    }

    #[test]
    fn what_a_newer_version_wrote_is_not_read_as_less() {
        for text in [
            "so2;A;NRT",
            "so1;Q;NRT",
            "so1;A;Fusion",
            "so1;A;NRT;y1",
            "so1;A;NRT;d!",
            "so1;A;NRT;hx",
            "",
            "so1;A;NRT;fe123",
        ] {
            assert!(text.parse::<Record>().is_err(), "{text}");
        }
    }
}
