//! A row in few bytes, and back.

use fasgard_image::{Eyes, FaceBox};
use fasgard_metrics::Label;

use super::{ManifestRow, RelativePath};
use crate::packed::Pool;

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
pub(super) fn pack(row: &ManifestRow, shared: &mut Pool) -> Vec<u8> {
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
pub(super) fn unpack(packed: &[u8], shared: &Pool) -> Option<ManifestRow> {
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
pub(super) fn sample(packed: &[u8]) -> &str {
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
