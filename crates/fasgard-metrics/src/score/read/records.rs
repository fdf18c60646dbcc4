//! Records and fields of CSV, by the rules of the `csv` crate's defaults.
//!
//! A quote matters only as the first byte of a field; within quotes it is doubled; what follows the
//! closing quote up to the delimiter belongs to the field. Records end with `\n`, `\r` or `\r\n`;
//! empty lines are no records.

/// The fields of one record.
#[derive(Debug, Default)]
pub(super) struct Fields {
    /// Start and end of each, in the text or in `unquoted`.
    ends: Vec<(usize, usize)>,
    /// The fields of a record with quotes, without them.
    unquoted: Option<String>,
}

impl Fields {
    /// Number of fields.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The i-th field; empty if there is none. `text` is what the record was read from.
    pub(super) fn get<'a>(&'a self, text: &'a str, i: usize) -> &'a str {
        let Some(&(start, end)) = self.ends.get(i) else {
            return "";
        };
        let from = self.unquoted.as_deref().unwrap_or(text);
        // Fields end at ASCII bytes, which are boundaries of characters.
        from.get(start..end).unwrap_or_default()
    }
}

/// Goes through the records of a text that starts where a record does.
#[derive(Debug)]
pub(super) struct Records<'t> {
    text: &'t str,
    delimiter: u8,
    at: usize,
    line: u64,
}

impl<'t> Records<'t> {
    pub(super) fn new(text: &'t str, delimiter: u8) -> Self {
        Self {
            text,
            delimiter,
            at: 0,
            line: 0,
        }
    }

    /// How many lines ended before the place reached.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Bytes gone through.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Reads the next record into `fields` and returns how many lines ended before it; none at the
    /// end.
    pub(super) fn next(&mut self, fields: &mut Fields) -> Option<u64> {
        let bytes = self.text.as_bytes();
        while let Some(b'\r' | b'\n') = bytes.get(self.at) {
            self.end_line();
        }
        if self.at == bytes.len() {
            return None;
        }
        let line = self.line;
        fields.ends.clear();
        fields.unquoted = None;
        let mut start = self.at;
        loop {
            if bytes.get(start) == Some(&b'"') {
                self.quoted(fields);
                return Some(line);
            }
            let rest = bytes.get(start..).unwrap_or_default();
            let ends = |b: &u8| *b == self.delimiter || *b == b'\n' || *b == b'\r';
            let end = start + rest.iter().position(ends).unwrap_or(rest.len());
            fields.ends.push((start, end));
            match bytes.get(end) {
                Some(&b) if b == self.delimiter => start = end + 1,
                Some(_) => {
                    self.at = end;
                    self.end_line();
                    return Some(line);
                }
                None => {
                    self.at = end;
                    return Some(line);
                }
            }
        }
    }

    /// Steps over the end of a line.
    fn end_line(&mut self) {
        let bytes = self.text.as_bytes();
        if bytes.get(self.at) == Some(&b'\r') && bytes.get(self.at + 1) == Some(&b'\n') {
            self.at += 1;
        }
        self.at += 1;
        self.line += 1;
    }

    /// The record from `at` on, which has a field that starts with a quote.
    fn quoted(&mut self, fields: &mut Fields) {
        fields.ends.clear();
        let mut out = String::new();
        let mut start = 0;
        let mut state = State::FieldStart;
        let mut rest = self
            .text
            .get(self.at..)
            .unwrap_or_default()
            .chars()
            .peekable();
        while let Some(c) = rest.next() {
            let ends_line = c == '\n' || (c == '\r' && rest.peek() != Some(&'\n'));
            let is_break = matches!(c, '\r' | '\n');
            let next = state.after(c, self.delimiter);
            self.at += c.len_utf8();
            match (state, next) {
                (_, State::RecordEnd) => {
                    self.line += u64::from(ends_line);
                    if c == '\r' && rest.peek() == Some(&'\n') {
                        self.at += 1;
                        self.line += 1;
                    }
                    fields.ends.push((start, out.len()));
                    fields.unquoted = Some(out);
                    return;
                }
                (State::Quoted | State::Field | State::QuoteInQuoted, State::FieldStart)
                | (State::FieldStart, State::FieldStart) => {
                    fields.ends.push((start, out.len()));
                    start = out.len();
                }
                // The quotes themselves.
                (State::FieldStart, State::Quoted) | (State::Quoted, State::QuoteInQuoted) => {}
                _ => {
                    out.push(c);
                    self.line += u64::from(is_break && ends_line);
                }
            }
            state = next;
        }
        fields.ends.push((start, out.len()));
        fields.unquoted = Some(out);
    }
}

/// Where in a record a reader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    FieldStart,
    Field,
    Quoted,
    /// After a quote within quotes: the end of them, or the first of a doubled one.
    QuoteInQuoted,
    RecordEnd,
}

impl State {
    fn after(self, c: char, delimiter: u8) -> Self {
        let is_delimiter = c == char::from(delimiter);
        match (self, c) {
            (Self::Quoted, '"') => Self::QuoteInQuoted,
            (Self::Quoted, _) => Self::Quoted,
            (Self::QuoteInQuoted, '"') => Self::Quoted,
            (Self::FieldStart, '"') => Self::Quoted,
            (_, '\r' | '\n') => Self::RecordEnd,
            _ if is_delimiter => Self::FieldStart,
            _ => Self::Field,
        }
    }
}

/// Where the last record of a block that starts with a record ends, so that the rest can be read
/// with what follows; none if no record is known to end. Never between `\r` and `\n`.
pub(super) fn last_end(block: &[u8], delimiter: u8) -> Option<usize> {
    // A return at the very end may be followed by its newline.
    let known = match block.last() {
        Some(b'\r') => &block[..block.len() - 1],
        _ => block,
    };
    if !block.contains(&b'"') {
        let newline = known.iter().rposition(|b| *b == b'\n');
        return newline
            .or_else(|| known.iter().rposition(|b| *b == b'\r'))
            .map(|at| at + 1);
    }
    let mut state = State::FieldStart;
    let mut end = None;
    for (i, &byte) in known.iter().enumerate() {
        // Bytes of longer characters are neither quotes, delimiters nor line ends.
        state = match state {
            State::RecordEnd if matches!(byte, b'\r' | b'\n') => State::RecordEnd,
            State::RecordEnd => State::FieldStart.after(char::from(byte), delimiter),
            state => state.after(char::from(byte), delimiter),
        };
        if state == State::RecordEnd && !(byte == b'\r' && block.get(i + 1) == Some(&b'\n')) {
            end = Some(i + 1);
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Line and fields of every record, by this module.
    fn ours(text: &str, delimiter: u8) -> Vec<(u64, Vec<String>)> {
        let (mut records, mut fields) = (Records::new(text, delimiter), Fields::default());
        let mut all = Vec::new();
        while let Some(line) = records.next(&mut fields) {
            let list = (0..fields.len()).map(|i| fields.get(text, i).to_owned());
            all.push((line, list.collect()));
        }
        assert_eq!(records.at(), text.len());
        all
    }

    fn theirs(text: &str, delimiter: u8) -> Vec<Vec<String>> {
        csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(text.as_bytes())
            .records()
            .map(|record| record.unwrap().iter().map(str::to_owned).collect())
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]

        #[test]
        fn as_the_csv_crate_reads(text in "[\",;\t\n\rab é]{0,40}", tab in any::<bool>()) {
            let delimiter = if tab { b'\t' } else { b',' };
            let found: Vec<_> = ours(&text, delimiter).into_iter().map(|r| r.1).collect();
            prop_assert_eq!(&found, &theirs(&text, delimiter), "{:?}", text);
        }

        #[test]
        fn cut_blocks_read_as_the_whole(text in "[\",\n\rab]{0,60}", size in 1usize..20) {
            let whole = ours(&text, b',');
            let (mut parts, mut rest, mut base) = (Vec::new(), text.as_str(), 0);
            // As a reader does that sees `size` more bytes at a time.
            let mut seen = size.min(rest.len());
            while !rest.is_empty() {
                let end = match last_end(&rest.as_bytes()[..seen], b',') {
                    Some(end) if seen < rest.len() => end,
                    None if seen < rest.len() => {
                        seen = (seen + size).min(rest.len());
                        continue;
                    }
                    _ => rest.len(),
                };
                let (block, after) = rest.split_at(end);
                let (mut records, mut fields) = (Records::new(block, b','), Fields::default());
                while let Some(line) = records.next(&mut fields) {
                    let list = (0..fields.len()).map(|i| fields.get(block, i).to_owned());
                    parts.push((base + line, list.collect::<Vec<_>>()));
                }
                base += records.line();
                rest = after;
                seen = size.min(rest.len());
            }
            prop_assert_eq!(parts, whole, "{:?}", text);
        }
    }

    #[test]
    fn lines_are_those_that_records_start_on() {
        let lines = |text| {
            ours(text, b',')
                .into_iter()
                .map(|r| r.0)
                .collect::<Vec<_>>()
        };
        assert_eq!(lines("a\nb\n\n\nc"), [0, 1, 4]);
        assert_eq!(lines("a\r\n\r\nb\rc\r"), [0, 2, 3]);
        assert_eq!(lines("\"a\nb\",\"\r\n\"\r\nc"), [0, 3]);
    }
}
