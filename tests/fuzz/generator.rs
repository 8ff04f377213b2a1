//! Inputs from seeds: changed a little, many times over.

/// What files and answers are made of; put in where it hurts.
const PIECES: [&str; 44] = [
    "\u{feff}",
    "---\n",
    "&a ",
    "*a ",
    "<<: *a\n",
    "!!binary ",
    "? ",
    "- ",
    ": ",
    "|+\n ",
    ">-\n ",
    "\t",
    "\r\n",
    "\0",
    "\"",
    "'",
    "[",
    "]",
    "{",
    "}",
    "null",
    "~",
    "0x7fffffffffffffff",
    "-1e999",
    "NaN",
    "id: ",
    "name: ",
    "kind: ",
    "query: |\n  ",
    "exclusions:\n",
    "when: ",
    "| where ",
    "let x = ",
    "// @exclusions\n",
    "union ",
    "datetime(",
    "\\",
    "/* ",
    "```",
    "\u{202e}",
    "{\"value\":[",
    "\"nextLink\":\"",
    "\"properties\":",
    "so1;A;",
];

/// Draws inputs.
pub(crate) struct Generator<'s> {
    seeds: &'s [Vec<u8>],
    state: u64,
}

impl<'s> Generator<'s> {
    pub(crate) fn new(seeds: &'s [Vec<u8>]) -> Self {
        Self { seeds, state: 0x9e37_79b9_7f4a_7c15 }
    }

    /// A number below another (xorshift).
    fn below(&mut self, most: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state >> 11).unwrap() % most.max(1)
    }

    fn seed(&mut self) -> &'s [u8] {
        &self.seeds[self.below(self.seeds.len())]
    }

    /// The next input: a seed that was changed one to eight times.
    pub(crate) fn next(&mut self) -> Vec<u8> {
        let mut input = self.seed().to_vec();
        for _ in 0..=self.below(8) {
            self.change(&mut input);
        }
        input
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len() + 1);
        let end = (at + 1 + self.below(40)).min(input.len()).max(at);
        match self.below(9) {
            0 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << self.below(8);
                }
            }
            1 => input.insert(at, u8::try_from(self.below(256)).unwrap()),
            2 => drop(input.drain(at..end)),
            3 => {
                let twice = input[at..end].to_vec();
                for _ in 0..=self.below(20) {
                    input.splice(at..at, twice.iter().copied());
                }
            }
            4 => {
                let other = self.seed();
                let from = self.below(other.len());
                let to = (from + 1 + self.below(200)).min(other.len());
                input.splice(at..end, other[from..to].iter().copied());
            }
            5 => input.truncate(at),
            6 => input[at..].reverse(),
            _ => {
                let piece = PIECES[self.below(PIECES.len())];
                input.splice(at..at, piece.bytes());
            }
        }
        input.truncate(8_192);
    }
}
