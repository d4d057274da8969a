//! What one artifact gives: its reports, the scans and analyses that are to be asked for, and the repository's own policy.
//!
//! Pure. A file that names an image and cannot be read is a report that is no evidence, so that the source is broken and not silent.

use super::analysis::{self, task_id};
use super::archive::{Archive, Note};
use super::evidence::Report;
use super::policy::{From, Policy, tightened};
use super::ports::{Analysis, Scan};
use super::scan::{self, Image, images};
use crate::errors::Rejection;
use crate::reports::{Input, ReportError, read};
use sha2::{Digest, Sha256};
use std::io::{Read, Seek};

/// What an artifact gives.
pub(super) struct Gathered {
    pub(super) reports: Vec<Report>,
    pub(super) wanted: Vec<Wanted>,
}

/// Evidence that a source asks for.
pub(super) struct Wanted {
    source: String,
    artifact: String,
    path: String,
    pub(super) what: What,
}

/// What is asked for.
pub(super) enum What {
    /// The scan of an image.
    Scan(Image),
    /// The analysis of a task.
    Task(String),
}

impl Wanted {
    /// The scan as a report.
    pub(super) fn scanned(&self, image: &Image, scan: Scan) -> Report {
        // The digest is another one each time, and no part of the name that the gate remembers.
        self.report(&format!("{}#{}", self.path, image.repository), scan::settled(image, scan))
    }

    /// The analysis as a report; none where no server is set.
    pub(super) fn analysed(&self, task: &str, analysis: Option<Analysis>) -> Report {
        let answer = match analysis {
            Some(analysis) => analysis::settled(task, analysis),
            None => Err(ReportError::tool_failed("/", "no SonarQube server is set (parameter `SonarUrl`)")),
        };
        self.report(&self.path, answer)
    }

    fn report(&self, path: &str, answer: Result<Vec<u8>, ReportError>) -> Report {
        let bytes = answer.as_deref().unwrap_or_default().to_vec();
        let read = answer.and_then(|bytes| Input::of_bytes(&bytes).and_then(read));
        asked(&self.source, &self.artifact, path, &bytes, read)
    }
}

fn asked(
    source: &str,
    artifact: &str,
    path: &str,
    bytes: &[u8],
    read: Result<crate::reports::Report, ReportError>,
) -> Report {
    Report {
        artifact: artifact.to_owned(),
        path: path.to_owned(),
        asked_for: Some(source.to_owned()),
        size: bytes.len() as u64,
        sha256: if bytes.is_empty() { String::new() } else { hexadecimal(&Sha256::digest(bytes)) },
        modified: None,
        read,
    }
}

/// What is to be asked for because of a file.
type Asks = fn(&[u8]) -> Result<Vec<What>, ReportError>;

/// Reads an artifact for every source of `policy`.
pub(super) fn gathered<R: Read + Seek>(
    archive: &mut Archive<'_, R>,
    artifact: &str,
    policy: &Policy,
) -> Result<Gathered, Rejection> {
    let mut gathered = Gathered { reports: archive.reports(policy)?, wanted: Vec::new() };
    for (name, source) in &policy.sources {
        let (globs, of): (_, Asks) = match source.from() {
            Some(From::Ecr(scan)) => {
                (&scan.image, |bytes| Ok(images(bytes)?.into_iter().map(What::Scan).collect()))
            }
            Some(From::Sonar(task)) => (&task.task, |bytes| Ok(vec![What::Task(task_id(bytes)?)])),
            Some(From::Files(_)) | None => continue,
        };
        let notes = archive.notes(globs)?;
        for Note { path, bytes } in notes.into_iter().filter(|note| source.names(&note.path)) {
            match of(&bytes) {
                Ok(found) => gathered.wanted.extend(found.into_iter().map(|what| Wanted {
                    source: name.clone(),
                    artifact: artifact.to_owned(),
                    path: path.clone(),
                    what,
                })),
                Err(error) => gathered.reports.push(asked(name, artifact, &path, &bytes, Err(error))),
            }
        }
    }
    Ok(gathered)
}

/// The policy with the repository's own on top; `files` are what fits `own.path`, each with its artifact. Without a file it stays as it is.
///
/// # Errors
/// In words that name the file.
pub(super) fn own_policy(policy: &Policy, files: &[(String, Note)]) -> Result<Policy, String> {
    let place = |(artifact, note): &(String, Note)| format!("`{}` in artifact `{artifact}`", note.path);
    let file = match files {
        [] => return Ok(policy.clone()),
        [file] => file,
        several => {
            let places: Vec<String> = several.iter().map(place).collect();
            return Err(format!(
                "the repository's own policy is one file, and there are {}: {}",
                several.len(),
                places.join(", ")
            ));
        }
    };
    let text = std::str::from_utf8(&file.1.bytes);
    let text = text.map_err(|_| format!("the repository's own policy {} is not UTF-8", place(file)))?;
    let own = Policy::parse(text);
    own.and_then(|own| tightened(policy, &own))
        .map_err(|error| format!("the repository's own policy {}: {error}", place(file)))
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONDITION: &str =
        "conditions: [{id: unit, source: u, metric: tests.failed, operator: \"<=\", fail: ";

    fn organisation() -> Policy {
        Policy::parse(&format!(
            "version: 1\nsources: {{u: {{path: \"**/junit.xml\"}}}}\n{CONDITION}3}}]\nown: {{path: \"**/gate.yaml\"}}"
        ))
        .unwrap()
    }

    fn file(artifact: &str, text: &str) -> (String, Note) {
        (artifact.to_owned(), Note { path: "ci/gate.yaml".to_owned(), bytes: text.as_bytes().to_vec() })
    }

    fn own(fail: u32) -> String {
        format!("version: 1\nsources: {{u: {{path: \"**/junit.xml\"}}}}\n{CONDITION}{fail}}}]")
    }

    #[test]
    fn a_repository_may_ask_for_more() {
        let fail = |files: &[(String, Note)]| own_policy(&organisation(), files).unwrap().conditions[0].fail;
        assert_eq!((fail(&[]), fail(&[file("Build", &own(0))])), (Some(3.0), Some(0.0)));
    }

    #[test]
    fn what_is_wrong_with_it_names_the_file() {
        let refused = |files: &[(String, Note)]| own_policy(&organisation(), files).unwrap_err();
        insta::assert_snapshot!(refused(&[file("Build", &own(5))]), @"the repository's own policy `ci/gate.yaml` in artifact `Build`: the policy cannot be used: condition `unit` has `fail: 5`, the organisation asks for <= 3");
        insta::assert_snapshot!(refused(&[file("Build", "version: 2\nsorces: 1\n")]), @"the repository's own policy `ci/gate.yaml` in artifact `Build`: the policy cannot be used: line 1, column 1: the key `sources` is missing; line 2, column 1: there is no key `sorces`; the nearest is `sources`");
        insta::assert_snapshot!(refused(&[file("Api", ""), file("Web", "")]), @"the repository's own policy is one file, and there are 2: `ci/gate.yaml` in artifact `Api`, `ci/gate.yaml` in artifact `Web`");
    }
}
