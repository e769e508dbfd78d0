//! Which certificate a client is shown: by the name it asks for, and changed while the server runs.

use super::error::ConfigError;
use super::host;
use parking_lot::RwLock;
use rustls::pki_types::ServerName;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use tokio_rustls::rustls;

/// The certificates of a server.
pub(super) struct Certificates(RwLock<ByName<Arc<CertifiedKey>>>);

/// Something for each name, and for all others.
#[derive(Debug)]
struct ByName<T> {
    others: T,
    /// By name in lower case; `*.` in front stands for any one label.
    named: HashMap<String, T>,
}

impl<T> ByName<T> {
    /// What there is for this name; for none, what there is for others.
    fn choose(&self, name: Option<&str>) -> &T {
        let named = name.and_then(|name| {
            let name = name.to_ascii_lowercase();
            self.named.get(&name).or_else(|| {
                let (_, parent) = name.split_once('.')?;
                self.named.get(&format!("*.{parent}"))
            })
        });
        named.unwrap_or(&self.others)
    }
}

impl Certificates {
    pub(super) fn new(others: Arc<CertifiedKey>) -> Self {
        Self(RwLock::new(ByName { others, named: HashMap::new() }))
    }

    pub(super) fn set(&self, others: Arc<CertifiedKey>) {
        self.0.write().others = others;
    }

    pub(super) fn set_for(&self, name: &str, identity: Arc<CertifiedKey>) -> Result<(), ConfigError> {
        let key = key(name).ok_or_else(|| ConfigError::BadName { name: name.to_owned() })?;
        self.0.write().named.insert(key, identity);
        Ok(())
    }
}

/// A name as clients ask for it. They never ask for addresses.
fn key(name: &str) -> Option<String> {
    let (any, rest) = name.strip_prefix("*.").map_or(("", name), |rest| ("*.", rest));
    match host::server_name(rest).ok()? {
        ServerName::DnsName(name) => Some(format!("{any}{}", name.as_ref().to_ascii_lowercase())),
        _ => None,
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(self.0.read().choose(hello.server_name())))
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = self.0.read();
        let mut names: Vec<&String> = table.named.keys().collect();
        names.sort();
        f.debug_struct("Certificates").field("names", &names).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_before_a_wildcard_and_a_wildcard_before_the_rest() {
        let named = [("a.example", 1), ("*.example", 2)].map(|(name, it)| (name.to_owned(), it)).into();
        let table = ByName { others: 0, named };
        let choose = |name| *table.choose(name);
        assert_eq!(choose(Some("A.example")), 1);
        assert_eq!(choose(Some("b.example")), 2);
        assert_eq!([choose(Some("c.b.example")), choose(Some("example")), choose(None)], [0, 0, 0]);
    }

    #[test]
    fn addresses_and_nonsense_are_no_names_to_ask_for() {
        assert_eq!(key("*.Example.ORG").as_deref(), Some("*.example.org"));
        assert_eq!([key("192.0.2.1"), key("a b"), key(""), key("*.")], [const { None }; 4]);
    }
}
