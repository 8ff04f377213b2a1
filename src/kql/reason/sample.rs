//! A text that a regular expression probably matches: the shortest way through it.
//!
//! Only a guess: whoever uses it asks the evaluator. Look-around and references are not in RE2.

/// A text for a pattern; nothing if it cannot be followed.
pub(super) fn sample(pattern: &str) -> Option<String> {
    let mut sampler = Sampler { rest: pattern.chars().collect(), at: 0 };
    let text = sampler.alternatives(0)?;
    (sampler.at == sampler.rest.len()).then_some(text)
}

/// Bytes of a longer sample, which nested repetitions can make as long as they like, are not made.
const LENGTH: usize = 5_000;

/// Groups within groups within groups.
const DEPTH: usize = 50;

struct Sampler {
    rest: Vec<char>,
    at: usize,
}

impl Sampler {
    fn peek(&self) -> Option<char> {
        self.rest.get(self.at).copied()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    /// The first branch; the others are skipped.
    fn alternatives(&mut self, depth: usize) -> Option<String> {
        let first = self.branch(depth)?;
        while self.take('|') {
            self.branch(depth)?;
        }
        Some(first)
    }

    fn branch(&mut self, depth: usize) -> Option<String> {
        let mut text = String::new();
        while let Some(next) = self.peek() {
            if next == '|' || next == ')' {
                break;
            }
            let piece = self.piece(depth)?;
            let count = self.repetition()?;
            if text.len() + piece.len().saturating_mul(count) > LENGTH {
                return None;
            }
            for _ in 0..count {
                text += &piece;
            }
        }
        Some(text)
    }

    fn piece(&mut self, depth: usize) -> Option<String> {
        let next = self.peek()?;
        self.at += 1;
        Some(match next {
            '(' => return self.group(depth),
            '[' => self.class()?.to_string(),
            '\\' => return self.escape().map(|piece| piece.map_or(String::new(), String::from)),
            '.' => "q".to_owned(),
            '^' | '$' => String::new(),
            '*' | '+' | '?' => return None,
            literal => literal.to_string(),
        })
    }

    fn group(&mut self, depth: usize) -> Option<String> {
        if depth == DEPTH {
            return None;
        }
        if self.take('?') {
            // `(?i)`, `(?:`, `(?P<name>`.
            while let Some(next) = self.peek() {
                self.at += 1;
                match next {
                    ')' => return Some(String::new()),
                    ':' | '>' => break,
                    _ => {}
                }
            }
        }
        let text = self.alternatives(depth + 1)?;
        self.take(')').then_some(text)
    }

    /// A character of a class; of a negated one, a character that is not in it.
    fn class(&mut self) -> Option<char> {
        let negated = self.take('^');
        let mut members: Vec<(char, char)> = Vec::new();
        let mut first = true;
        loop {
            let next = self.peek()?;
            self.at += 1;
            let low = match next {
                ']' if !first => break,
                '[' if self.peek() == Some(':') => return None,
                '\\' => match self.several() {
                    [] => self.escape()??,
                    ranges => {
                        members.extend(ranges);
                        first = false;
                        continue;
                    }
                },
                other => other,
            };
            first = false;
            let high = if self.peek() == Some('-') && self.rest.get(self.at + 1) != Some(&']') {
                self.at += 1;
                let high = self.peek()?;
                self.at += 1;
                if high == '\\' { self.escape()?? } else { high }
            } else {
                low
            };
            members.push((low, high));
        }
        if !negated {
            return members.first().map(|(low, _)| *low);
        }
        let free = |c: &char| !members.iter().any(|(low, high)| (low..=high).contains(&c));
        ['q', 'Q', '1', ' ', '.', '-', '/'].into_iter().find(free)
    }

    /// The characters of an escape that stands for several, which is taken; none for another.
    fn several(&mut self) -> &'static [(char, char)] {
        let ranges: &[(char, char)] = match self.peek() {
            Some('w') => &[('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')],
            Some('d') => &[('0', '9')],
            Some('s') => &[(' ', ' '), ('\t', '\r')],
            _ => &[],
        };
        self.at += usize::from(!ranges.is_empty());
        ranges
    }

    /// A character for an escape; none for a border.
    fn escape(&mut self) -> Option<Option<char>> {
        let next = self.peek()?;
        self.at += 1;
        Some(match next {
            'd' => Some('1'),
            'w' | 'S' | 'D' => Some('q'),
            's' | 'W' => Some(' '),
            't' => Some('\t'),
            'b' | 'B' | 'A' | 'z' => None,
            'x' | 'p' | 'P' | 'u' => return None,
            literal => Some(literal),
        })
    }

    /// How often the piece before has to stand at least.
    fn repetition(&mut self) -> Option<usize> {
        let count = match self.peek() {
            Some('*' | '?') => 0,
            Some('+') => 1,
            Some('{') => {
                let close = self.rest[self.at..].iter().position(|c| *c == '}')?;
                let inner: String = self.rest[self.at + 1..self.at + close].iter().collect();
                self.at += close;
                inner.split(',').next()?.parse().ok().filter(|count| *count <= 200)?
            }
            _ => return Some(1),
        };
        self.at += 1;
        // Lazy or not, the least is the same.
        self.take('?');
        Some(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_matches_its_pattern() {
        for pattern in [
            r"(?i)^[a-z]:\\\S+\.exe",
            r"^\d{1,3}\.\d+$",
            r"(abc|def)+x?y*",
            r"[^a-z]{3}",
            r"\b(?:https?|ftp)://[^/]+/",
            r"[\w\-]+@[]a]",
            r"[^\w]iex[^\w\s]|invoke-expression",
            r"^[^\d]+[\s\d]$",
            r"(?i)(frombase64string|-enc)",
        ] {
            let text = sample(pattern).expect(pattern);
            assert!(regex::Regex::new(pattern).unwrap().is_match(&text), "{pattern} {text}");
        }
        for pattern in ["(((a{200}){200}){200}){200}", "(", "a**", r"\p{Greek}", "[a", "a{x}"] {
            assert_eq!(sample(pattern), None, "{pattern}");
        }
    }
}
