//! The services themselves, as far as one may ask them: `GET /_service/<service>/test/<path>` and `…/prod/<path>` are answered by whichever
//! version the listener routes to, with status, a small JSON document and the header `x-app-version`.
//!
//! Not imitated: what a service does. A version says by its label `tidegate.local/smoke` whether it answers 500 or takes a second.

use crate::control_plane::Stack;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Json, Router};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// What a slow version takes, in real time.
const SLOW: Duration = Duration::from_secs(1);

/// Routes of the services.
pub fn routes() -> Router<Arc<Stack>> {
    Router::new()
        .route("/_service/{service}/{route}", any(root))
        .route("/_service/{service}/{route}/", any(root))
        .route("/_service/{service}/{route}/{*path}", any(path))
}

async fn root(state: State<Arc<Stack>>, Path((service, route)): Path<(String, String)>) -> Response {
    answer(state, &service, &route).await
}

async fn path(
    state: State<Arc<Stack>>,
    Path((service, route, _)): Path<(String, String, String)>,
) -> Response {
    answer(state, &service, &route).await
}

/// A place in `0..100` for each request, spread evenly: ten requests at 10 % meet the new version once.
fn draw() -> f64 {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    f64::from(COUNT.fetch_add(1, Ordering::Relaxed).wrapping_mul(37) % 100)
}

async fn answer(State(stack): State<Arc<Stack>>, service: &str, route: &str) -> Response {
    let test = match route {
        "test" => true,
        "prod" => false,
        _ => return (StatusCode::NOT_FOUND, Json(json!({"error": "neither test nor prod"}))).into_response(),
    };
    let Some(found) = stack.ecs.responder(service, test, draw()) else {
        return (StatusCode::NOT_FOUND, Json(json!({"error": "no such service behind a load balancer"})))
            .into_response();
    };
    let (status, word) = match (found.running, found.smoke.as_str()) {
        (false, _) => (StatusCode::SERVICE_UNAVAILABLE, "not running"),
        (true, "fail") => (StatusCode::INTERNAL_SERVER_ERROR, "error"),
        (true, _) => (StatusCode::OK, "ok"),
    };
    if found.smoke == "slow" {
        tokio::time::sleep(SLOW).await;
    }
    let body = json!({"status": word, "version": found.version, "service": service});
    (status, [("x-app-version", found.version)], Json(body)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_requests_are_spread_evenly() {
        let below = |weight: f64| (0..100).filter(|_| draw() < weight).count();
        assert_eq!(below(10.0), 10);
        assert_eq!(below(25.0), 25);
    }
}
