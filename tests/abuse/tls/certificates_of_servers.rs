//! Servers whose certificate a client must not accept: what the client reads, and what the server hears.

use super::{HOST, problem, refusal, revoking, shaken, whole};
use crate::certificates::{Authority, Pair, params, server};
use arbour::transports::tls::{CertificateProblem, ClientConfigBuilder, Refusal};
use rcgen::{BasicConstraints, ExtendedKeyUsagePurpose, IsCa, KeyPair, SerialNumber};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// What is wrong for a client, and what its server hears of it.
async fn refused(client: ClientConfigBuilder, pair: &Pair) -> (CertificateProblem, Refusal) {
    let (client, server) = shaken(&client.build().unwrap(), &server(pair).build().unwrap()).await;
    (problem(&client).clone(), refusal(&server.unwrap_err()))
}

/// A certificate that nobody else vouches for.
fn self_signed(is_ca: bool) -> Pair {
    let (mut params, key) = (params(&[HOST]), KeyPair::generate().unwrap());
    if is_ca {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    let certificate = params.self_signed(&key).unwrap();
    Pair { certificate: certificate.pem(), key: key.serialize_pem() }
}

/// A certificate with this number.
fn numbered(authority: &Authority, number: u64) -> Pair {
    authority.issue_with(&[HOST], |params| params.serial_number = Some(SerialNumber::from(number)))
}

#[arbour::test]
async fn an_expired_one_is_told_with_both_times() {
    let authority = Authority::new("authority");
    let (from, until) = (whole(-10), whole(-1));
    let pair = authority.issue_with(&[HOST], |params| {
        (params.not_before, params.not_after) = (from.into(), until.into());
    });
    let (problem, heard) = refused(authority.client(), &pair).await;
    let CertificateProblem::Expired { not_after, now } = problem else { panic!("{problem}") };
    assert_eq!(not_after, until);
    assert!(now.duration_since(not_after).unwrap() >= DAY);
    assert_eq!(heard, Refusal::Expired);
    assert!(problem.to_string().starts_with("it expired on 2"), "{problem}");
}

#[arbour::test]
async fn one_that_is_not_yet_valid_is_told_with_both_times() {
    let authority = Authority::new("authority");
    let (from, until) = (whole(2), whole(10));
    let pair = authority.issue_with(&[HOST], |params| {
        (params.not_before, params.not_after) = (from.into(), until.into());
    });
    let (problem, heard) = refused(authority.client(), &pair).await;
    let CertificateProblem::NotYetValid { not_before, now } = problem else { panic!("{problem}") };
    assert_eq!(not_before, from);
    assert!(not_before.duration_since(now).unwrap() >= DAY);
    assert_eq!(heard, Refusal::Expired, "TLS has one word for both");
}

#[arbour::test]
async fn one_for_another_host_is_told_with_all_names() {
    let authority = Authority::new("authority");
    let pair = authority.issue(&["one.example", "*.two.example", "192.0.2.1"]);
    let (problem, heard) = refused(authority.client(), &pair).await;
    assert_eq!(
        problem.to_string(),
        "it is for one.example, *.two.example, 192.0.2.1, and not for server.example"
    );
    assert_eq!(heard, Refusal::Bad);
}

#[arbour::test]
async fn one_of_an_unknown_authority_is_refused() {
    let pair = Authority::new("stranger").issue(&[HOST]);
    let told = refused(Authority::new("authority").client(), &pair).await;
    assert_eq!(told, (CertificateProblem::UnknownIssuer, Refusal::UnknownIssuer));
}

#[arbour::test]
async fn a_self_signed_one_is_called_so() {
    for is_ca in [false, true] {
        let (problem, _) = refused(Authority::new("authority").client(), &self_signed(is_ca)).await;
        assert_eq!(problem, CertificateProblem::SelfSigned, "marked as an authority: {is_ca}");
    }
}

#[arbour::test]
async fn a_self_signed_one_that_is_itself_a_root_is_accepted() {
    let pair = self_signed(false);
    let client =
        arbour::transports::tls::ClientConfig::builder().root_pem(&pair.certificate).build().unwrap();
    let (client, server) = shaken(&client, &server(&pair).build().unwrap()).await;
    client.unwrap();
    server.unwrap();
}

/// The first recipe for a certificate that comes along makes one of these.
#[arbour::test]
async fn that_of_an_authority_is_not_a_servers_own_root_or_not() {
    let pair = self_signed(true);
    let (problem, heard) =
        refused(arbour::transports::tls::ClientConfig::builder().root_pem(&pair.certificate), &pair).await;
    assert_eq!((&problem, heard), (&CertificateProblem::Authority, Refusal::Bad));
    assert!(problem.to_string().starts_with("it is the certificate of an authority"), "{problem}");

    let authority = Authority::new("authority");
    let lesser = authority.issue_with(&[HOST], |params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    });
    let told = refused(authority.client(), &lesser).await;
    assert_eq!(told, (CertificateProblem::Authority, Refusal::Bad));
}

#[arbour::test]
async fn one_of_an_authority_with_a_stolen_name_has_a_wrong_signature() {
    let pair = Authority::new("authority").issue(&[HOST]);
    let told = refused(Authority::new("authority").client(), &pair).await;
    assert_eq!(told, (CertificateProblem::BadSignature, Refusal::BadSignature));
}

#[arbour::test]
async fn one_for_clients_is_not_one_for_servers() {
    let authority = Authority::new("authority");
    let pair = authority.issue_with(&[HOST], |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    let told = refused(authority.client(), &pair).await;
    assert_eq!(told, (CertificateProblem::WrongPurpose, Refusal::Unsupported));
}

#[arbour::test]
async fn a_revoked_one_is_refused_by_who_has_the_list() {
    let authority = Authority::new("authority");
    let (revoked, good) = (numbered(&authority, 7), numbered(&authority, 8));
    let list = revoking(&authority, &[7], whole(1));
    let told = refused(authority.client().revocation_list_pem(&list), &revoked).await;
    assert_eq!(told, (CertificateProblem::Revoked, Refusal::Revoked));

    let client = authority.client().revocation_list_pem(&list).build().unwrap();
    let (client, _server) = shaken(&client, &server(&good).build().unwrap()).await;
    client.unwrap();
}

#[arbour::test]
async fn a_revoked_one_is_accepted_by_who_has_no_list() {
    let authority = Authority::new("authority");
    let revoked = numbered(&authority, 7);
    let (client, _server) =
        shaken(&authority.client().build().unwrap(), &server(&revoked).build().unwrap()).await;
    client.unwrap();
}

#[arbour::test]
async fn with_the_list_of_another_authority_nothing_is_known_and_nothing_accepted() {
    let (authority, other) = (Authority::new("authority"), Authority::new("other"));
    let client = authority.client().revocation_list_pem(revoking(&other, &[7], whole(1)));
    let told = refused(client, &numbered(&authority, 8)).await;
    assert_eq!(told, (CertificateProblem::RevocationUnknown, Refusal::UnknownIssuer));
}

/// Since then it may have been revoked.
#[arbour::test]
async fn with_a_list_that_is_out_of_date_nothing_is_known_and_nothing_accepted() {
    let authority = Authority::new("authority");
    let client = authority.client().revocation_list_pem(revoking(&authority, &[7], whole(-1)));
    let (problem, _) = refused(client, &numbered(&authority, 8)).await;
    assert_eq!(problem, CertificateProblem::RevocationUnknown);
}
