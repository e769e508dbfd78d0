//! Attributes through any layers of wrappers, beside a model that is a list.

use super::bytes::Choices;
use arbour_primitives::attribute::{Attribute, AttributeError, Attributes, AttributesExt, Demand};

/// Four keys, told apart by a number.
struct Key<const N: usize>;

const NAMES: [&str; 4] = ["first", "second", "third", "fourth"];

impl<const N: usize> Attribute for Key<N> {
    type Value = u8;
    const NAME: &'static str = NAMES[N];
}

/// What a layer says of one key.
#[derive(Debug, Clone, Copy)]
enum Says {
    Nothing,
    Value(u8),
    Fails,
}

struct Layer {
    says: [Says; 4],
    inner: Option<Box<Self>>,
}

impl Layer {
    fn say<const N: usize>(&self, demand: &mut Demand<'_>) {
        match self.says[N] {
            Says::Nothing => demand.give_some::<Key<N>>(|| None),
            Says::Value(value) => demand.give::<Key<N>>(|| value),
            Says::Fails => demand.try_give::<Key<N>, _>(|| Err("as told")),
        };
    }
}

impl Attributes for Layer {
    fn provide(&self, demand: &mut Demand<'_>) {
        self.say::<0>(demand);
        self.say::<1>(demand);
        self.say::<2>(demand);
        self.say::<3>(demand);
        if let Some(inner) = &self.inner {
            inner.provide(demand);
        }
    }
}

pub(super) fn run(data: &[u8]) {
    let mut choices = Choices(data);
    let mut layers: Vec<[Says; 4]> = Vec::new();
    while !choices.0.is_empty() && layers.len() < 32 {
        layers.push(std::array::from_fn(|_| match choices.byte() {
            byte if byte % 4 == 0 => Says::Value(byte),
            byte if byte % 4 == 1 => Says::Fails,
            _ => Says::Nothing,
        }));
    }
    let wrap = |inner: Option<Box<Layer>>, says: &[Says; 4]| Some(Box::new(Layer { says: *says, inner }));
    let Some(outermost) = layers.iter().rev().fold(None, wrap) else { return };
    check::<0>(&outermost, &layers);
    check::<1>(&outermost, &layers);
    check::<2>(&outermost, &layers);
    check::<3>(&outermost, &layers);

    let found = |key: usize| layers.iter().any(|says| !matches!(says[key], Says::Nothing));
    let listed = outermost.list_attributes();
    assert_eq!(listed.len(), (0..4).filter(|key| found(*key)).count());
    for line in listed {
        let key = NAMES.iter().position(|name| *name == line.name).unwrap();
        let expected = match first(&layers, key) {
            Says::Value(value) => Ok(value.to_string()),
            _ => Err("as told".to_owned()),
        };
        assert_eq!(line.value, expected, "{}", line.name);
    }
}

/// What the outermost layer that says anything says.
fn first(layers: &[[Says; 4]], key: usize) -> Says {
    layers.iter().map(|says| says[key]).find(|says| !matches!(says, Says::Nothing)).unwrap_or(Says::Nothing)
}

fn check<const N: usize>(outermost: &Layer, layers: &[[Says; 4]]) {
    let (asked, expected) = (outermost.require::<Key<N>>(), first(layers, N));
    let alike = match (&asked, expected) {
        (Ok(value), Says::Value(expected)) => *value == expected,
        (Err(AttributeError::Missing { name }), Says::Nothing) => *name == NAMES[N],
        (Err(AttributeError::Failed { name, .. }), Says::Fails) => *name == NAMES[N],
        _ => false,
    };
    assert!(alike, "{asked:?} instead of {expected:?}");
    assert_eq!(outermost.attribute::<Key<N>>(), asked.ok());
}
