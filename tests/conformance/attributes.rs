//! Typed attributes: what is not told, and why.

use arbour::attribute::{Attribute, AttributeError, Attributes, AttributesExt, Demand};
use std::io;

struct Weight;

impl Attribute for Weight {
    type Value = u32;
    const NAME: &'static str = "weight";
}

/// Knows of the attribute, and fails to look at it.
struct Scales;

impl Attributes for Scales {
    fn provide(&self, demand: &mut Demand<'_>) {
        demand.try_give::<Weight, _>(|| Err(io::Error::from(io::ErrorKind::NotFound)));
    }
}

mod anyio_typedattr {
    use super::*;

    #[arbour::test]
    async fn typedattr_keyerror() {
        let failed = Scales.require::<Weight>().unwrap_err();
        assert!(matches!(failed, AttributeError::Failed { name: "weight", .. }), "{failed}");
        let missing = ().require::<Weight>().unwrap_err();
        assert!(matches!(missing, AttributeError::Missing { name: "weight" }), "{missing}");
    }
}
