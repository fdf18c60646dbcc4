//! Reads ONNX files: a second, independent view of what the writer writes.

use std::collections::HashMap;

/// A field of a message: its number and its value.
#[derive(Clone, Debug)]
enum Field {
    Int(u64),
    /// A number in four bytes, which nobody here asks for.
    Four,
    Bytes(Vec<u8>),
}

/// A message as lists of fields by number.
#[derive(Clone, Debug)]
pub(crate) struct Message(HashMap<u64, Vec<Field>>);

impl Message {
    /// Reads all fields; panics where the bytes are no message.
    pub(crate) fn read(mut bytes: &[u8]) -> Self {
        let mut fields: HashMap<u64, Vec<Field>> = HashMap::new();
        while !bytes.is_empty() {
            let key = varint(&mut bytes);
            let field = match key & 7 {
                0 => Field::Int(varint(&mut bytes)),
                2 => {
                    let length = varint(&mut bytes) as usize;
                    Field::Bytes(bytes.split_off(..length).unwrap().to_vec())
                }
                5 => {
                    let _ = bytes.split_off(..4).unwrap();
                    Field::Four
                }
                other => panic!("wire type {other}"),
            };
            fields.entry(key >> 3).or_default().push(field);
        }
        Self(fields)
    }

    fn all(&self, number: u64) -> &[Field] {
        self.0.get(&number).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn ints(&self, number: u64) -> Vec<i64> {
        let ints = self.all(number).iter().map(|field| match field {
            Field::Int(value) => *value as i64,
            other => panic!("{number}: {other:?}"),
        });
        ints.collect()
    }

    pub(crate) fn bytes(&self, number: u64) -> Vec<Vec<u8>> {
        let bytes = self.all(number).iter().map(|field| match field {
            Field::Bytes(value) => value.clone(),
            other => panic!("{number}: {other:?}"),
        });
        bytes.collect()
    }

    pub(crate) fn texts(&self, number: u64) -> Vec<String> {
        let texts = self.bytes(number).into_iter();
        texts.map(|b| String::from_utf8(b).unwrap()).collect()
    }

    pub(crate) fn text(&self, number: u64) -> String {
        let texts = self.texts(number);
        assert_eq!(texts.len(), 1, "{number}");
        texts[0].clone()
    }

    pub(crate) fn messages(&self, number: u64) -> Vec<Message> {
        self.bytes(number).iter().map(|b| Self::read(b)).collect()
    }

    pub(crate) fn message(&self, number: u64) -> Message {
        let messages = self.messages(number);
        assert_eq!(messages.len(), 1, "{number}");
        messages[0].clone()
    }

    /// Of a `ValueInfoProto`: element type and dimensions, by number or name.
    pub(crate) fn tensor_type(&self) -> (i64, Vec<String>) {
        let tensor = self.message(2).message(1);
        let dimensions = tensor.message(2).messages(1).into_iter();
        let dimensions = dimensions.map(|d| match d.ints(1).first() {
            Some(side) => side.to_string(),
            None => d.text(2),
        });
        (tensor.ints(1)[0], dimensions.collect())
    }
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..70).step_by(7) {
        let byte = *bytes.split_off_first().unwrap();
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return value;
        }
    }
    panic!("a number without an end");
}
