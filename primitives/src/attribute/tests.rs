//! Attributes through layers: overriding, passing through, failing, listing.

use super::{Attribute, AttributeError, Attributes, AttributesExt, Demand};
use std::io;

struct Address;
impl Attribute for Address {
    type Value = u16;
    const NAME: &'static str = "address";
}

struct Cipher;
impl Attribute for Cipher {
    type Value = String;
    const NAME: &'static str = "cipher";
}

struct Owner;
impl Attribute for Owner {
    type Value = u32;
    const NAME: &'static str = "owner";
}

struct Socket;
impl Attributes for Socket {
    fn provide(&self, demand: &mut Demand<'_>) {
        demand.give::<Address>(|| 80).try_give::<Owner, _>(|| Err(io::Error::other("the socket is gone")));
    }
}

struct Tls<S> {
    inner: S,
    address: Option<u16>,
}
impl<S: Attributes> Attributes for Tls<S> {
    fn provide(&self, demand: &mut Demand<'_>) {
        demand.give::<Cipher>(|| "aes".to_owned()).give_some::<Address>(|| self.address);
        self.inner.provide(demand);
    }
}

#[test]
fn a_wrapper_adds_overrides_and_passes_through() {
    let plain = Tls { inner: Socket, address: None };
    assert_eq!(
        (plain.attribute::<Address>(), plain.attribute::<Cipher>().as_deref()),
        (Some(80), Some("aes"))
    );
    let moved = Tls { inner: Socket, address: Some(443) };
    assert_eq!(moved.attribute::<Address>(), Some(443));
}

#[test]
fn what_cannot_be_told_is_not_taken_for_what_is_missing() {
    let failed = Tls { inner: Socket, address: None }.require::<Owner>().unwrap_err();
    assert!(matches!(failed, AttributeError::Failed { name: "owner", .. }), "{failed}");
    assert!(failed.to_string().contains("the socket is gone"), "{failed}");
    let missing = Socket.require::<Cipher>().unwrap_err();
    assert!(matches!(missing, AttributeError::Missing { name: "cipher" }), "{missing}");
    assert_eq!(Socket.attribute::<Cipher>(), None);
}

#[test]
fn a_list_has_each_attribute_once_and_the_outermost_value() {
    let stream: Box<dyn Attributes> = Box::new(Tls { inner: Socket, address: Some(443) });
    let listed = stream.list_attributes();
    let texts: Vec<_> = listed.iter().map(|one| (one.name, one.value.as_deref())).collect();
    let gone = "the socket is gone".to_owned();
    assert_eq!(texts, [("cipher", Ok("\"aes\"")), ("address", Ok("443")), ("owner", Err(&gone))]);
}

#[test]
fn a_value_is_made_only_for_who_wants_it() {
    struct Costly;
    impl Attributes for Costly {
        fn provide(&self, demand: &mut Demand<'_>) {
            demand.give::<Address>(|| panic!("nobody asked")).give::<Cipher>(|| "aes".to_owned());
        }
    }
    assert_eq!(Costly.attribute::<Cipher>().as_deref(), Some("aes"));
}
