//! Reading a score file: in blocks, several at a time, bounded.

mod columns;
mod records;

use std::{fs::File, io::Read, path::Path};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use self::{
    columns::Columns,
    records::{Fields, Records, last_end},
};
use super::{
    RowError, ScoreFile, ScoreFileError,
    check::{check_row, refuse_repeated, row_error},
    table::{Arena, ScoreTable},
};

/// The most bytes that are read of a score file into rows.
pub const MAX_BYTES: u64 = 1 << 30;

/// The most bytes that are read of a score file into columns: room for some forty million rows.
pub const MAX_TABLE_BYTES: u64 = 1 << 32;

/// The most bytes of one field.
pub const MAX_FIELD_BYTES: usize = 4096;

/// What one thread reads at a time.
const BLOCK: usize = 4 << 20;
/// Blocks that are read at once.
const BATCH: usize = 8;
/// The most bytes of one row.
const MAX_ROW: usize = 16 << 20;

pub(super) fn read(path: &Path) -> Result<ScoreFile, ScoreFileError> {
    Ok(table(path, MAX_BYTES)?.into_file())
}

/// Reads a file of at most `limit` bytes. What is in memory at a time is the table and some blocks.
pub(super) fn table(path: &Path, limit: u64) -> Result<ScoreTable, ScoreFileError> {
    let io_error = |source| ScoreFileError::Io {
        action: "read",
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(io_error)?;
    // The limit holds for pipes and devices too, whose length is not known beforehand.
    let mut blocks = Blocks {
        source: file.take(limit + 1),
        rest: Vec::new(),
        size: BLOCK,
        delimiter: None,
    };
    let mut reading = Reading::new(path, limit);
    let mut batch = blocks.next(path);
    loop {
        let blocks_now = batch?;
        if blocks_now.is_empty() {
            return reading.finish();
        }
        let views: Vec<&[u8]> = blocks_now.iter().map(Vec::as_slice).collect();
        // The next batch is read while this one is parsed.
        let (next, parsed) = rayon::join(|| blocks.next(path), || reading.take(&views));
        parsed?;
        batch = next;
    }
}

pub(super) fn parse(path: &Path, bytes: &[u8]) -> Result<ScoreFile, ScoreFileError> {
    let mut reading = Reading::new(path, MAX_BYTES);
    let delimiter = delimiter(bytes);
    let mut rest = bytes;
    while !rest.is_empty() {
        let mut views = Vec::new();
        while !rest.is_empty() && views.len() < BATCH {
            let end = cut(rest, BLOCK, delimiter, true);
            let (block, after) = rest.split_at(end.ok_or_else(|| too_long(path))?);
            views.push(block);
            rest = after;
        }
        reading.take(&views)?;
    }
    Ok(reading.finish()?.into_file())
}

/// Cuts a source into blocks that end where records do.
struct Blocks<R> {
    source: R,
    rest: Vec<u8>,
    size: usize,
    /// Known once the first bytes are.
    delimiter: Option<u8>,
}

impl<R: Read> Blocks<R> {
    /// The next few blocks; none at the end.
    fn next(&mut self, path: &Path) -> Result<Vec<Vec<u8>>, ScoreFileError> {
        let mut blocks = Vec::new();
        while blocks.len() < BATCH {
            match self.block(path)? {
                Some(block) => blocks.push(block),
                None => break,
            }
        }
        Ok(blocks)
    }

    fn block(&mut self, path: &Path) -> Result<Option<Vec<u8>>, ScoreFileError> {
        let mut wanted = self.size;
        let mut block = std::mem::take(&mut self.rest);
        loop {
            let more = wanted.saturating_sub(block.len());
            block.reserve_exact(more);
            let read = (&mut self.source).take(more as u64).read_to_end(&mut block);
            let ended = read.map_err(|source| ScoreFileError::Io {
                action: "read",
                path: path.to_owned(),
                source,
            })? < more;
            if block.is_empty() {
                return Ok(None);
            }
            let delimiter = *self.delimiter.get_or_insert_with(|| delimiter(&block));
            if let Some(end) = cut(&block, block.len(), delimiter, ended) {
                self.rest = block.split_off(end);
                return Ok(Some(block));
            }
            if wanted > MAX_ROW {
                return Err(too_long(path));
            }
            wanted *= 2;
        }
    }
}

/// Where to end a block of about `size` bytes; none if more bytes are needed to know.
fn cut(bytes: &[u8], size: usize, delimiter: u8, ended: bool) -> Option<usize> {
    let mut size = size;
    loop {
        if size >= bytes.len() && ended {
            return Some(bytes.len());
        }
        let block = &bytes[..size.min(bytes.len())];
        match last_end(block, delimiter) {
            None if size < bytes.len() && size <= MAX_ROW => size *= 2,
            end => return end,
        }
    }
}

fn too_long(path: &Path) -> ScoreFileError {
    ScoreFileError::LongRow {
        path: path.to_owned(),
        limit: MAX_ROW,
    }
}

/// A comma, semicolon or tab: whichever is most frequent in the first line; a comma if none is.
fn delimiter(bytes: &[u8]) -> u8 {
    let header = bytes
        .split(|b| matches!(b, b'\n' | b'\r'))
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    let count = |d: u8| header.iter().filter(|b| **b == d).count();
    // The first of equals is kept.
    [b';', b'\t'].into_iter().fold(b',', |best, next| {
        if count(next) > count(best) {
            next
        } else {
            best
        }
    })
}

/// A file that is being read.
struct Reading<'p> {
    path: &'p Path,
    limit: u64,
    bytes: u64,
    hash: Sha256,
    /// Columns and delimiter, once the header was read.
    header: Option<(Columns, u8)>,
    table: ScoreTable,
    /// The line that the next block starts on.
    line: u64,
}

/// What a block held: rows, with lines counted from its start, and how many lines ended in it.
type Part = Result<(ScoreTable, u64), (u64, RowError)>;

impl<'p> Reading<'p> {
    fn new(path: &'p Path, limit: u64) -> Self {
        Self {
            path,
            limit,
            bytes: 0,
            hash: Sha256::new(),
            header: None,
            table: ScoreTable::default(),
            line: 1,
        }
    }

    /// Takes the next blocks of the file.
    fn take(&mut self, blocks: &[&[u8]]) -> Result<(), ScoreFileError> {
        self.bytes += blocks.iter().map(|b| b.len() as u64).sum::<u64>();
        if self.bytes > self.limit {
            return Err(ScoreFileError::TooLarge {
                path: self.path.to_owned(),
                limit: self.limit,
            });
        }
        let mut rows = blocks.to_vec();
        if self.header.is_none()
            && let Some(first) = rows.first_mut()
        {
            let (columns, delimiter, read) = self.read_header(first)?;
            *first = &first[read..];
            self.header = Some((columns, delimiter));
        }
        let Some((columns, delimiter)) = &self.header else {
            return Ok(());
        };
        let hash = &mut self.hash;
        let (parts, ()) = rayon::join(
            || -> Vec<Part> {
                rows.par_iter()
                    .map(|block| part(block, columns, *delimiter))
                    .collect()
            },
            || blocks.iter().for_each(|block| hash.update(block)),
        );
        for part in parts {
            let (part, lines) =
                part.map_err(|(line, source)| row_error(self.path, self.line + line, source))?;
            self.table.append(&part, self.line);
            self.line += lines;
        }
        Ok(())
    }

    /// Reads the header off the first block: columns, delimiter, and how many bytes it took.
    fn read_header(&mut self, block: &[u8]) -> Result<(Columns, u8, usize), ScoreFileError> {
        let delimiter = delimiter(block);
        let mark = match block.starts_with(b"\xef\xbb\xbf") {
            true => 3,
            false => 0,
        };
        let text = match std::str::from_utf8(&block[mark..]) {
            Ok(text) => text,
            Err(error) => {
                let valid = &block[mark..mark + error.valid_up_to()];
                std::str::from_utf8(valid).unwrap_or_default()
            }
        };
        let mut records = Records::new(text, delimiter);
        let mut fields = Fields::default();
        records.next(&mut fields);
        let header: Vec<&str> = (0..fields.len()).map(|i| fields.get(text, i)).collect();
        // A header that breaks off has bytes that are no text.
        if records.at() == text.len() && mark + text.len() < block.len() {
            return Err(row_error(self.path, 1, no_text(header.len())));
        }
        let columns = Columns::of(&header, self.path)?;
        self.table.samples = columns.has_samples().then(Arena::default);
        self.line += records.line();
        Ok((columns, delimiter, mark + records.at()))
    }

    /// The table, if it is one.
    fn finish(mut self) -> Result<ScoreTable, ScoreFileError> {
        if self.header.is_none() {
            Columns::of(&[], self.path)?;
        }
        self.table.path = self.path.to_owned();
        refuse_repeated(&self.table)?;
        if self.table.is_empty() {
            return Err(ScoreFileError::Empty {
                path: self.path.to_owned(),
            });
        }
        self.table.sha256 = format!("{:x}", self.hash.finalize());
        if let Some((columns, _)) = self.header {
            self.table.ignored_columns = columns.ignored;
        }
        Ok(self.table)
    }
}

/// Parses a block of whole records.
fn part(block: &[u8], columns: &Columns, delimiter: u8) -> Part {
    let (text, broken) = match std::str::from_utf8(block) {
        Ok(text) => (text, false),
        // Rows before the bad bytes may have errors that come first.
        Err(error) => {
            let valid = &block[..error.valid_up_to()];
            (std::str::from_utf8(valid).unwrap_or_default(), true)
        }
    };
    let mut table = ScoreTable {
        samples: columns.has_samples().then(Arena::default),
        ..ScoreTable::default()
    };
    let (mut records, mut fields) = (Records::new(text, delimiter), Fields::default());
    while let Some(line) = records.next(&mut fields) {
        if broken && records.at() == text.len() && !ends_record(text) {
            return Err((line, no_text(fields.len())));
        }
        table.lines.push(table.len(), line);
        if columns.push(&mut table, text, &fields) {
            continue;
        }
        let row = columns.row(text, &fields, line).map_err(|e| (line, e))?;
        check_row(&row).map_err(|e| (line, e))?;
        table.push(&row);
    }
    match broken {
        true => Err((records.line(), no_text(1))),
        false => Ok((table, records.line())),
    }
}

fn ends_record(text: &str) -> bool {
    text.ends_with(['\n', '\r'])
}

fn no_text(field: usize) -> RowError {
    RowError::Field {
        column: "(any)",
        expected: "UTF-8 text".to_owned(),
        found: format!("other bytes in field {field}"),
    }
}

pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}
