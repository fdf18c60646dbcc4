//! Just enough of Python's pickle to list the tensors of a state dict. Nothing is executed.
//!
//! A pickle is a program for a stack machine that may name any function and call it. This reader
//! knows the few functions that build a tensor from a storage, as data, and refuses every other name
//! before anything is built of it. Opcodes: Python's `pickletools`.

use std::collections::HashMap;

/// Values a state dict is made of.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// A tuple or a list.
    Sequence(Vec<Value>),
    /// A dictionary, in its order.
    Dict(Vec<(Value, Value)>),
    /// `module name`, one of [`KNOWN`].
    Global(String),
    /// A storage of the file: what the pickle says of it.
    Storage(Vec<Value>),
    /// A tensor: the arguments it is rebuilt from.
    Tensor(Vec<Value>),
    /// A mark on the stack.
    Mark,
}

impl Value {
    /// Whether there are no values inside.
    fn is_plain(&self) -> bool {
        !matches!(
            self,
            Self::Sequence(_) | Self::Dict(_) | Self::Storage(_) | Self::Tensor(_)
        )
    }

    /// What it counts towards [`MAX_VALUES`]: long texts count more, or copies of one would fill
    /// the memory.
    fn weight(&self) -> usize {
        match self {
            Self::Text(text) | Self::Global(text) => 1 + text.len() / 16,
            Self::Sequence(items) => 1 + items.iter().map(Self::weight).sum::<usize>(),
            _ => 1,
        }
    }
}

/// What a pickle of weights may name.
const KNOWN: [&str; 12] = [
    "collections OrderedDict",
    "torch._utils _rebuild_tensor_v2",
    "torch._utils _rebuild_parameter",
    "torch FloatStorage",
    "torch DoubleStorage",
    "torch HalfStorage",
    "torch BFloat16Storage",
    "torch LongStorage",
    "torch IntStorage",
    "torch ShortStorage",
    "torch CharStorage",
    "torch ByteStorage",
];

/// Most values on the stack and in the memo together: state dicts have a few thousand.
const MAX_VALUES: usize = 1 << 20;

/// A pickle that is damaged, or that wants more than a list of tensors.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum PickleError {
    #[error(
        "it wants to call `{0}`: only files whose pickle lists tensors are read, and no code in them is ever run; save the weights with `torch.save(model.state_dict(), ...)`"
    )]
    Refused(String),
    #[error("the pickle is damaged at byte {at}: {what}")]
    Damaged { at: usize, what: String },
}

/// Reads one pickle from the start of `bytes` and says how many bytes it had.
pub(super) fn read(bytes: &[u8]) -> Result<(Value, usize), PickleError> {
    let mut machine = Machine {
        bytes,
        at: 0,
        stack: Vec::new(),
        memo: HashMap::new(),
        values: 0,
    };
    let value = machine.run()?;
    Ok((value, machine.at))
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    stack: Vec<Value>,
    memo: HashMap<u32, Value>,
    /// Values that were pushed, counting what memos repeat.
    values: usize,
}

impl Machine<'_> {
    fn run(&mut self) -> Result<Value, PickleError> {
        loop {
            let code = self.take(1)?[0];
            match code {
                // PROTO, FRAME
                0x80 => drop(self.take(1)?),
                0x95 => drop(self.take(8)?),
                b'.' => return self.pop(),
                b'(' => self.push(Value::Mark)?,
                b'}' => self.push(Value::Dict(Vec::new()))?,
                b']' | b')' => self.push(Value::Sequence(Vec::new()))?,
                b'N' => self.push(Value::None)?,
                0x88 => self.push(Value::Bool(true))?,
                0x89 => self.push(Value::Bool(false))?,
                b'K' => {
                    let value = self.take(1)?[0];
                    self.push(Value::Int(value.into()))?;
                }
                b'M' => {
                    let value = u16::from_le_bytes(self.array()?);
                    self.push(Value::Int(value.into()))?;
                }
                b'J' => {
                    let value = i32::from_le_bytes(self.array()?);
                    self.push(Value::Int(value.into()))?;
                }
                b'G' => {
                    let value = f64::from_be_bytes(self.array()?);
                    self.push(Value::Float(value))?;
                }
                0x8a => self.long()?,
                b'X' => {
                    let length = u32::from_le_bytes(self.array()?) as usize;
                    self.text(length)?;
                }
                0x8c => {
                    let length = self.take(1)?[0].into();
                    self.text(length)?;
                }
                b'c' => self.global()?,
                // BINPUT, LONG_BINPUT, MEMOIZE
                b'q' => {
                    let key = self.take(1)?[0].into();
                    self.put(key)?;
                }
                b'r' => {
                    let key = u32::from_le_bytes(self.array()?);
                    self.put(key)?;
                }
                0x94 => {
                    let key = self.memo.len() as u32;
                    self.put(key)?;
                }
                b'h' => {
                    let key = self.take(1)?[0].into();
                    self.get(key)?;
                }
                b'j' => {
                    let key = u32::from_le_bytes(self.array()?);
                    self.get(key)?;
                }
                b't' => {
                    let items = self.since_mark()?;
                    self.push(Value::Sequence(items))?;
                }
                0x85..=0x87 => {
                    let count = usize::from(code - 0x84);
                    let from = self.stack.len().checked_sub(count);
                    let Some(from) = from else {
                        return Err(self.damaged("a tuple of more values than there are"));
                    };
                    let items = self.stack.split_off(from);
                    self.push(Value::Sequence(items))?;
                }
                // APPEND, APPENDS
                b'a' => {
                    let item = self.pop()?;
                    self.append(vec![item])?;
                }
                b'e' => {
                    let items = self.since_mark()?;
                    self.append(items)?;
                }
                // SETITEM, SETITEMS
                b's' => {
                    let (value, key) = (self.pop()?, self.pop()?);
                    self.set(vec![key, value])?;
                }
                b'u' => {
                    let items = self.since_mark()?;
                    self.set(items)?;
                }
                b'Q' => match self.pop()? {
                    Value::Sequence(items) => self.push(Value::Storage(items))?,
                    _ => return Err(self.damaged("a storage that is no tuple")),
                },
                b'R' => self.reduce()?,
                // BUILD sets attributes of an object, such as a state dict's `_metadata`: left out.
                b'b' => drop(self.pop()?),
                // STACK_GLOBAL names a function by two strings.
                0x93 => {
                    let (name, module) = (self.pop()?, self.pop()?);
                    match (module, name) {
                        (Value::Text(module), Value::Text(name)) => {
                            self.known(&format!("{module} {name}"))?;
                        }
                        _ => return Err(self.damaged("a name that is no text")),
                    }
                }
                // INST, OBJ, NEWOBJ, NEWOBJ_EX and extension codes build objects of any class.
                b'i' | b'o' | 0x81 | 0x92 | 0x82..=0x84 => {
                    return Err(PickleError::Refused(format!(
                        "a constructor (opcode {code:#04x})"
                    )));
                }
                other => return Err(self.damaged(&format!("unknown opcode {other:#04x}"))),
            }
        }
    }

    fn damaged(&self, what: &str) -> PickleError {
        PickleError::Damaged {
            at: self.at,
            what: what.to_owned(),
        }
    }

    fn take(&mut self, count: usize) -> Result<&[u8], PickleError> {
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

    fn array<const N: usize>(&mut self) -> Result<[u8; N], PickleError> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    fn line(&mut self) -> Result<String, PickleError> {
        let rest = &self.bytes[self.at..];
        let Some(length) = rest.iter().position(|b| *b == b'\n') else {
            return Err(self.damaged("a name without an end"));
        };
        let text = String::from_utf8_lossy(&rest[..length.min(200)]).into_owned();
        self.at += length + 1;
        Ok(text)
    }

    fn push(&mut self, value: Value) -> Result<(), PickleError> {
        self.values += value.weight();
        if self.values > MAX_VALUES {
            return Err(self.damaged("more values than any state dict has"));
        }
        self.stack.push(value);
        Ok(())
    }

    fn pop(&mut self) -> Result<Value, PickleError> {
        self.stack
            .pop()
            .ok_or_else(|| self.damaged("a value is missing"))
    }

    fn since_mark(&mut self) -> Result<Vec<Value>, PickleError> {
        let Some(mark) = self.stack.iter().rposition(|v| *v == Value::Mark) else {
            return Err(self.damaged("a mark is missing"));
        };
        let items = self.stack.split_off(mark + 1);
        self.stack.pop();
        Ok(items)
    }

    fn text(&mut self, length: usize) -> Result<(), PickleError> {
        let text = std::str::from_utf8(self.take(length)?).map(str::to_owned);
        match text {
            Ok(text) => self.push(Value::Text(text)),
            Err(_) => Err(self.damaged("text that is not UTF-8")),
        }
    }

    fn long(&mut self) -> Result<(), PickleError> {
        let length = usize::from(self.take(1)?[0]);
        if length > 8 {
            // Only magic numbers are this long.
            self.take(length)?;
            return self.push(Value::None);
        }
        let bytes = self.take(length)?.to_vec();
        let sign = bytes.last().is_some_and(|b| b & 0x80 != 0);
        let mut wide = [if sign { 0xff } else { 0 }; 8];
        wide[..length].copy_from_slice(&bytes);
        self.push(Value::Int(i64::from_le_bytes(wide)))
    }

    fn global(&mut self) -> Result<(), PickleError> {
        let name = format!("{} {}", self.line()?, self.line()?);
        self.known(&name)
    }

    fn known(&mut self, name: &str) -> Result<(), PickleError> {
        match KNOWN.contains(&name) {
            true => self.push(Value::Global(name.to_owned())),
            false => Err(PickleError::Refused(name.replace(' ', "."))),
        }
    }

    fn put(&mut self, key: u32) -> Result<(), PickleError> {
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

    fn get(&mut self, key: u32) -> Result<(), PickleError> {
        match self.memo.get(&key).cloned() {
            Some(value) => self.push(value),
            None => Err(self.damaged("a value that was never remembered")),
        }
    }

    fn append(&mut self, items: Vec<Value>) -> Result<(), PickleError> {
        match self.stack.last_mut() {
            Some(Value::Sequence(list)) => {
                list.extend(items);
                Ok(())
            }
            _ => Err(self.damaged("an item without its list")),
        }
    }

    fn set(&mut self, items: Vec<Value>) -> Result<(), PickleError> {
        if !items.len().is_multiple_of(2) {
            return Err(self.damaged("a key without a value"));
        }
        let Some(Value::Dict(dict)) = self.stack.last_mut() else {
            return Err(self.damaged("an entry without its dictionary"));
        };
        let mut items = items.into_iter();
        while let (Some(key), Some(value)) = (items.next(), items.next()) {
            dict.push((key, value));
        }
        Ok(())
    }

    fn reduce(&mut self) -> Result<(), PickleError> {
        let (arguments, function) = (self.pop()?, self.pop()?);
        let (Value::Global(name), Value::Sequence(mut arguments)) = (function, arguments) else {
            return Err(self.damaged("a call of something that is no function"));
        };
        let value = match name.as_str() {
            "collections OrderedDict" => Value::Dict(Vec::new()),
            "torch._utils _rebuild_tensor_v2" => Value::Tensor(arguments),
            // A parameter is its tensor and whether it has a gradient.
            "torch._utils _rebuild_parameter" if !arguments.is_empty() => arguments.swap_remove(0),
            other => return Err(PickleError::Refused(other.replace(' ', "."))),
        };
        self.push(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_never_run_but_named() {
        for (bytes, expected) in [
            (&b"cos\nsystem\n(X\x02\x00\x00\x00lstR."[..], "os.system"),
            (
                b"\x80\x02cbuiltins\neval\nX\x01\x00\x00\x001\x85R.",
                "builtins.eval",
            ),
            (b"\x80\x04\x8c\x05posix\x8c\x06system\x93.", "posix.system"),
            (b"(ios\nsystem\n.", "constructor"),
            (b"ctorch\nload\n.", "torch.load"),
            // A known name that is no function to be called.
            (b"ctorch\nFloatStorage\n)R.", "torch.FloatStorage"),
        ] {
            let message = read(bytes).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
            assert!(!message.contains("damaged"), "{message}");
        }
    }

    #[test]
    fn plain_values() {
        let bytes = b"\x80\x02}q\x00(X\x01\x00\x00\x00aK\x07X\x01\x00\x00\x00bJ\xff\xff\xff\xff\
                      X\x01\x00\x00\x00c(K\x01K\x02tX\x01\x00\x00\x00d\x8a\x02\x00\x01u.tail";
        let (value, length) = read(bytes).unwrap();
        assert_eq!(length, bytes.len() - 4);
        let text = |t: &str| Value::Text(t.into());
        let expected = Value::Dict(vec![
            (text("a"), Value::Int(7)),
            (text("b"), Value::Int(-1)),
            (
                text("c"),
                Value::Sequence(vec![Value::Int(1), Value::Int(2)]),
            ),
            (text("d"), Value::Int(256)),
        ]);
        assert_eq!(value, expected);
    }

    #[test]
    fn damage_is_an_error() {
        for bytes in [
            &b""[..],
            b"X\xff\xff\xff\xff",
            b"t.",
            b"\x85.",
            b"s.",
            b"u.",
            b"R.",
            b"Q.",
            b"K\x01Q.",
            b"h\x05.",
            b"\xfe.",
            b"q\x00",
            b"cno end",
            b"X\x01\x00\x00\x00\xff.",
            b"}(K\x01u.",
        ] {
            let error = read(bytes).unwrap_err();
            assert!(matches!(error, PickleError::Damaged { .. }), "{error}");
        }
        // Copies of a long text, and of tuples of tuples, end as well.
        let mut bomb = b"X\x00\x00\x10\x00".to_vec();
        bomb.extend(vec![b'a'; 1 << 20]);
        bomb.extend(b"q\x00");
        bomb.extend(b"h\x00".repeat(5000));
        assert!(read(&bomb).is_err());
        let doubling = [&b"K\x01q\x00"[..], &b"h\x00h\x00\x86q\x00".repeat(60), b"."].concat();
        assert!(read(&doubling).is_ok());
        // An endless stream of values ends.
        let many = vec![b'N'; MAX_VALUES + 10];
        assert!(read(&many).is_err());
    }

    #[test]
    fn garbage_is_an_error_or_a_value() {
        let mut state = 1u64;
        for _ in 0..20_000 {
            let bytes: Vec<u8> = (0..40)
                .map(|_| {
                    state = state
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1);
                    (state >> 56) as u8
                })
                .collect();
            let _ = read(&bytes);
        }
    }
}
