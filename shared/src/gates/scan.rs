//! An image's scan: which images a build names, and what the answer of ECR means. Pure; whoever asks is behind [`super::ports::Scans`].
//!
//! Must not: read an image that is named by a tag, which may be another one tomorrow, or take a state for a result that is none.
//! Specification: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImageScanFindings.html>,
//! <https://docs.aws.amazon.com/codepipeline/latest/userguide/file-reference.html> (`imageDetail.json`)

use super::ports::Scan;
use crate::model::Timestamp;
use crate::reports::ReportError;
use serde_json::Value;

/// Most images of one file.
const MAX_IMAGES: usize = 50;

/// An image in a private registry, by digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Account of the registry.
    pub account: String,
    /// Its region.
    pub region: String,
    /// Repository.
    pub repository: String,
    /// `sha256:<64 hexadecimal digits>`.
    pub digest: String,
}

impl Image {
    /// Reads `<account>.dkr.ecr.<region>.amazonaws.com/<repository>@sha256:<digest>`.
    ///
    /// # Errors
    /// With what it is not.
    pub fn read(uri: &str) -> Result<Self, &'static str> {
        let (registry, rest) = uri.split_once('/').ok_or("it names no registry")?;
        let (account, host) =
            registry.split_once(".dkr.ecr.").ok_or("it is in no private registry of ECR")?;
        let region = host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".amazonaws.com.cn"));
        let region = region.ok_or("it is in no private registry of ECR")?;
        let (repository, digest) = rest.split_once('@').ok_or("it has no digest, and a tag can be moved")?;
        let of = |text: &str, more: &[u8]| {
            !text.is_empty()
                && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || more.contains(&b))
        };
        let hexadecimal = digest.strip_prefix("sha256:").unwrap_or_default();
        let is_digest = hexadecimal.len() == 64 && hexadecimal.bytes().all(|b| b.is_ascii_hexdigit());
        let is_account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
        if !is_account || !of(region, b"-") {
            return Err("it is in no private registry of ECR");
        }
        let repository_only = repository.split(':').next().unwrap_or_default();
        if !is_digest || !of(repository_only, b"-_./") {
            return Err("it is no repository with a digest `sha256:…`");
        }
        Ok(Self {
            account: account.to_owned(),
            region: region.to_owned(),
            repository: repository_only.to_owned(),
            digest: digest.to_owned(),
        })
    }
}

/// The images that a file names: `{"ImageURI": …}`, or a list of such.
///
/// # Errors
/// When it names none, or one that cannot be asked for.
pub fn images(bytes: &[u8]) -> Result<Vec<Image>, ReportError> {
    let document: Value = serde_json::from_slice(bytes)
        .map_err(|error| ReportError::at("/", format!("it is no JSON that names an image: {error}")))?;
    let (list, is_list) = match &document {
        Value::Array(list) => (list.iter().collect(), true),
        other => (vec![other], false),
    };
    if list.is_empty() || list.len() > MAX_IMAGES {
        let words = format!("it names {} images, 1 to {MAX_IMAGES} can be asked for", list.len());
        return Err(ReportError::at("/", words));
    }
    let one = |(index, entry): (usize, &Value)| {
        let path = if is_list { format!("/{index}/ImageURI") } else { "/ImageURI".to_owned() };
        let uri = entry.get("ImageURI").or_else(|| entry.get("imageUri")).and_then(Value::as_str);
        let uri = uri.ok_or_else(|| ReportError::at(&path, "no image is named"))?;
        let refused = |words: &str| {
            ReportError::at(&path, format!("`{}` cannot be asked for: {words}", super::render::plain(uri)))
        };
        Image::read(uri).map_err(refused)
    };
    list.into_iter().enumerate().map(one).collect()
}

/// The answer as a report is read from it, in the shape that the AWS CLI prints; or why it is no evidence (yet).
///
/// # Errors
/// When the scan is not finished, has failed, or there is none.
pub fn settled(image: &Image, scan: Scan) -> Result<Vec<u8>, ReportError> {
    let Image { repository, digest, .. } = image;
    let mut answer = match scan {
        Scan::NotScanned => {
            let words = format!("`{repository}@{digest}` has not been scanned");
            return Err(ReportError::unfinished("/imageScanStatus", words));
        }
        Scan::NoImage => {
            return Err(ReportError::at("/imageId", format!("there is no image `{repository}@{digest}`")));
        }
        Scan::Answer(answer) => answer,
    };
    let text = |pointer: &str| answer.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (status, description) = (text("/imageScanStatus/status"), text("/imageScanStatus/description"));
    let words = || match super::render::plain(&description) {
        more if more.is_empty() => format!("the scan of `{repository}@{digest}` is `{status}`"),
        more => format!("the scan of `{repository}@{digest}` is `{status}`: {more}"),
    };
    match status.as_str() {
        "COMPLETE" | "ACTIVE" => {}
        "IN_PROGRESS" | "PENDING" => return Err(ReportError::unfinished("/imageScanStatus", words())),
        // FAILED, UNSUPPORTED_IMAGE, SCAN_ELIGIBILITY_EXPIRED, FINDINGS_UNAVAILABLE, LIMIT_EXCEEDED, IMAGE_ARCHIVED, and what is not known.
        _ => return Err(ReportError::tool_failed("/imageScanStatus", words())),
    }
    date(&mut answer);
    Ok(answer.to_string().into_bytes())
}

/// Times are seconds on the wire and RFC 3339 where the CLI prints them.
fn date(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(date),
        Value::Object(members) => {
            for (name, member) in members {
                match member.as_f64().filter(|_| name.ends_with("At")) {
                    Some(seconds) => *member = Timestamp::from_seconds(seconds).to_string().into(),
                    None => date(member),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn uri() -> String {
        format!("123456789012.dkr.ecr.eu-central-1.amazonaws.com/b2b/api-gateway@{DIGEST}")
    }

    fn image() -> Image {
        Image::read(&uri()).unwrap()
    }

    #[test]
    fn an_image_is_read_out_of_what_the_build_wrote() {
        let found = images(json!({"ImageURI": uri()}).to_string().as_bytes()).unwrap();
        assert_eq!(found, [image()]);
        assert_eq!((found[0].account.as_str(), found[0].region.as_str()), ("123456789012", "eu-central-1"));
        let two = json!([{"ImageURI": uri()}, {"name": "web", "imageUri": uri()}]);
        assert_eq!(images(two.to_string().as_bytes()).unwrap().len(), 2);
    }

    #[test]
    fn only_images_of_a_private_registry_with_a_digest_are_asked_for() {
        let refused = |uri: &str| images(json!({"ImageURI": uri}).to_string().as_bytes()).unwrap_err();
        insta::assert_snapshot!(refused("123456789012.dkr.ecr.eu-central-1.amazonaws.com/b2b:latest"), @"`123456789012.dkr.ecr.eu-central-1.amazonaws.com/b2b:latest` cannot be asked for: it has no digest, and a tag can be moved, at `/ImageURI`");
        insta::assert_snapshot!(refused(&format!("docker.io/b2b@{DIGEST}")), @"`docker.io/b2b@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef` cannot be asked for: it is in no private registry of ECR, at `/ImageURI`");
        insta::assert_snapshot!(refused("123456789012.dkr.ecr.eu-central-1.amazonaws.com/b2b@sha256:1"), @"`123456789012.dkr.ecr.eu-central-1.amazonaws.com/b2b@sha256:1` cannot be asked for: it is no repository with a digest `sha256:…`, at `/ImageURI`");
        for host in ["12345678901.dkr.ecr.x.amazonaws.com", "123456789012.dkr.ecr.x.evil.test/.amazonaws.com"]
        {
            assert!(Image::read(&format!("{host}/b2b@{DIGEST}")).is_err(), "{host}");
        }
        insta::assert_snapshot!(images(b"{}").unwrap_err(), @"no image is named, at `/ImageURI`");
        insta::assert_snapshot!(images(b"[]").unwrap_err(), @"it names 0 images, 1 to 50 can be asked for, at `/`");
        insta::assert_snapshot!(images(b"imageDetail").unwrap_err(), @"it is no JSON that names an image: expected value at line 1 column 1, at `/`");
    }

    #[test]
    fn each_state_of_a_scan_has_its_own_meaning() {
        let of =
            |status: &str| settled(&image(), Scan::Answer(json!({"imageScanStatus": {"status": status}})));
        let problem = |status: &str| of(status).unwrap_err().problem;
        use crate::reports::Problem::{Malformed, ToolFailed, Unfinished};
        assert!(of("COMPLETE").is_ok() && of("ACTIVE").is_ok());
        assert_eq!(["IN_PROGRESS", "PENDING"].map(problem), [Unfinished; 2]);
        assert_eq!(
            ["FAILED", "UNSUPPORTED_IMAGE", "SCAN_ELIGIBILITY_EXPIRED", "", "NEW"].map(problem),
            [ToolFailed; 5]
        );
        assert_eq!(settled(&image(), Scan::NotScanned).unwrap_err().problem, Unfinished);
        assert_eq!(settled(&image(), Scan::NoImage).unwrap_err().problem, Malformed);
        let failed = json!({"imageScanStatus": {"status": "UNSUPPORTED_IMAGE", "description": "no\nlayers"}});
        insta::assert_snapshot!(settled(&image(), Scan::Answer(failed)).unwrap_err(), @"the scan of `b2b/api-gateway@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef` is `UNSUPPORTED_IMAGE`: no layers, at `/imageScanStatus`");
    }

    #[test]
    fn times_are_written_as_the_cli_prints_them() {
        let answer = json!({"imageScanStatus": {"status": "COMPLETE"}, "imageScanFindings": {
            "imageScanCompletedAt": 1_795_000_000.0, "enhancedFindings": [{"updatedAt": 1_795_000_000, "score": 7.5}]}});
        let text = String::from_utf8(settled(&image(), Scan::Answer(answer)).unwrap()).unwrap();
        insta::assert_snapshot!(text, @r#"{"imageScanFindings":{"enhancedFindings":[{"score":7.5,"updatedAt":"2026-11-18T11:06:40Z"}],"imageScanCompletedAt":"2026-11-18T11:06:40Z"},"imageScanStatus":{"status":"COMPLETE"}}"#);
    }
}
