//! Object streams.
