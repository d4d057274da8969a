//! Did the revision that was asked for end up running? A deploy action says that it was ordered; ECS may have taken it back since.
//!
//! What was asked for is in the file that the deploy action was given
//! (<https://docs.aws.amazon.com/codepipeline/latest/userguide/file-reference.html>), what runs in the service's primary deployment or task
//! set. Must not: take a service that still moves for one that has settled.

use crate::errors::{Fault, Rejection};
use serde_json::Value;
use std::future::Future;

/// Most images that a file may name.
const MAX_IMAGES: usize = 50;

/// An image that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Container; none where the file names only the image (`imageDetail.json`).
    pub container: Option<String>,
    /// Image.
    pub image: String,
}

/// What a service runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// Family and revision of the primary task definition.
    pub task_definition: String,
    /// Containers and their images.
    pub images: Vec<(String, String)>,
    /// Wanted tasks.
    pub desired: u64,
    /// Running tasks of the primary task definition.
    pub running: u64,
    /// Whether no deployment is under way.
    pub is_settled: bool,
    /// The service's own words about its newest deployment.
    pub message: Option<String>,
}

/// What the comparison comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It runs.
    Yes(String),
    /// It may in a while.
    NotYet(String),
    /// It does not.
    No(String),
}

/// The services of a cluster.
pub trait Services {
    /// What a service runs; [`Fault::Missing`] when there is no such service.
    fn running(&self, cluster: &str, service: &str) -> impl Future<Output = Result<Running, Fault>>;
}

/// The images that a file asks for: `imagedefinitions.json`, or `imageDetail.json`.
///
/// # Errors
/// When it names none, with the path of what is wrong.
pub fn asked(path: &str, bytes: &[u8]) -> Result<Vec<Asked>, Rejection> {
    let wrong = |words: String| Rejection::new(format!("`{path}`: {words}"));
    let document: Value =
        serde_json::from_slice(bytes).map_err(|error| wrong(format!("it is no JSON: {error}")))?;
    let text = |value: &Value, key: &str, at: &str| {
        let found = value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        found.map(ToOwned::to_owned).ok_or_else(|| wrong(format!("there is no text at `{at}/{key}`")))
    };
    let Some(list) = document.as_array() else {
        let image = text(&document, "ImageURI", "")?;
        return Ok(vec![Asked { container: None, image }]);
    };
    if list.is_empty() || list.len() > MAX_IMAGES {
        return Err(wrong(format!("it names {} images, 1 to {MAX_IMAGES} can be looked for", list.len())));
    }
    let one = |(index, entry): (usize, &Value)| {
        let at = format!("/{index}");
        Ok(Asked { container: Some(text(entry, "name", &at)?), image: text(entry, "imageUri", &at)? })
    };
    list.iter().enumerate().map(one).collect()
}

/// Compares what was asked for with what runs.
#[must_use]
pub fn compare(service: &str, asked: &[Asked], running: &Running) -> Found {
    let Running { task_definition, desired, running: tasks, .. } = running;
    let other = asked.iter().find_map(|asked| difference(asked, running));
    let why = running.message.as_deref().map(|words| format!(" ({words})")).unwrap_or_default();
    match (&other, running.is_settled) {
        (None, true) if tasks == desired && *desired > 0 => Found::Yes(format!(
            "service `{service}` runs what was asked for: `{task_definition}`, {tasks} of {desired} task(s)"
        )),
        (None, true) if *desired == 0 => Found::No(format!(
            "service `{service}` wants 0 tasks: `{task_definition}` is set and nothing runs"
        )),
        (None, _) => Found::NotYet(format!(
            "service `{service}` runs {tasks} of {desired} task(s) of `{task_definition}`, which was asked for"
        )),
        (Some(words), false) => Found::NotYet(format!("service `{service}` has not settled: {words}{why}")),
        (Some(words), true) => {
            Found::No(format!("service `{service}` does not run what was asked for: {words}{why}"))
        }
    }
}

fn difference(asked: &Asked, running: &Running) -> Option<String> {
    let definition = &running.task_definition;
    let image = &asked.image;
    match &asked.container {
        Some(container) => {
            let found = running.images.iter().find(|(name, _)| name == container);
            match found {
                Some((_, runs)) if runs == image => None,
                Some((_, runs)) => Some(format!(
                    "container `{container}` of `{definition}` is `{runs}`, asked for `{image}`"
                )),
                None => Some(format!("`{definition}` has no container `{container}`, asked for `{image}`")),
            }
        }
        None if running.images.iter().any(|(_, runs)| runs == image) => None,
        None => {
            let all: Vec<&str> = running.images.iter().map(|(_, runs)| runs.as_str()).collect();
            Some(format!("`{definition}` has `{}`, asked for `{image}`", all.join("`, `")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running(image: &str) -> Running {
        Running {
            task_definition: "api:7".to_owned(),
            images: vec![("api".to_owned(), image.to_owned())],
            desired: 2,
            running: 2,
            is_settled: true,
            message: None,
        }
    }

    #[test]
    fn both_files_of_a_deploy_action_say_what_was_asked_for() {
        let list = br#"[{"name":"api","imageUri":"repo@sha256:aa"}]"#;
        let one = Asked { container: Some("api".to_owned()), image: "repo@sha256:aa".to_owned() };
        assert_eq!(asked("imagedefinitions.json", list).unwrap(), [one]);
        let detail = asked("imageDetail.json", br#"{"ImageURI":"repo@sha256:aa"}"#).unwrap();
        assert_eq!(detail[0].container, None);
        insta::assert_snapshot!(asked("imagedefinitions.json", b"[]").unwrap_err(), @"`imagedefinitions.json`: it names 0 images, 1 to 50 can be looked for");
        insta::assert_snapshot!(asked("imagedefinitions.json", br#"[{"name":"api"}]"#).unwrap_err(), @"`imagedefinitions.json`: there is no text at `/0/imageUri`");
        insta::assert_snapshot!(asked("imageDetail.json", b"{}").unwrap_err(), @"`imageDetail.json`: there is no text at `/ImageURI`");
    }

    #[test]
    fn only_a_settled_service_that_runs_the_image_is_a_yes() {
        let asked = [Asked { container: Some("api".to_owned()), image: "new".to_owned() }];
        let of = |running: &Running| format!("{:?}", compare("api-gateway", &asked, running));
        insta::assert_snapshot!(of(&running("new")), @r#"Yes("service `api-gateway` runs what was asked for: `api:7`, 2 of 2 task(s)")"#);
        insta::assert_snapshot!(of(&Running { is_settled: false, ..running("old") }), @r#"NotYet("service `api-gateway` has not settled: container `api` of `api:7` is `old`, asked for `new`")"#);
        insta::assert_snapshot!(of(&Running { message: Some("rolled back: alarm".to_owned()), ..running("old") }), @r#"No("service `api-gateway` does not run what was asked for: container `api` of `api:7` is `old`, asked for `new` (rolled back: alarm)")"#);
        insta::assert_snapshot!(of(&Running { running: 1, ..running("new") }), @r#"NotYet("service `api-gateway` runs 1 of 2 task(s) of `api:7`, which was asked for")"#);
        insta::assert_snapshot!(of(&Running { desired: 0, running: 0, ..running("new") }), @r#"No("service `api-gateway` wants 0 tasks: `api:7` is set and nothing runs")"#);
        insta::assert_snapshot!(of(&Running { images: Vec::new(), ..running("new") }), @r#"No("service `api-gateway` does not run what was asked for: `api:7` has no container `api`, asked for `new`")"#);
    }
}
