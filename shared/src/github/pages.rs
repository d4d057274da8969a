//! Lists that come in pages.
//!
//! Must not: return a part of a list for the whole.
//! Specification: <https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api>

use crate::errors::Fault;
use crate::github::answer::SERVICE;
use crate::github::client::GitHub;
use crate::source::ports::TokenSource;
use serde::de::DeserializeOwned;

/// Most pages that are read of one list.
const MAX_PAGES: usize = 50;

impl<T: TokenSource> GitHub<T> {
    /// Every item of the list at `path`.
    pub(super) async fn every<V: DeserializeOwned>(
        &self,
        operation: &'static str,
        path: &str,
    ) -> Result<Vec<V>, Fault> {
        let more = if path.contains('?') { '&' } else { '?' };
        let mut all = Vec::new();
        for page in 1..=MAX_PAGES {
            let answer = self.get(operation, &format!("{path}{more}per_page=100&page={page}"), None).await?;
            let is_last = !answer.header("link").is_some_and(|link| link.contains("rel=\"next\""));
            all.extend(answer.json::<Vec<V>>(operation)?);
            if is_last {
                return Ok(all);
            }
        }
        let detail = format!("`{path}` has more than {MAX_PAGES} pages");
        Err(Fault::Unreadable { service: SERVICE, operation, detail })
    }
}
