//! One bounded call: time limit, size limit, token only where it belongs, redirects only where they are expected. What is written goes
//! through [`super::write`].

use crate::errors::Fault;
use crate::github::answer::{Answer, SERVICE};
use crate::github::trees::Tree;
use crate::model::CommitSha;
use crate::source::ports::{Token, TokenSource};
use crate::source::pulls::Pull;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, IF_NONE_MATCH, LOCATION, USER_AGENT};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest wait for an API answer.
const API_TIMEOUT: Duration = Duration::from_secs(15);
/// Largest API answer, in bytes: a comparison with 300 files and their patches has a few megabytes.
const API_LIMIT: usize = 32 << 20;
/// Longest wait for an archive; the function has 5 minutes.
const ARCHIVE_TIMEOUT: Duration = Duration::from_secs(120);
/// Largest archive, in bytes: it is held in memory twice.
const ARCHIVE_LIMIT: usize = 100 << 20;
/// Most redirects on the way to an archive; GitHub uses one.
const MAX_REDIRECTS: usize = 3;
/// The host that GitHub serves archives from.
const ARCHIVE_HOST: &str = "codeload.github.com";
/// Pause between two writes (GitHub's advice).
/// <https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#pause-between-mutative-requests>
const PAUSE: Duration = Duration::from_secs(1);
/// The API version that the answers are read as.
const API_VERSION: &str = "2022-11-28";

type Http = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// A client of one GitHub (github.com or an Enterprise Server).
pub struct GitHub<T> {
    base: String,
    tokens: T,
    /// Built at the first call: reading the roots is dear, and a source that has nothing to do makes none.
    http: OnceLock<Http>,
    /// Path of a branch → the validator and head of the last answer; an unchanged head costs no rate limit.
    pub(super) heads: Mutex<BTreeMap<String, (String, CommitSha)>>,
    /// Path of a pull request → the validator of the last answer, and what it said.
    pub(super) pulls: Mutex<BTreeMap<String, (String, Pull)>>,
    /// Repositories whose name was seen to belong to the id.
    pub(super) verified: Mutex<BTreeSet<(u64, String)>>,
    /// Folders by their object id.
    pub(super) trees: Mutex<BTreeMap<String, Arc<Tree>>>,
    /// When the last write began.
    pub(super) wrote: Mutex<Option<tokio::time::Instant>>,
}

/// Checks the API's address: `https://api.github.com`, `https://<host>/api/v3`, or plain HTTP (then without a token).
///
/// # Errors
/// In words for whoever set it.
pub fn check_api_url(text: &str) -> Result<String, &'static str> {
    let uri: Uri = text.parse().map_err(|_| "this is no URL")?;
    let known = matches!(uri.scheme_str(), Some("https" | "http"));
    if !known || uri.authority().is_none() || uri.query().is_some() {
        return Err("this is no `https://` URL of a GitHub API");
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// What is asked.
pub(super) struct Call<'a> {
    /// Name in faults.
    pub(super) operation: &'static str,
    pub(super) method: Method,
    /// JSON.
    pub(super) body: Option<String>,
    /// Validator of an answer that is still at hand.
    pub(super) known: Option<&'a str>,
}

impl Call<'_> {
    fn get(operation: &'static str) -> Self {
        Self { operation, method: Method::GET, body: None, known: None }
    }
}

/// How long to wait for an answer, and how much of it to take.
#[derive(Clone, Copy)]
struct Bounds {
    timeout: Duration,
    limit: usize,
}

impl<T: TokenSource> GitHub<T> {
    /// A client of the API at `base` (see [`check_api_url`]).
    #[must_use]
    pub fn new(base: String, tokens: T) -> Self {
        Self {
            base,
            tokens,
            http: OnceLock::new(),
            heads: Mutex::default(),
            pulls: Mutex::default(),
            verified: Mutex::default(),
            trees: Mutex::default(),
            wrote: Mutex::default(),
        }
    }

    fn http(&self) -> Result<&Http, Fault> {
        if let Some(http) = self.http.get() {
            return Ok(http);
        }
        let https = crate::https::connector(false, CONNECT_TIMEOUT)
            .map_err(|error| denied("set up TLS", error.to_string()))?;
        Ok(self.http.get_or_init(|| Client::builder(TokioExecutor::new()).build(https)))
    }

    /// Asks for `path` (beginning with `/`); `known` is the validator of an answer that is still at hand.
    pub(super) async fn get(
        &self,
        operation: &'static str,
        path: &str,
        known: Option<&str>,
    ) -> Result<Answer, Fault> {
        self.ask(Call { known, ..Call::get(operation) }, path).await
    }

    /// Makes `call` on `path` (beginning with `/`).
    pub(super) async fn ask(&self, call: Call<'_>, path: &str) -> Result<Answer, Fault> {
        let uri = parse(call.operation, &format!("{}{path}", self.base))?;
        let bounds = Bounds { timeout: API_TIMEOUT, limit: API_LIMIT };
        self.bounded(call, &uri, bounds).await
    }

    /// Waits until a second after the last write; the caller writes now.
    pub(super) async fn pace(&self) {
        let before = *locked(&self.wrote);
        if let Some(before) = before {
            tokio::time::sleep_until(before + PAUSE).await;
        }
        *locked(&self.wrote) = Some(tokio::time::Instant::now());
    }

    /// Fetches an archive, through GitHub's redirect.
    pub(super) async fn download(&self, operation: &'static str, path: &str) -> Result<Vec<u8>, Fault> {
        let mut uri = parse(operation, &format!("{}{path}", self.base))?;
        let bounds = Bounds { timeout: ARCHIVE_TIMEOUT, limit: ARCHIVE_LIMIT };
        for _ in 0..=MAX_REDIRECTS {
            let answer = self.bounded(Call::get(operation), &uri, bounds).await?;
            if !answer.status.is_redirection() {
                return answer.success(operation).map(|answer| answer.body);
            }
            let to = answer.header(LOCATION.as_str()).unwrap_or_default();
            uri = parse(operation, to)?;
            if !self.may_follow(&uri) {
                let host = uri.host().unwrap_or("nowhere");
                return Err(denied(
                    operation,
                    format!("it points to `{host}`, only its own host and `{ARCHIVE_HOST}` are followed"),
                ));
            }
        }
        Err(denied(operation, format!("more than {MAX_REDIRECTS} redirects")))
    }

    async fn bounded(&self, call: Call<'_>, uri: &Uri, bounds: Bounds) -> Result<Answer, Fault> {
        let operation = call.operation;
        let token = if self.gets_token(uri) { self.tokens.token().await? } else { None };
        let request = request(call, uri, token.as_ref())?;
        let http = self.http()?;
        let exchange = async {
            let response = http
                .request(request)
                .await
                .map_err(|error| transient(operation, crate::errors::chain(&error)))?;
            read(operation, response, bounds.limit).await
        };
        let answer = tokio::time::timeout(bounds.timeout, exchange).await.map_err(|_| {
            transient(operation, format!("no answer within {} s", bounds.timeout.as_secs()))
        })??;
        if answer.status == StatusCode::UNAUTHORIZED {
            self.tokens.forget();
        }
        Ok(answer)
    }

    fn is_own(&self, uri: &Uri) -> bool {
        self.base
            .parse::<Uri>()
            .is_ok_and(|base| base.scheme() == uri.scheme() && base.authority() == uri.authority())
    }

    /// The token goes to the API's own host only, and only under TLS.
    fn gets_token(&self, uri: &Uri) -> bool {
        self.is_own(uri) && uri.scheme_str() == Some("https")
    }

    fn may_follow(&self, uri: &Uri) -> bool {
        let archive_host = uri.scheme_str() == Some("https")
            && uri.authority().is_some_and(|authority| authority.as_str() == ARCHIVE_HOST);
        self.is_own(uri) || archive_host
    }
}

fn request(call: Call<'_>, uri: &Uri, token: Option<&Token>) -> Result<Request<Full<Bytes>>, Fault> {
    let Call { operation, method, body, known } = call;
    let mut builder = Request::builder()
        .method(method)
        .uri(uri)
        .header(USER_AGENT, "tidegate")
        .header(ACCEPT, "application/vnd.github+json")
        .header("x-github-api-version", API_VERSION);
    if let Some(Token(token)) = token {
        let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|_| denied(operation, "the token has characters that no header can carry".to_owned()))?;
        value.set_sensitive(true);
        builder = builder.header(AUTHORIZATION, value);
    }
    if let Some(validator) = known {
        builder = builder.header(IF_NONE_MATCH, validator);
    }
    if body.is_some() {
        builder = builder.header(CONTENT_TYPE, "application/json");
    }
    builder.body(Full::from(body.unwrap_or_default())).map_err(|error| denied(operation, error.to_string()))
}

async fn read(operation: &'static str, response: Response<Incoming>, limit: usize) -> Result<Answer, Fault> {
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, limit).collect().await.map_err(|error| {
        if error.is::<http_body_util::LengthLimitError>() {
            denied(operation, format!("the answer has more than {limit} bytes"))
        } else {
            transient(operation, crate::errors::chain(error.as_ref()))
        }
    })?;
    Ok(Answer { status: parts.status, headers: parts.headers, body: body.to_bytes().to_vec() })
}

fn parse(operation: &'static str, url: &str) -> Result<Uri, Fault> {
    let uri: Uri = url.parse().map_err(|_| denied(operation, "the address is no URL".to_owned()))?;
    if uri.authority().is_some() {
        Ok(uri)
    } else {
        Err(denied(operation, "the address names no host".to_owned()))
    }
}

pub(super) fn denied(operation: &'static str, detail: String) -> Fault {
    Fault::Denied { service: SERVICE, operation, detail }
}

pub(super) fn transient(operation: &'static str, detail: String) -> Fault {
    Fault::Transient { service: SERVICE, operation, detail }
}

/// The value behind a lock; a panic elsewhere does not spoil what is only a memory.
pub(super) fn locked<V>(mutex: &Mutex<V>) -> std::sync::MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct NoToken;

    impl TokenSource for NoToken {
        async fn token(&self) -> Result<Option<Token>, Fault> {
            Ok(None)
        }

        fn forget(&self) {}
    }

    fn uri(text: &str) -> Uri {
        text.parse().unwrap()
    }

    #[test]
    fn the_api_url_is_checked() {
        assert_eq!(check_api_url("https://api.github.com/").as_deref(), Ok("https://api.github.com"));
        assert!(check_api_url("http://192.0.2.1:17200").is_ok());
        insta::assert_snapshot!(check_api_url("ftp://x").unwrap_err(), @"this is no `https://` URL of a GitHub API");
        insta::assert_snapshot!(check_api_url("not a url").unwrap_err(), @"this is no URL");
        assert!(check_api_url("/relative").is_err());
    }

    #[test]
    fn the_token_goes_to_the_api_only_and_only_under_tls() {
        let github = GitHub::new("https://api.github.com".to_owned(), NoToken);
        assert!(github.gets_token(&uri("https://api.github.com/repos/a/b")));
        for other in [
            "http://api.github.com/",
            "https://codeload.github.com/",
            "https://api.github.com.evil.test/",
            "https://api.github.com:444/",
        ] {
            assert!(!github.gets_token(&uri(other)), "{other}");
        }
    }

    #[test]
    fn a_redirect_is_followed_to_the_archive_host_and_home_only() {
        let github = GitHub::new("https://api.github.com".to_owned(), NoToken);
        assert!(github.may_follow(&uri("https://codeload.github.com/a/b/legacy.zip/x")));
        assert!(github.may_follow(&uri("https://api.github.com/x")));
        for other in [
            "http://codeload.github.com/",
            "https://codeload.github.com.evil.test/",
            "https://169.254.169.254/",
            "https://user@codeload.github.com/",
        ] {
            assert!(!github.may_follow(&uri(other)), "{other}");
        }
    }
}
