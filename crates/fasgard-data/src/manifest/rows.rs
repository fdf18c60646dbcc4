//! Many rows in little memory.

use std::fmt;

use fasgard_image::{Eyes, FaceBox};
use fasgard_metrics::{Label, Split};

use super::{ManifestRow, RelativePath};
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

/// What a packed row begins with: a bit for each of these. Those that are common come first, so that the
/// bits of most rows are one byte.
enum Has {
    Attack,
    Subject,
    /// The video has the sample's name.
    OwnVideo,
    Video,
    Frame,
    Species,
    Attributes,
    Face,
    Eyes,
    Depth,
    Mask,
    Sha256,
    DepthSha256,
    MaskSha256,
}

/// The bits, sample, image, numbers of shared texts, then what else there is.
fn pack(row: &ManifestRow, shared: &mut Pool) -> Vec<u8> {
    let mut bits = 0;
    let mut has = |what: Has, there: bool| {
        bits |= u64::from(there) << what as u32;
        there
    };
    let own_video = row.video.as_ref() == Some(&row.sample);
    has(Has::Attack, row.label == Label::Attack);
    has(Has::OwnVideo, own_video);
    let mut rest = Packer::default();
    rest.text(&row.sample);
    rest.text(row.image.as_str());
    rest.number(shared.number(&row.dataset).into());
    let attributes = row.attributes.to_string();
    let species = row.species.as_ref().map(|s| s.as_str());
    for (what, text) in [
        (Has::Subject, row.subject.as_deref()),
        (Has::Video, row.video.as_deref().filter(|_| !own_video)),
        (Has::Species, species),
        (
            Has::Attributes,
            Some(attributes.as_str()).filter(|a| !a.is_empty()),
        ),
    ] {
        has(what, text.is_some());
        text.into_iter()
            .for_each(|text| rest.number(shared.number(text).into()));
    }
    has(Has::Frame, row.frame.is_some());
    row.frame.into_iter().for_each(|frame| rest.number(frame));
    let face = row.face.map(|f| [f.x, f.y, f.w, f.h]);
    let eyes = row.eyes.map(|e| [e.right, e.left].concat());
    for (what, numbers) in [
        (Has::Face, face.as_ref().map(|f| &f[..])),
        (Has::Eyes, eyes.as_deref()),
    ] {
        has(what, numbers.is_some());
        rest.floats(numbers.unwrap_or_default());
    }
    for (what, text) in [
        (Has::Depth, row.depth.as_ref().map(RelativePath::as_str)),
        (Has::Mask, row.mask.as_ref().map(RelativePath::as_str)),
        (Has::Sha256, row.sha256.as_deref()),
        (Has::DepthSha256, row.depth_sha256.as_deref()),
        (Has::MaskSha256, row.mask_sha256.as_deref()),
    ] {
        has(what, text.is_some());
        text.into_iter().for_each(|text| rest.text(text));
    }
    let mut packed = Packer::default();
    packed.number(bits);
    packed.0.extend(rest.0);
    packed.0
}

/// The row of [`pack`], without its split.
fn unpack(packed: &[u8], shared: &Pool) -> Option<ManifestRow> {
    let mut packed = Unpacker(packed);
    let bits = packed.number()?;
    let has = |what: Has| bits >> what as u32 & 1 == 1;
    let sample = packed.text()?.to_owned();
    let image = packed.path()?;
    let dataset = packed.shared(shared)?;
    let label = if has(Has::Attack) {
        Label::Attack
    } else {
        Label::Live
    };
    let mut row = ManifestRow::new(dataset, sample, label, None, image);
    if has(Has::OwnVideo) {
        row.video = Some(row.sample.clone());
    }
    if has(Has::Subject) {
        row.subject = Some(packed.shared(shared)?.to_owned());
    }
    if has(Has::Video) {
        row.video = Some(packed.shared(shared)?.to_owned());
    }
    if has(Has::Species) {
        row.species = Some(packed.shared(shared)?.parse().ok()?);
    }
    if has(Has::Attributes) {
        row.attributes = packed.shared(shared)?.parse().ok()?;
    }
    if has(Has::Frame) {
        row.frame = Some(packed.number()?);
    }
    if has(Has::Face) {
        let [x, y, w, h] = packed.floats()?;
        row.face = Some(FaceBox { x, y, w, h });
    }
    if has(Has::Eyes) {
        let [rx, ry, lx, ly] = packed.floats()?;
        row.eyes = Some(Eyes {
            right: [rx, ry],
            left: [lx, ly],
        });
    }
    if has(Has::Depth) {
        row.depth = Some(packed.path()?);
    }
    if has(Has::Mask) {
        row.mask = Some(packed.path()?);
    }
    if has(Has::Sha256) {
        row.sha256 = Some(packed.text()?.to_owned());
    }
    if has(Has::DepthSha256) {
        row.depth_sha256 = Some(packed.text()?.into());
    }
    if has(Has::MaskSha256) {
        row.mask_sha256 = Some(packed.text()?.into());
    }
    Some(row)
}

/// The sample of a packed row.
fn sample(packed: &[u8]) -> &str {
    let mut packed = Unpacker(packed);
    let sample = packed.number().and_then(|_bits| packed.text());
    sample.unwrap_or_default()
}

#[derive(Default)]
struct Packer(Vec<u8>);

impl Packer {
    /// Seven bits a byte, the lowest first; the highest bit says that more follow.
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    fn floats(&mut self, numbers: &[f32]) {
        let bytes = numbers.iter().flat_map(|n| n.to_le_bytes());
        self.0.extend(bytes);
    }
}

struct Unpacker<'a>(&'a [u8]);

impl<'a> Unpacker<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = self.number()?;
        let bytes = self.bytes(usize::try_from(length).ok()?)?;
        std::str::from_utf8(bytes).ok()
    }

    fn path(&mut self) -> Option<RelativePath> {
        self.text().map(RelativePath::checked)
    }

    fn shared<'p>(&mut self, pool: &'p Pool) -> Option<&'p str> {
        let number = self.number()?;
        Some(pool.text(u32::try_from(number).ok()?))
    }

    fn floats(&mut self) -> Option<[f32; 4]> {
        let mut numbers = [0.0; 4];
        for number in &mut numbers {
            let bytes = self.bytes(size_of::<f32>())?;
            *number = f32::from_le_bytes(bytes.try_into().ok()?);
        }
        Some(numbers)
    }
}

#[cfg(test)]
mod tests {
    use proptest::option::of;
    use proptest::prelude::*;

    use super::*;

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
