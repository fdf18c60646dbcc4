//! The messages of an ONNX file (`onnx.proto`, IR version 8) in the wire format of protocol buffers:
//! only what is written here, nothing is read.

/// Version of the file format.
const IR_VERSION: i64 = 8;
/// Version of the operators: `Resize` with axes came with 18.
pub(super) const OPSET: i64 = 18;

/// Element types, as `TensorProto.DataType` numbers them.
const FLOAT: i64 = 1;
const INT64: i64 = 7;

/// A message under construction: fields in the order in which they are added.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Message(Vec<u8>);

impl Message {
    /// The bytes.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    /// The number of a field and how its value is laid out.
    fn key(&mut self, field: u64, wire: u64) {
        self.varint(field << 3 | wire);
    }

    /// `int32`, `int64` or an enumeration; negative numbers take ten bytes.
    fn int(mut self, field: u64, value: i64) -> Self {
        self.key(field, 0);
        self.varint(value as u64);
        self
    }

    fn float(mut self, field: u64, value: f32) -> Self {
        self.key(field, 5);
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    /// `string` or `bytes`.
    fn bytes(mut self, field: u64, value: &[u8]) -> Self {
        self.key(field, 2);
        self.varint(value.len() as u64);
        self.0.extend_from_slice(value);
        self
    }

    fn text(self, field: u64, value: &str) -> Self {
        self.bytes(field, value.as_bytes())
    }

    fn message(self, field: u64, value: &Message) -> Self {
        self.bytes(field, &value.0)
    }

    fn each<T>(self, items: &[T], add: impl Fn(Self, &T) -> Self) -> Self {
        items.iter().fold(self, add)
    }
}

/// Values of a constant.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Data {
    Float(Vec<f32>),
    Int(Vec<i64>),
}

/// A named constant (`TensorProto`).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Constant {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) data: Data,
}

impl Constant {
    fn message(&self) -> Message {
        let (kind, raw): (i64, Vec<u8>) = match &self.data {
            Data::Float(values) => (FLOAT, values.iter().flat_map(|v| v.to_le_bytes()).collect()),
            Data::Int(values) => (INT64, values.iter().flat_map(|v| v.to_le_bytes()).collect()),
        };
        Message::default()
            .each(&self.shape, |m, side| m.int(1, *side as i64))
            .int(2, kind)
            .text(8, &self.name)
            .bytes(9, &raw)
    }
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Attribute {
    Float(f32),
    Int(i64),
    Ints(Vec<i64>),
    Text(&'static str),
}

impl Attribute {
    fn message(&self, name: &str) -> Message {
        let message = Message::default().text(1, name);
        match self {
            Self::Float(value) => message.float(2, *value).int(20, 1),
            Self::Int(value) => message.int(3, *value).int(20, 2),
            Self::Text(value) => message.text(4, value).int(20, 3),
            Self::Ints(values) => message.each(values, |m, v| m.int(8, *v)).int(20, 7),
        }
    }
}

/// A node (`NodeProto`) with one output, which has its name unless `output` says otherwise. An empty
/// input is one that is left out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) operator: &'static str,
    pub(super) inputs: Vec<String>,
    pub(super) output: String,
    pub(super) attributes: Vec<(&'static str, Attribute)>,
}

impl Node {
    fn message(&self) -> Message {
        Message::default()
            .each(&self.inputs, |m, input| m.text(1, input))
            .text(2, &self.output)
            .text(3, &self.name)
            .text(4, self.operator)
            .each(&self.attributes, |m, (name, value)| {
                m.message(5, &value.message(name))
            })
    }
}

/// An input or output of the network: `f32`, of any batch.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Port {
    pub(super) name: String,
    /// Of one image.
    pub(super) shape: Vec<usize>,
    pub(super) doc: String,
}

impl Port {
    fn message(&self) -> Message {
        let batch = Message::default().text(2, "batch");
        let shape = Message::default()
            .message(1, &batch)
            .each(&self.shape, |m, side| {
                m.message(1, &Message::default().int(1, *side as i64))
            });
        let tensor = Message::default().int(1, FLOAT).message(2, &shape);
        Message::default()
            .text(1, &self.name)
            .message(2, &Message::default().message(1, &tensor))
            .text(3, &self.doc)
    }
}

/// A whole file (`ModelProto`).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Model {
    pub(super) name: String,
    pub(super) doc: String,
    pub(super) version: &'static str,
    pub(super) nodes: Vec<Node>,
    pub(super) constants: Vec<Constant>,
    pub(super) inputs: Vec<Port>,
    pub(super) outputs: Vec<Port>,
    pub(super) metadata: Vec<(String, String)>,
}

impl Model {
    /// The file's bytes; the same model gives the same ones.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        let graph = Message::default()
            .each(&self.nodes, |m, node| m.message(1, &node.message()))
            .text(2, &self.name)
            .each(&self.constants, |m, constant| {
                m.message(5, &constant.message())
            })
            .each(&self.inputs, |m, port| m.message(11, &port.message()))
            .each(&self.outputs, |m, port| m.message(12, &port.message()));
        let opset = Message::default().text(1, "").int(2, OPSET);
        Message::default()
            .int(1, IR_VERSION)
            .text(2, "fasgard")
            .text(3, self.version)
            .text(6, &self.doc)
            .message(7, &graph)
            .message(8, &opset)
            .each(&self.metadata, |m, (key, value)| {
                m.message(14, &Message::default().text(1, key).text(2, value))
            })
            .into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the protocol buffers' own description of their wire format: field 1 with 150,
    /// field 2 with "testing"; and minus one, which takes ten bytes.
    #[test]
    fn wire_format() {
        assert_eq!(
            Message::default().int(1, 150).into_bytes(),
            [0x08, 0x96, 0x01]
        );
        let text = Message::default().text(2, "testing").into_bytes();
        assert_eq!(text, [&[0x12, 0x07], &b"testing"[..]].concat());
        let mut minus = vec![0x08];
        minus.extend([0xff; 9]);
        minus.push(0x01);
        assert_eq!(Message::default().int(1, -1).into_bytes(), minus);
        assert_eq!(
            Message::default().float(2, 1.0).into_bytes(),
            [0x15, 0, 0, 0x80, 0x3f]
        );
        // Field numbers above 15 take two bytes.
        assert_eq!(
            Message::default().int(20, 7).into_bytes(),
            [0xa0, 0x01, 0x07]
        );
    }
}
