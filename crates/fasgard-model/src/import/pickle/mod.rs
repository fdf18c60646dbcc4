//! Just enough of Python's pickle to list the tensors of a state dict. Nothing is executed.
//!
//! A pickle is a program for a stack machine that may name any function and call it. This reader
//! knows the few functions that build a tensor from a storage, as data, and refuses every other name
//! before anything is built of it. Opcodes: Python's `pickletools`.

mod opcodes;
mod stack;
mod value;

pub(super) use value::Value;

use stack::Machine;

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
    let mut machine = Machine::new(bytes);
    let value = machine.run()?;
    Ok((value, machine.position()))
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
