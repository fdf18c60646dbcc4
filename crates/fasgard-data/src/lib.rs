//! Dataset layouts, manifest, preparation and the batch loader of PAD training.
