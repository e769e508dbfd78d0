//! Configurations that cannot work: told when they are built, not by the first connection.

use super::{HOST, revoking, whole};
use crate::certificates::{Authority, server};
use arbour::transports::tls::{ClientConfig, ConfigError, Identity, ServerConfig};

#[track_caller]
fn told<T: std::fmt::Debug>(built: Result<T, ConfigError>) -> String {
    built.unwrap_err().to_string()
}

#[test]
fn a_key_of_another_certificate() {
    let authority = Authority::new("authority");
    let (one, other) = (authority.issue(&[HOST]), authority.issue(&[HOST]));
    let mixed = || Identity::from_pem(&one.certificate, &other.key).unwrap();
    let built = ServerConfig::builder().identity(mixed()).build();
    assert!(matches!(built, Err(ConfigError::KeyMismatch)), "{built:?}");
    let built = authority.client().identity(mixed()).build();
    assert!(matches!(built, Err(ConfigError::KeyMismatch)), "{built:?}");
    let running = server(&one).build().unwrap();
    assert!(matches!(running.reload(mixed()), Err(ConfigError::KeyMismatch)));
}

#[test]
fn pem_that_is_none_or_has_nothing_in_it() {
    let pair = Authority::new("authority").issue(&[HOST]);
    let broken = pair.certificate.replace("-----END", "----END");
    assert!(
        told(Identity::from_pem(&broken, &pair.key)).starts_with("the PEM of a certificate cannot be read")
    );
    assert_eq!(told(Identity::from_pem("", &pair.key)), "there is no certificate in what was given as one");
    assert_eq!(
        told(Identity::from_pem(&pair.certificate, &pair.certificate)),
        "there is no private key in what was given as one"
    );
    let built = ClientConfig::builder().root_pem("not a certificate").build();
    assert_eq!(told(built), "there is no root certificate in what was given as one");
}

#[test]
fn der_that_is_none() {
    let none: [Vec<u8>; 0] = [];
    assert!(matches!(Identity::from_der(none, [1, 2, 3]), Err(ConfigError::Nothing { what: "certificate" })));
    let identity = Identity::from_der([vec![1, 2, 3]], [1, 2, 3]);
    assert!(matches!(identity, Err(ConfigError::UnknownKey)), "{identity:?}");
    let built = ClientConfig::builder().root_der([1, 2, 3]).build();
    assert!(told(built).starts_with("a root certificate cannot be used"));
    let authority = Authority::new("authority");
    let built = authority.client().revocation_list_der([1, 2, 3]).build();
    assert!(told(built).starts_with("a revocation list cannot be used"));
}

#[test]
fn what_is_missing_or_no_protocol() {
    assert!(matches!(ServerConfig::builder().build(), Err(ConfigError::NoIdentity)));
    let authority = Authority::new("authority");
    let pair = authority.issue(&[HOST]);
    let built = server(&pair).require_client_certificates().build();
    assert!(matches!(built, Err(ConfigError::NoClientRoots)));
    let built = server(&pair).client_root_pem(&authority.pem).build();
    assert!(matches!(built, Err(ConfigError::NobodyAsked)), "it would let everybody in");
    let built = server(&pair).revocation_list_pem(revoking(&authority, &[7], whole(1))).build();
    assert!(matches!(built, Err(ConfigError::NobodyAsked)));
    let running = server(&pair).build().unwrap();
    assert!(matches!(running.reload_client_roots_pem(&authority.pem), Err(ConfigError::NobodyAsked)));
    assert!(matches!(server(&pair).require_alpn().build(), Err(ConfigError::NoProtocols)));
    assert!(matches!(server(&pair).alpn([""]).build(), Err(ConfigError::BadProtocol { .. })));
    let long = "x".repeat(256);
    let built = authority.client().alpn(["h2", &long]).build();
    assert!(matches!(built, Err(ConfigError::BadProtocol { protocol }) if protocol == long));
    let built = server(&pair).identity_for("192.0.2.1", pair.identity()).build();
    assert!(matches!(built, Err(ConfigError::BadName { name }) if name == "192.0.2.1"));
}

#[test]
fn a_key_is_never_shown() {
    let pair = Authority::new("authority").issue(&[HOST]);
    let builder = server(&pair);
    let shown = format!("{builder:?}{:?}", pair.identity());
    assert!(shown.contains("Identity { certificates: 1, .. }") && !shown.contains("key"), "{shown}");
}
