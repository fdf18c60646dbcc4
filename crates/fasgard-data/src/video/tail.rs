//! The last words of a child: bounded, however much it writes.

use std::collections::VecDeque;
use std::fmt::Write as _;

/// Lines kept.
const LINES: usize = 4;
/// Bytes kept of one line.
const LENGTH: usize = 300;

/// The first line and the last few that went in: the first error is often the cause of all others.
#[derive(Debug, Default)]
pub(super) struct Tail {
    first: Option<String>,
    last: VecDeque<String>,
    line: Vec<u8>,
}

impl Tail {
    /// Takes what was read.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if byte == b'\n' || byte == b'\r' {
                self.end_line();
            } else if self.line.len() < LENGTH {
                self.line.push(byte);
            }
        }
    }

    fn end_line(&mut self) {
        let line = clean(&String::from_utf8_lossy(&self.line));
        self.line.clear();
        if line.is_empty() || self.first.as_ref() == Some(&line) || self.last.back() == Some(&line)
        {
            return;
        }
        if self.first.is_none() {
            self.first = Some(line);
        } else {
            if self.last.len() == LINES {
                self.last.pop_front();
            }
            self.last.push_back(line);
        }
    }

    /// One line of text, `None` if nothing was said.
    pub(super) fn text(&mut self) -> Option<String> {
        self.end_line();
        let mut text = self.first.clone()?;
        for line in &self.last {
            // Writing to a string does not fail.
            let _ = write!(text, "; {line}");
        }
        Some(text)
    }
}

/// Without addresses (`[h264 @ 0x55d0c8a4]`), which differ between runs, and control characters.
fn clean(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(at) = rest.find(" @ 0x") {
        out.push_str(&rest[..at]);
        rest = rest[at + 5..].trim_start_matches(|c: char| c.is_ascii_hexdigit());
    }
    out.push_str(rest);
    let printable = out.chars().map(|c| if c.is_control() { ' ' } else { c });
    printable.collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_and_last_lines_stay_without_addresses() {
        let mut tail = Tail::default();
        assert_eq!(tail.text(), None);
        for i in 0..1000 {
            tail.push(format!("[h264 @ 0x55d{i:x}] error {i}\r\n").as_bytes());
        }
        tail.push(b"end\tof it");
        assert_eq!(
            tail.text().unwrap(),
            "[h264] error 0; [h264] error 997; [h264] error 998; [h264] error 999; end of it"
        );
    }

    #[test]
    fn repeated_lines_count_once_and_long_ones_are_cut() {
        let mut tail = Tail::default();
        for address in ["1", "2", "3"] {
            tail.push(format!("[a @ 0x{address}] same\n").as_bytes());
        }
        assert_eq!(tail.text().unwrap(), "[a] same");
        for _ in 0..1000 {
            tail.push(&[b'x'; 10_000]);
        }
        assert!(tail.text().unwrap().len() < 2 * LENGTH);
        let mut tail = Tail::default();
        tail.push(b"\xff\xfe bad \x1b[31m bytes\n\n\n");
        assert!(!tail.text().unwrap().chars().any(char::is_control));
    }
}
