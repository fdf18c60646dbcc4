//! Decoded images kept in memory, up to a number of bytes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use fasgard_image::RgbImage;

/// Keeps the first images that fit and evicts none: with more data than memory, a fixed part of the
/// samples stays fast, where a least-recently-used cache would miss on every sample of an epoch.
pub(super) struct Cache {
    slots: Vec<OnceLock<Arc<RgbImage>>>,
    used: AtomicU64,
    limit: u64,
}

impl Cache {
    /// A cache of `rows` images that holds at most `limit` bytes; 0 holds nothing.
    pub(super) fn new(rows: usize, limit: u64) -> Self {
        let rows = if limit == 0 { 0 } else { rows };
        Self {
            slots: std::iter::repeat_with(OnceLock::new).take(rows).collect(),
            used: AtomicU64::new(0),
            limit,
        }
    }

    /// The image of `row`, decoded by `decode` unless it is kept.
    pub(super) fn get<E>(
        &self,
        row: usize,
        decode: impl FnOnce() -> Result<RgbImage, E>,
    ) -> Result<Arc<RgbImage>, E> {
        let slot = self.slots.get(row);
        if let Some(image) = slot.and_then(OnceLock::get) {
            return Ok(Arc::clone(image));
        }
        let image = Arc::new(decode()?);
        if let Some(slot) = slot {
            let bytes = image.as_raw().len() as u64;
            let reserve = |used: u64| used.checked_add(bytes).filter(|&total| total <= self.limit);
            let order = Ordering::Relaxed;
            if self.used.fetch_update(order, order, reserve).is_ok()
                && slot.set(Arc::clone(&image)).is_err()
            {
                // Another thread kept the same image meanwhile.
                self.used.fetch_sub(bytes, order);
            }
        }
        Ok(image)
    }

    #[cfg(test)]
    pub(super) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_fits_and_decodes_the_rest_again() {
        let cache = Cache::new(3, 2 * 48 + 47);
        let image = || Ok::<_, ()>(RgbImage::new(4, 4));
        for row in 0..3 {
            cache.get(row, image).unwrap();
        }
        assert_eq!(cache.used(), 96);
        assert!(cache.get(0, || Err(())).is_ok());
        assert!(cache.get(2, || Err(())).is_err());
        assert!(Cache::new(3, 0).get(0, || Err(())).is_err());
    }
}
