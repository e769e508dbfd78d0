//! Loom models of the scope tree.
