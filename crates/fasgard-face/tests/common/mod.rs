//! Writes small TensorFlow Lite files: tables by field number, as in the format's schema.

/// A field of a table.
pub(crate) enum Field {
    Byte(u8),
    Int(i32),
    Ints(Vec<i32>),
    Data(Vec<u8>),
    Table(Fields),
    Tables(Vec<Fields>),
}

/// Field numbers with their values.
pub(crate) type Fields = Vec<(usize, Field)>;

/// The file with this root table.
pub(crate) fn file(root: &Fields) -> Vec<u8> {
    let mut out = vec![0; 4];
    out.extend_from_slice(b"TFL3");
    let at = table(&mut out, root);
    patch(&mut out, 0, at);
    out
}

fn patch(out: &mut [u8], at: usize, target: usize) {
    out[at..at + 4].copy_from_slice(&((target - at) as u32).to_le_bytes());
}

fn table(out: &mut Vec<u8>, fields: &Fields) -> usize {
    let slots = fields.iter().map(|(id, _)| id + 1).max().unwrap_or(0);
    while !out.len().is_multiple_of(4) {
        out.push(0);
    }
    let vtable = out.len();
    let vtable_len = 4 + 2 * slots;
    out.resize(vtable + vtable_len.next_multiple_of(4), 0);
    out[vtable..vtable + 2].copy_from_slice(&(vtable_len as u16).to_le_bytes());
    let at = out.len();
    out.extend_from_slice(&((at - vtable) as i32).to_le_bytes());
    out.resize(at + 4 + 4 * fields.len(), 0);
    let size = (4 + 4 * fields.len()) as u16;
    out[vtable + 2..vtable + 4].copy_from_slice(&size.to_le_bytes());
    for (i, (id, field)) in fields.iter().enumerate() {
        let slot = at + 4 + 4 * i;
        let entry = vtable + 4 + 2 * id;
        out[entry..entry + 2].copy_from_slice(&((slot - at) as u16).to_le_bytes());
        match field {
            Field::Byte(value) => out[slot] = *value,
            Field::Int(value) => out[slot..slot + 4].copy_from_slice(&value.to_le_bytes()),
            Field::Ints(values) => {
                let start = out.len();
                patch(out, slot, start);
                out.extend_from_slice(&(values.len() as u32).to_le_bytes());
                out.extend(values.iter().flat_map(|v| v.to_le_bytes()));
            }
            Field::Data(bytes) => {
                let start = out.len();
                patch(out, slot, start);
                out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
                out.extend_from_slice(bytes);
                out.resize(out.len().next_multiple_of(4), 0);
            }
            Field::Table(fields) => {
                let start = table(out, fields);
                patch(out, slot, start);
            }
            Field::Tables(tables) => {
                let start = out.len();
                patch(out, slot, start);
                out.extend_from_slice(&(tables.len() as u32).to_le_bytes());
                out.resize(out.len() + 4 * tables.len(), 0);
                for (i, fields) in tables.iter().enumerate() {
                    let child = table(out, fields);
                    patch(out, start + 4 + 4 * i, child);
                }
            }
        }
    }
    at
}

/// A graph under construction: float tensors, constants and operators.
#[derive(Default)]
pub(crate) struct Model {
    tensors: Vec<Fields>,
    buffers: Vec<Fields>,
    operators: Vec<Fields>,
    codes: Vec<Fields>,
}

impl Model {
    fn tensor_of(&mut self, shape: &[i32], kind: u8, data: Vec<u8>) -> i32 {
        let buffer = if data.is_empty() {
            vec![]
        } else {
            vec![(0, Field::Data(data))]
        };
        self.buffers.push(buffer);
        self.tensors.push(vec![
            (0, Field::Ints(shape.to_vec())),
            (1, Field::Byte(kind)),
            (2, Field::Int(self.buffers.len() as i32 - 1)),
        ]);
        self.tensors.len() as i32 - 1
    }

    pub(crate) fn tensor(&mut self, shape: &[i32]) -> i32 {
        self.tensor_of(shape, 0, vec![])
    }

    pub(crate) fn floats(&mut self, shape: &[i32], values: &[f32]) -> i32 {
        let data = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.tensor_of(shape, 0, data)
    }

    pub(crate) fn halves(&mut self, shape: &[i32], values: &[u16]) -> i32 {
        let data = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.tensor_of(shape, 1, data)
    }

    pub(crate) fn ints(&mut self, shape: &[i32], values: &[i32]) -> i32 {
        let data = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.tensor_of(shape, 2, data)
    }

    pub(crate) fn operator(&mut self, code: u8, inputs: &[i32], output: i32, options: Fields) {
        self.codes.push(vec![(0, Field::Byte(code))]);
        self.operators.push(vec![
            (0, Field::Int(self.codes.len() as i32 - 1)),
            (1, Field::Ints(inputs.to_vec())),
            (2, Field::Ints(vec![output])),
            (4, Field::Table(options)),
        ]);
    }

    pub(crate) fn bytes(self, input: i32, outputs: &[i32]) -> Vec<u8> {
        let graph = vec![
            (0, Field::Tables(self.tensors)),
            (1, Field::Ints(vec![input])),
            (2, Field::Ints(outputs.to_vec())),
            (3, Field::Tables(self.operators)),
        ];
        file(&vec![
            (0, Field::Int(3)),
            (1, Field::Tables(self.codes)),
            (2, Field::Tables(vec![graph])),
            (4, Field::Tables(self.buffers)),
        ])
    }
}
