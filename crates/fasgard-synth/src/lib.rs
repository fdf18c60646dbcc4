//! Rendered live faces and their re-capture as presentation attacks, with exact masks and depth.
