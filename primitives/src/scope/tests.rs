//! Tests of the scopes, without a runtime.
