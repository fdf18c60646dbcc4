//! What each opcode does, and which functions may be named.

use super::{KNOWN, PickleError, Value, stack::Machine};

impl Machine<'_> {
    pub(super) fn run(&mut self) -> Result<Value, PickleError> {
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
                    let key = self.remembered();
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
                    let items = self.topmost(count)?;
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

    fn append(&mut self, items: Vec<Value>) -> Result<(), PickleError> {
        match self.top() {
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
        let Some(Value::Dict(dict)) = self.top() else {
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
