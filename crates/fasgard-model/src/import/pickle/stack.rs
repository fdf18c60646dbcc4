//! The machine's memory: bytes that are left, the stack, and what was remembered. All of it bounded.

use std::collections::HashMap;

use super::{MAX_VALUES, PickleError, Value};

pub(super) struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    stack: Vec<Value>,
    memo: HashMap<u32, Value>,
    /// Values that were pushed, counting what memos repeat.
    values: usize,
}

impl<'a> Machine<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            stack: Vec::new(),
            memo: HashMap::new(),
            values: 0,
        }
    }

    /// Bytes read so far.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// What is on top, to be changed in place.
    pub(super) fn top(&mut self) -> Option<&mut Value> {
        self.stack.last_mut()
    }

    /// How many values were remembered.
    pub(super) fn remembered(&self) -> u32 {
        self.memo.len() as u32
    }

    /// The topmost `count` values.
    pub(super) fn topmost(&mut self, count: usize) -> Result<Vec<Value>, PickleError> {
        match self.stack.len().checked_sub(count) {
            Some(from) => Ok(self.stack.split_off(from)),
            None => Err(self.damaged("a tuple of more values than there are")),
        }
    }

    pub(super) fn damaged(&self, what: &str) -> PickleError {
        PickleError::Damaged {
            at: self.at,
            what: what.to_owned(),
        }
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&[u8], PickleError> {
        let end = self
            .at
            .checked_add(count)
            .filter(|e| *e <= self.bytes.len());
        let Some(end) = end else {
            return Err(self.damaged("it ends too early"));
        };
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], PickleError> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    pub(super) fn line(&mut self) -> Result<String, PickleError> {
        let rest = &self.bytes[self.at..];
        let Some(length) = rest.iter().position(|b| *b == b'\n') else {
            return Err(self.damaged("a name without an end"));
        };
        let text = String::from_utf8_lossy(&rest[..length.min(200)]).into_owned();
        self.at += length + 1;
        Ok(text)
    }

    pub(super) fn push(&mut self, value: Value) -> Result<(), PickleError> {
        self.values += value.weight();
        if self.values > MAX_VALUES {
            return Err(self.damaged("more values than any state dict has"));
        }
        self.stack.push(value);
        Ok(())
    }

    pub(super) fn pop(&mut self) -> Result<Value, PickleError> {
        self.stack
            .pop()
            .ok_or_else(|| self.damaged("a value is missing"))
    }

    pub(super) fn since_mark(&mut self) -> Result<Vec<Value>, PickleError> {
        let Some(mark) = self.stack.iter().rposition(|v| *v == Value::Mark) else {
            return Err(self.damaged("a mark is missing"));
        };
        let items = self.stack.split_off(mark + 1);
        self.stack.pop();
        Ok(items)
    }

    pub(super) fn put(&mut self, key: u32) -> Result<(), PickleError> {
        // A copy of what is there now will do: state dicts refer to no dictionary or list twice.
        let Some(value) = self.stack.last() else {
            return Err(self.damaged("nothing to remember"));
        };
        if self.memo.len() >= MAX_VALUES {
            return Err(self.damaged("more values than any state dict has"));
        }
        // Values inside values could double with every copy.
        let value = match value {
            Value::Sequence(items) if items.iter().all(Value::is_plain) => value.clone(),
            plain if plain.is_plain() => plain.clone(),
            _ => Value::None,
        };
        self.memo.insert(key, value);
        Ok(())
    }

    pub(super) fn get(&mut self, key: u32) -> Result<(), PickleError> {
        match self.memo.get(&key).cloned() {
            Some(value) => self.push(value),
            None => Err(self.damaged("a value that was never remembered")),
        }
    }
}
