//! The source function's edge: event → branches and pull requests to look at → what came of it, told to whoever asked.
//!
//! The queue gets a partial batch response: only what failed is delivered again, and after that lands in the
//! dead-letter queue. A poll that failed for a passing reason is healed by the next one. A person gets every outcome.
//! Must not: decide what is started; `shared::source::reconcile` does.

use crate::event::{Event, Message};
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::{Value, json};
use shared::errors::chain;
use shared::function::{OWN_TARGET, catch_panic, failed};
use shared::model::Timestamp;
use shared::source::choose;
use shared::source::message::{Reason, SourceRequest};
use shared::source::ports::{Ledger, Notices, RouteSource, Runners, SourceHost, SourceStore};
use shared::source::reconcile::{Outcome, Ports, SourceError, Start, reconcile, tell};
use shared::source::reference::Reference;
use shared::source::routes::{Route, Routes};
use std::collections::BTreeSet;

/// The source function's edge.
pub(crate) struct Handler<G, L, S, P, R, N> {
    ports: Ports<G, L, S, P>,
    routes: R,
    notices: N,
    clock: fn() -> Timestamp,
}

/// Why a branch was not looked after.
struct Failure {
    words: String,
    /// Waiting helps.
    transient: bool,
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Self { words: chain(&error), transient: error.is_transient() }
    }
}

/// One route and what came of looking at its branch.
struct Looked {
    route: Route,
    result: Result<Outcome, Failure>,
}

impl<G, L, S, P, R, N> Handler<G, L, S, P, R, N>
where
    G: SourceHost,
    L: Ledger,
    S: SourceStore,
    P: Runners,
    R: RouteSource,
    N: Notices,
{
    /// A handler over the outside world; `clock` is the local clock, for leases only.
    pub(crate) fn new(ports: Ports<G, L, S, P>, routes: R, notices: N, clock: fn() -> Timestamp) -> Self {
        Self { ports, routes, notices, clock }
    }

    /// Handles one invocation.
    ///
    /// # Errors
    /// When nobody could be told otherwise: an event of no known kind, routes that cannot be read by a poll or a person,
    /// a branch that failed for a reason that does not pass.
    pub(crate) async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
        match Event::read(&event.payload).map_err(|rejection| failed("Rejection", &rejection))? {
            Event::Batch(messages) => Ok(self.batch(messages).await),
            Event::Poll => self.poll().await,
            Event::Direct(request) => self.direct(&request).await,
        }
    }

    async fn batch(&self, messages: Vec<Message>) -> Value {
        let routes = self.routes().await;
        let mut failed = Vec::new();
        for Message { id, request } in messages {
            let handled = match (&routes, request) {
                (Ok(routes), Ok(request)) => match self.look_at_request(routes, &request).await {
                    Ok(looked) => looked.iter().all(|looked| looked.result.is_ok()),
                    Err(_) => false,
                },
                (Ok(_), Err(rejection)) => {
                    tracing::warn!(target: OWN_TARGET, message_id = id, "{rejection}");
                    false
                }
                (Err(_), _) => false,
            };
            if !handled {
                failed.push(json!({"itemIdentifier": id}));
            }
        }
        json!({"batchItemFailures": failed})
    }

    async fn poll(&self) -> Result<Value, Diagnostic> {
        let routes = self.routes().await.map_err(|failure| source_failure(failure.words))?;
        let (host, ledger) = (&self.ports.host, &self.ports.ledger);
        let mut looked = Vec::new();
        for entry in routes.entries() {
            looked.extend(self.look_at_each(choose::branches(host, &entry).await).await);
        }
        let ids: BTreeSet<u64> =
            routes.builds().iter().map(|entry| entry.repository().repository_id).collect();
        for id in ids {
            looked.extend(self.look_at_each(choose::builds(host, ledger, &routes, id).await).await);
        }
        report(&looked, true)
    }

    /// Looks at what the poll found; what could not be listed is one failure.
    async fn look_at_each(&self, found: Result<Vec<Route>, choose::Unlisted>) -> Vec<Looked> {
        let routes = match found {
            Ok(routes) => routes,
            Err((route, fault)) => {
                let result = Err(Failure::from(SourceError::Fault(fault)));
                log(&route, Reason::Poll, &result);
                return vec![Looked { route, result }];
            }
        };
        let mut looked = Vec::new();
        for route in routes {
            looked.push(self.look(route, Reason::Poll, None).await);
        }
        looked
    }

    async fn direct(&self, request: &SourceRequest) -> Result<Value, Diagnostic> {
        let routes = self.routes().await.map_err(|failure| source_failure(failure.words))?;
        let looked = self.look_at_request(&routes, request).await;
        report(&looked.map_err(|failure| source_failure(failure.words))?, false)
    }

    async fn routes(&self) -> Result<Routes, Failure> {
        let routes = match self.routes.routes_text().await {
            Ok(text) => Routes::parse(&text)
                .map_err(|rejection| Failure { words: rejection.to_string(), transient: false }),
            Err(fault) => Err(Failure { words: chain(&fault), transient: fault.is_transient() }),
        };
        routes.inspect_err(|failure| tracing::error!(target: OWN_TARGET, "{}", failure.words))
    }

    /// # Errors
    /// When it is not known what the request is about.
    async fn look_at_request(
        &self,
        routes: &Routes,
        request: &SourceRequest,
    ) -> Result<Vec<Looked>, Failure> {
        let (repository_id, delivery) = (request.repository_id, &request.delivery);
        let found = match choose::asked(&self.ports.host, routes, request).await {
            Ok(found) => found,
            Err(fault) => {
                let failure = Failure::from(SourceError::Fault(fault));
                tracing::warn!(target: OWN_TARGET, repository_id, delivery, "{}", failure.words);
                return Err(failure);
            }
        };
        if found.is_empty() {
            tracing::info!(target: OWN_TARGET, repository_id, delivery, "nothing to do, no route begins here");
        }
        let mut looked = Vec::new();
        for route in found {
            looked.push(self.look(route, request.reason, request.again.as_deref()).await);
        }
        Ok(looked)
    }

    async fn look(&self, route: Route, reason: Reason, again: Option<&str>) -> Looked {
        let result = match catch_panic(self.reconciled(&route, again)).await {
            Ok(result) => result.map_err(Failure::from),
            Err(words) => {
                Err(Failure { words: format!("the source function is broken: {words}"), transient: false })
            }
        };
        log(&route, reason, &result);
        if let (Reason::Poll, Ok(Outcome::Started(starts))) = (reason, &result) {
            starts.iter().filter(|start| start.moved).for_each(|start| log_missed(&route, start));
        }
        Looked { route, result }
    }

    async fn reconciled(&self, route: &Route, again: Option<&str>) -> Result<Outcome, SourceError> {
        let outcome = reconcile(&self.ports, route, again, (self.clock)()).await?;
        if let Outcome::Withheld(withheld) = &outcome {
            tell(&self.ports.ledger, &self.notices, route, withheld).await?;
        }
        Ok(outcome)
    }
}

/// One line for each branch or pull request that was looked at, one more for each release that began.
fn log(route: &Route, reason: Reason, result: &Result<Outcome, Failure>) {
    let (pipeline, branch, repository_id) =
        (&route.pipeline, route.reference.to_string(), route.repository_id);
    let reason = reason.as_str();
    match result {
        Ok(Outcome::Started(starts)) => {
            for start in starts {
                let (sha, release_id, execution_id) =
                    (start.sha.as_str(), &start.release_id, &start.execution_id);
                let verb = if start.adopted { "found started" } else { "started" };
                tracing::info!(target: OWN_TARGET, pipeline, branch, repository_id, reason, sha, release_id, execution_id, "{verb} {} as execution {execution_id}", start.sha.short());
            }
        }
        Ok(outcome @ (Outcome::Withheld(_) | Outcome::Closed)) => {
            tracing::info!(target: OWN_TARGET, pipeline, branch, repository_id, reason, "{outcome}");
        }
        Ok(outcome) => {
            tracing::debug!(target: OWN_TARGET, pipeline, branch, repository_id, reason, "{outcome}")
        }
        Err(Failure { words, transient: true }) => {
            tracing::warn!(target: OWN_TARGET, pipeline, branch, repository_id, reason, "{words}");
        }
        Err(Failure { words, transient: false }) => {
            tracing::error!(target: OWN_TARGET, pipeline, branch, repository_id, reason, "{words}");
        }
    }
}

/// One line for each head that the poll found before any webhook: template.yaml counts `missed_heads` and raises an alarm. A branch's
/// first head is none, nor one that another worker was at already. A delivery that is slower than the poll is counted too.
fn log_missed(route: &Route, start: &Start) {
    let (pipeline, branch, repository_id) =
        (&route.pipeline, route.reference.to_string(), route.repository_id);
    let (sha, release_id) = (start.sha.as_str(), &start.release_id);
    tracing::warn!(target: OWN_TARGET, pipeline, branch, repository_id, sha, release_id, missed_heads = 1, "no webhook had announced head {}, the poll started it", start.sha.short());
}

/// What is told to a person or to the schedule. Failures that pass are part of a poll's answer, because the next poll
/// heals them; to a person, and when they do not pass, they are an error that names every failed branch.
fn report(looked: &[Looked], passing_is_fine: bool) -> Result<Value, Diagnostic> {
    let failures: Vec<String> = looked
        .iter()
        .filter_map(|looked| looked.result.as_ref().err().map(|failure| (&looked.route, failure)))
        .filter(|(_, failure)| !(passing_is_fine && failure.transient))
        .map(|(route, failure)| {
            format!("{} of `{}`: {}", named(&route.reference), route.repository, failure.words)
        })
        .collect();
    if !failures.is_empty() {
        let words = format!("{} of {} look(s) failed: {}", failures.len(), looked.len(), failures.join("; "));
        return Err(source_failure(words));
    }
    let outcomes: Vec<Value> = looked.iter().map(entry).collect();
    Ok(json!({"looked": looked.len(), "outcomes": outcomes}))
}

fn named(reference: &Reference) -> String {
    match reference {
        // What the poll could not list.
        Reference::Branch(name) if name.is_empty() => "what is to be built".to_owned(),
        Reference::Branch(name) => format!("branch `{name}`"),
        Reference::Pull(_) => reference.to_string(),
    }
}

/// What Lambda reports when branches could not be looked after.
fn source_failure(words: String) -> Diagnostic {
    Diagnostic { error_type: "SourceFailure".to_owned(), error_message: words }
}

fn entry(Looked { route, result }: &Looked) -> Value {
    let (words, starts) = match result {
        Ok(outcome @ Outcome::Started(starts)) => (outcome.to_string(), starts.as_slice()),
        Ok(outcome) => (outcome.to_string(), [].as_slice()),
        Err(failure) => (format!("to be looked at again: {}", failure.words), [].as_slice()),
    };
    let started: Vec<Value> = starts
        .iter()
        .map(|start| {
            json!({
                "adopted": start.adopted,
                "executionId": start.execution_id,
                "releaseId": start.release_id,
                "sha": start.sha,
            })
        })
        .collect();
    json!({"branch": route.reference.to_string(), "message": words, "pipeline": route.pipeline, "started": started})
}

#[cfg(test)]
mod tests;
