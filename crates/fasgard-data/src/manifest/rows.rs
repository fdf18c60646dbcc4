//! Many rows in little memory.

use std::fmt;

use fasgard_metrics::Split;

use super::{
    ManifestRow,
    pack::{pack, sample, unpack},
};
use crate::packed::{Arena, Place, Pool};

/// A list of rows that takes some 100 bytes a row, where a [`ManifestRow`] takes some 600: rows are packed
/// when they come and unpacked, exactly as they were, when they are asked for.
#[derive(Clone, Default)]
pub struct Rows {
    entries: Vec<Entry>,
    packed: Arena,
    /// Subjects, videos, species and the like.
    shared: Pool,
    dataset: String,
}

/// One row. What changes after it was listed is not packed.
#[derive(Clone)]
struct Entry {
    place: Place,
    split: Option<Split>,
}

impl Rows {
    /// No rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a row.
    pub fn push(&mut self, row: &ManifestRow) {
        let packed = pack(row, &mut self.shared);
        self.entries.push(Entry {
            place: self.packed.push(&packed),
            split: row.split,
        });
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// A row by its index.
    pub fn get(&self, index: usize) -> Option<ManifestRow> {
        self.entries.get(index).and_then(|entry| self.row(entry))
    }

    /// The rows in their order, unpacked one by one.
    pub fn iter(&self) -> impl Iterator<Item = ManifestRow> + '_ {
        self.entries.iter().filter_map(|entry| self.row(entry))
    }

    fn row(&self, entry: &Entry) -> Option<ManifestRow> {
        let mut row = unpack(self.packed.get(entry.place), &self.shared)?;
        row.split = entry.split;
        if row.dataset.is_empty() {
            row.dataset.clone_from(&self.dataset);
        }
        Some(row)
    }

    /// Moves a row to a split.
    pub(crate) fn set_split(&mut self, index: usize, split: Split) {
        if let Some(entry) = self.entries.get_mut(index) {
            entry.split = Some(split);
        }
    }

    /// Names the dataset of all rows that came without such a name.
    pub(crate) fn name_dataset(&mut self, name: &str) {
        name.clone_into(&mut self.dataset);
    }

    /// Puts the rows in the order of their samples' names; of equal ones the first stays first.
    pub(crate) fn sort_by_sample(&mut self) {
        let name = |entry: &Entry| (sample(self.packed.get(entry.place)), entry.place);
        self.entries.sort_unstable_by(|a, b| name(a).cmp(&name(b)));
    }

    /// Removes the rows that `keep` does not want.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&ManifestRow) -> bool) {
        let mut entries = std::mem::take(&mut self.entries);
        entries.retain(|entry| self.row(entry).is_some_and(|row| keep(&row)));
        self.entries = entries;
    }

    /// Bytes of memory that the rows take.
    #[cfg(test)]
    fn taken(&self) -> usize {
        let entries = self.entries.capacity() * size_of::<Entry>();
        entries + self.packed.taken() + self.shared.taken()
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl PartialEq for Rows {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl FromIterator<ManifestRow> for Rows {
    fn from_iter<I: IntoIterator<Item = ManifestRow>>(rows: I) -> Self {
        let mut list = Self::new();
        rows.into_iter().for_each(|row| list.push(&row));
        list
    }
}

#[cfg(test)]
mod tests {
    use proptest::option::of;
    use proptest::prelude::*;

    use fasgard_image::{Eyes, FaceBox};
    use fasgard_metrics::Label;

    use super::{super::RelativePath, *};

    fn row(name: &str) -> ManifestRow {
        let image = RelativePath::new(&format!("{name}.jpg")).unwrap();
        ManifestRow::new("", name, Label::Live, None, image)
    }

    #[test]
    fn changes_of_a_list() {
        let mut rows: Rows = ["b", "a", "c", "b"].map(row).into_iter().collect();
        rows.set_split(3, Split::Test);
        rows.sort_by_sample();
        let samples = |rows: &Rows| rows.iter().map(|r| r.sample).collect::<Vec<_>>();
        assert_eq!(samples(&rows), ["a", "b", "b", "c"]);
        let splits: Vec<_> = rows.iter().map(|r| r.split).collect();
        assert_eq!(splits, [None, None, Some(Split::Test), None]);
        rows.name_dataset("set");
        let named = ManifestRow {
            dataset: "own".to_owned(),
            ..row("d")
        };
        rows.push(&named);
        rows.retain(|row| row.sample != "b");
        assert_eq!(samples(&rows), ["a", "c", "d"]);
        assert_eq!(rows.get(0).unwrap().dataset, "set");
        assert_eq!(rows.get(2), Some(named));
        assert_eq!((rows.len(), rows.get(3)), (3, None));
        assert_ne!(rows, Rows::new());
    }

    /// Frames as a large dataset has them: whoever adds a field to rows sees here what it costs.
    #[test]
    fn a_row_takes_little_memory() {
        let mut rows = Rows::new();
        for i in 0..20_000_u64 {
            let name = format!("train/{:05}/{}/{:06}", i / 60, "spoof", i);
            let mut row = row(&name);
            row.subject = Some((i / 60).to_string());
            row.video = Some(format!("train/{:05}/{}", i / 60, i / 10));
            row.frame = Some(i % 10);
            row.label = Label::Attack;
            row.species = Some("print/photo".parse().unwrap());
            row.attributes.insert("environment", "indoor").unwrap();
            row.attributes
                .insert("illumination", ["dark", "back"][i as usize % 2])
                .unwrap();
            rows.push(&row);
        }
        let each = rows.taken() as f64 / rows.len() as f64;
        assert!(each < 110.0, "{each} bytes a row");
    }

    proptest! {
        #[test]
        fn rows_come_out_as_they_were(
            names in prop::array::uniform4("\\PC{0,12}"),
            texts in prop::array::uniform3(of("[ -~\u{1}é]{0,200}")),
            hashes in prop::array::uniform3(of("[0-9a-f]{64}")),
            maps in prop::array::uniform2(of("[a-z]{1,9}")),
            frame in of(any::<u64>()),
            face in of(any::<[i32; 4]>()),
            eyes in of(any::<[i32; 4]>()),
            split in prop::sample::select(vec![None, Some(Split::Train), Some(Split::Test)]),
            attack: bool,
            own_video: bool,
        ) {
            let [sample, dataset, key, value] = names;
            let path = |text: &str| RelativePath::new(text).unwrap();
            let mut row = row("x");
            row.split = split;
            row.label = if attack { Label::Attack } else { Label::Live };
            let [subject, video, species] = texts;
            row.species = species.map(|s| format!("print/{}", s.len() % 64).parse().unwrap());
            row.subject = subject;
            row.video = if own_video { Some(sample.clone()) } else { video };
            (row.sample, row.dataset, row.frame) = (sample, dataset, frame);
            let _ = row.attributes.insert(&key, &value);
            let _ = row.attributes.insert(&value, "1");
            row.face = face.map(|n| n.map(|n| n as f32 / 7.0)).map(|[x, y, w, h]| FaceBox { x, y, w, h });
            row.eyes = eyes.map(|n| n.map(|n| n as f32 / 7.0)).map(|[x, y, w, h]| Eyes { right: [x, y], left: [w, h] });
            let [depth, mask] = maps;
            row.depth = depth.as_deref().map(path);
            row.mask = mask.as_deref().map(path);
            let [image, depth, mask] = hashes;
            row.sha256 = image;
            row.depth_sha256 = depth.map(String::into);
            row.mask_sha256 = mask.map(String::into);
            let rows: Rows = [row.clone(), row.clone()].into_iter().collect();
            prop_assert_eq!(rows.get(0), Some(row.clone()));
            prop_assert_eq!(rows.get(1), Some(row));
        }
    }
}
