//! Pages of a list and the `link` header that leads through them.
//!
//! Specification: <https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api>

use axum::extract::FromRequestParts;
use axum::http::HeaderValue;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use std::collections::BTreeMap;
use std::convert::Infallible;

/// Entries on a page that nobody asked for.
const DEFAULT_SIZE: usize = 30;
/// Most entries on a page.
const MAX_SIZE: usize = 100;

/// The part of a list that is asked for.
pub(super) struct Page {
    path: String,
    query: BTreeMap<String, String>,
    size: usize,
    number: usize,
}

impl<S: Sync> FromRequestParts<S> for Page {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let query: BTreeMap<String, String> =
            axum::extract::Query::try_from_uri(&parts.uri).map(|query| query.0).unwrap_or_default();
        let number = |name: &str| query.get(name).and_then(|text| text.parse::<usize>().ok());
        let size = number("per_page").unwrap_or(DEFAULT_SIZE).clamp(1, MAX_SIZE);
        let number = number("page").unwrap_or(1).max(1);
        Ok(Self { path: parts.uri.path().to_owned(), query, size, number })
    }
}

impl Page {
    /// A parameter of the query.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// Whether a page was asked for at all.
    pub(super) fn is_asked_for(&self) -> bool {
        self.query.contains_key("per_page") || self.query.contains_key("page")
    }

    /// Whether it is the first one.
    pub(super) fn is_first(&self) -> bool {
        self.number == 1
    }

    /// The entries on it.
    pub(super) fn of<T>(&self, items: Vec<T>) -> Vec<T> {
        let before = self.size.saturating_mul(self.number - 1);
        items.into_iter().skip(before).take(self.size).collect()
    }

    /// `body` with the links to the neighbours among `total` entries.
    pub(super) fn answer(&self, base: &str, total: usize, body: Value) -> Response {
        let last = total.div_ceil(self.size).max(1);
        let mut links = Vec::new();
        if self.number > 1 {
            links.push(self.link(base, self.number - 1, "prev"));
        }
        if self.number < last {
            links.push(self.link(base, self.number + 1, "next"));
            links.push(self.link(base, last, "last"));
        }
        if self.number > 1 {
            links.push(self.link(base, 1, "first"));
        }
        let mut answer = axum::Json(body).into_response();
        if let Ok(value) = HeaderValue::from_str(&links.join(", "))
            && !links.is_empty()
        {
            answer.headers_mut().insert("link", value);
        }
        answer
    }

    fn link(&self, base: &str, number: usize, relation: &str) -> String {
        let mut query = self.query.clone();
        query.insert("page".to_owned(), number.to_string());
        query.insert("per_page".to_owned(), self.size.to_string());
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        format!("<{base}{}?{query}>; rel=\"{relation}\"", self.path)
    }
}
