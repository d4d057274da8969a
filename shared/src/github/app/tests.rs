//! The JWT against OpenSSL's signature, keys in both forms, and how long a token is kept. The keys were made for these tests
//! (`openssl genrsa -traditional 2048`, `openssl pkcs8 -topk8 -nocrypt`) and open nothing.

use super::*;
use std::cell::Cell;
use std::rc::Rc;

const PKCS1: &str = include_str!("test-key-pkcs1.pem");
const PKCS8: &str = include_str!("test-key-pkcs8.pem");

fn key(pem: &str) -> PrivateKey {
    PrivateKey(pem.to_owned())
}

fn now() -> Timestamp {
    Timestamp::from_millis(1_795_470_000_000)
}

fn signed(pem: &str) -> String {
    match jwt(12, &key(pem), now()) {
        Ok(Token(text)) => text,
        Err(fault) => panic!("{fault}"),
    }
}

fn decoded(part: &str) -> String {
    String::from_utf8(base64_simd::URL_SAFE_NO_PAD.decode_to_vec(part).unwrap()).unwrap()
}

#[test]
fn the_claims_are_backdated_by_a_minute_and_live_for_ten_in_all() {
    let jwt = signed(PKCS8);
    let parts: Vec<&str> = jwt.split('.').collect();
    assert_eq!(parts.len(), 3);
    insta::assert_snapshot!(decoded(parts[0]), @r#"{"alg":"RS256","typ":"JWT"}"#);
    insta::assert_snapshot!(decoded(parts[1]), @r#"{"exp":1795470540,"iat":1795469940,"iss":"12"}"#);
}

#[test]
fn the_signature_is_the_one_that_openssl_makes() {
    // openssl dgst -sha256 -sign test-key-pkcs1.pem, base64url; RSASSA-PKCS1-v1_5 is deterministic.
    insta::assert_snapshot!(signed(PKCS1).rsplit('.').next().unwrap(), @"LJ-uqGhk9B1hBurlf-QgEoYWIbzuDxyP6I1XKLE3CCgBBM8LWhp4cP_itsioBFVNEjD08GFWQDYXiwWDJU8YW9n-UZdmDYldIreFtk3_krCWdoRO1lGW9oqSGl-KQFBhjYlUmTQ2xZcQwFChhu9AEsJcgyiLymre61Z5qVmF4u_as2vUENLNTW2A8xPcRb8RxDo4PgKpDum-GFRPhm_GpdkNshlUa29-q_MGWzohPkAu6n7YIWq_1f0Xj9SVVO_ljaS_xi3RDfBNdveLcdNy-dJ9Uw8jku3HsGEkm4d7PnTNvIH_pRdraBP6IHBoyW7G0E_x0TdueAYeB8UHnR1SKw");
}

#[test]
fn both_forms_of_a_key_sign_the_same() {
    assert_eq!(signed(PKCS1), signed(PKCS8));
}

#[test]
fn what_is_no_rsa_key_is_refused_without_being_repeated() {
    let refused =
        |pem: &str| jwt(12, &key(pem), now()).err().map(|fault| fault.to_string()).unwrap_or_default();
    insta::assert_snapshot!(refused("planted-key"), @"GitHub refused `sign as the App`: the App's private key is no PEM (`-----BEGIN RSA PRIVATE KEY-----`)");
    insta::assert_snapshot!(refused("-----BEGIN PRIVATE KEY-----\ncGxhbnRlZA==\n-----END PRIVATE KEY-----\n"), @"GitHub refused `sign as the App`: the App's private key cannot be read");
}

/// Counts how often the key was asked for.
struct Keys(Rc<Cell<u32>>);

impl KeySource for Keys {
    async fn private_key(&self) -> Result<PrivateKey, Fault> {
        self.0.set(self.0.get() + 1);
        Ok(key("planted-key"))
    }
}

#[tokio::test]
async fn a_token_is_kept_until_five_minutes_before_its_end() {
    let asked = Rc::new(Cell::new(0));
    // TLS to a port where nobody listens: the key is asked for first, and nothing can be exchanged.
    let tokens = AppTokens::new("https://192.0.2.1".to_owned(), 12, 34, Keys(asked.clone()), now);
    let keep = |minutes: i64| {
        *locked(&tokens.kept) = Some((Token("kept".to_owned()), now().plus(minutes * MINUTE + 1)));
    };
    keep(5);
    assert!(tokens.token().await.is_ok_and(|token| token.is_some_and(|Token(text)| text == "kept")));
    assert_eq!(asked.get(), 0);
    keep(4);
    assert!(tokens.token().await.is_err(), "it is renewed, with a key that is none");
    assert_eq!(asked.get(), 1);
    keep(60);
    tokens.forget();
    assert!(tokens.token().await.is_err());
    assert_eq!(asked.get(), 2);
}

#[tokio::test]
async fn over_plain_http_no_key_is_read_and_nothing_is_signed() {
    let asked = Rc::new(Cell::new(0));
    let tokens = AppTokens::new("http://192.0.2.1".to_owned(), 12, 34, Keys(asked.clone()), now);
    let github = GitHub::new("http://[::1]:9".to_owned(), tokens);
    assert!(github.look_up("list check runs", "/").await.is_err());
    assert_eq!(asked.get(), 0);
}
