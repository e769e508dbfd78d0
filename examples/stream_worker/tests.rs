//! Situations that concern several files.
