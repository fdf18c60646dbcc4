//! One value a row.

/// Values of all rows; kept once for as long as every row has the same.
#[derive(Clone, Debug)]
pub(crate) struct Column<T> {
    len: usize,
    /// The value of every row while `each` is empty.
    all: Option<T>,
    each: Vec<T>,
}

impl<T> Default for Column<T> {
    fn default() -> Self {
        Self {
            len: 0,
            all: None,
            each: Vec::new(),
        }
    }
}

impl<T: Copy + PartialEq> Column<T> {
    pub(crate) fn push(&mut self, value: T) {
        match self.all {
            None if self.len == 0 => self.all = Some(value),
            Some(all) if all == value => {}
            Some(all) => {
                self.each = vec![all; self.len];
                self.all = None;
                self.each.push(value);
            }
            None => self.each.push(value),
        }
        self.len += 1;
    }

    /// The value of row i, which must be one.
    pub(crate) fn get(&self, i: usize) -> T {
        match self.all {
            Some(all) => all,
            None => self.each[i],
        }
    }

    /// The value that every row has; none if rows differ or there are none.
    pub(crate) fn same(&self) -> Option<T> {
        self.all
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = T> {
        (0..self.len).map(|i| self.get(i))
    }

    /// Adds another column's values, each turned into this one's.
    pub(crate) fn append<U: Copy + PartialEq>(&mut self, other: &Column<U>, turn: impl Fn(U) -> T) {
        match (other.all.map(&turn), self.all) {
            _ if other.len == 0 => {}
            (Some(theirs), Some(ours)) if theirs == ours => self.len += other.len,
            (Some(theirs), None) if self.len == 0 => {
                self.all = Some(theirs);
                self.len = other.len;
            }
            _ => {
                if let Some(ours) = self.all.take() {
                    self.each = vec![ours; self.len];
                }
                self.each.extend(other.iter().map(turn));
                self.len += other.len;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_was_pushed_or_appended() {
        for values in [&[][..], &[1], &[1, 1, 1], &[1, 1, 2, 1], &[2, 1]] {
            let mut column = Column::default();
            values.iter().for_each(|v| column.push(*v));
            assert_eq!(column.iter().collect::<Vec<_>>(), values);
            for other in [&[][..], &[1], &[1, 1], &[3, 1]] {
                let mut both = column.clone();
                let mut second = Column::default();
                other.iter().for_each(|v| second.push(i64::from(*v)));
                both.append(&second, |v| v as i32);
                assert_eq!(both.iter().collect::<Vec<_>>(), [values, other].concat());
                both.push(9);
                assert_eq!(both.get(values.len() + other.len()), 9);
            }
        }
    }
}
