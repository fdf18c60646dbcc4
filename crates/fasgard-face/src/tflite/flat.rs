//! The FlatBuffers layout, read in place: every offset and length is checked before it is used.

use super::TfliteError;

/// The bytes of a flatbuffer.
#[derive(Clone, Copy)]
pub(super) struct Flat<'a>(pub(super) &'a [u8]);

/// A table: where it starts, and where its fields are listed.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    flat: Flat<'a>,
    at: usize,
    vtable: usize,
    vtable_len: usize,
}

/// A vector: where its elements start and how many there are.
struct Vector {
    at: usize,
    len: usize,
}

type Read<T> = Result<T, TfliteError>;

impl<'a> Flat<'a> {
    fn bytes<const N: usize>(self, at: usize) -> Read<[u8; N]> {
        at.checked_add(N)
            .and_then(|end| self.0.get(at..end))
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(TfliteError::OutOfBounds {
                at,
                len: self.0.len(),
            })
    }

    fn u32(self, at: usize) -> Read<u32> {
        self.bytes(at).map(u32::from_le_bytes)
    }

    fn i32(self, at: usize) -> Read<i32> {
        self.bytes(at).map(i32::from_le_bytes)
    }

    fn u16(self, at: usize) -> Read<usize> {
        Ok(usize::from(u16::from_le_bytes(self.bytes(at)?)))
    }

    /// Where the offset stored at `at` points; offsets count from themselves, forwards.
    fn follow(self, at: usize) -> Read<usize> {
        let offset = self.u32(at)? as usize;
        at.checked_add(offset)
            .filter(|target| *target < self.0.len())
            .ok_or(TfliteError::OutOfBounds {
                at,
                len: self.0.len(),
            })
    }

    /// The root table; `identifier` are the four bytes after the first offset.
    pub(super) fn root(self, identifier: &[u8; 4]) -> Read<Table<'a>> {
        if self.bytes::<4>(4)? != *identifier {
            return Err(TfliteError::NotTflite);
        }
        self.table(self.follow(0)?)
    }

    fn table(self, at: usize) -> Read<Table<'a>> {
        let bad = TfliteError::OutOfBounds {
            at,
            len: self.0.len(),
        };
        let back = i64::from(self.i32(at)?);
        let vtable = usize::try_from(at as i64 - back).map_err(|_| bad)?;
        let vtable_len = self.u16(vtable)?;
        Ok(Table {
            flat: self,
            at,
            vtable,
            vtable_len,
        })
    }
}

impl<'a> Table<'a> {
    /// Where field `id` lies; none if it is left at its default.
    fn field(self, id: usize) -> Read<Option<usize>> {
        let entry = 4 + 2 * id;
        if entry + 2 > self.vtable_len {
            return Ok(None);
        }
        let offset = self.flat.u16(self.vtable + entry)?;
        Ok((offset != 0).then_some(self.at + offset))
    }

    pub(super) fn int(self, id: usize, default: i32) -> Read<i32> {
        self.field(id)?.map_or(Ok(default), |at| self.flat.i32(at))
    }

    pub(super) fn byte(self, id: usize) -> Read<u8> {
        self.field(id)?
            .map_or(Ok(0), |at| Ok(self.flat.bytes::<1>(at)?[0]))
    }

    pub(super) fn table(self, id: usize) -> Read<Option<Table<'a>>> {
        match self.field(id)? {
            Some(at) => Ok(Some(self.flat.table(self.flat.follow(at)?)?)),
            None => Ok(None),
        }
    }

    /// The vector in field `id`, of elements of `size` bytes; empty if not there. Refused if it
    /// has more than `limit` elements or reaches beyond the file.
    fn vector(self, id: usize, size: usize, limit: usize) -> Read<Vector> {
        let Some(at) = self.field(id)? else {
            return Ok(Vector { at: 0, len: 0 });
        };
        let at = self.flat.follow(at)?;
        let len = self.flat.u32(at)? as usize;
        let end = len.checked_mul(size).and_then(|n| n.checked_add(at + 4));
        if end.is_none_or(|end| end > self.flat.0.len()) {
            return Err(TfliteError::OutOfBounds {
                at,
                len: self.flat.0.len(),
            });
        }
        if len > limit {
            return Err(TfliteError::TooLarge {
                what: "a list",
                found: len,
                limit,
            });
        }
        Ok(Vector { at: at + 4, len })
    }

    /// The bytes in field `id`.
    pub(super) fn data(self, id: usize) -> Read<&'a [u8]> {
        let vector = self.vector(id, 1, usize::MAX)?;
        Ok(self
            .flat
            .0
            .get(vector.at..vector.at + vector.len)
            .unwrap_or_default())
    }

    /// The integers in field `id`.
    pub(super) fn ints(self, id: usize, limit: usize) -> Read<Vec<i32>> {
        let vector = self.vector(id, 4, limit)?;
        (0..vector.len)
            .map(|i| self.flat.i32(vector.at + 4 * i))
            .collect()
    }

    /// The tables in field `id`.
    pub(super) fn tables(self, id: usize, limit: usize) -> Read<Vec<Table<'a>>> {
        let vector = self.vector(id, 4, limit)?;
        (0..vector.len)
            .map(|i| {
                let at = self.flat.follow(vector.at + 4 * i)?;
                self.flat.table(at)
            })
            .collect()
    }
}
