//! Layers, backbones, heads, the supervision pyramid and its losses.
