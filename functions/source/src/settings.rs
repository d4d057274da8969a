//! What `template.yaml` tells the source function.

use shared::github::check_api_url;
use shared::settings::{Reader, SettingsError};

/// The source function's settings.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Tidegate's table, which holds the ledger.
    pub(crate) table_name: String,
    /// Name of the parameter that holds the routes.
    pub(crate) routes_parameter: String,
    /// Bucket that sources are published in.
    pub(crate) source_bucket: String,
    /// Address of the GitHub API.
    pub(crate) github_api_url: String,
    /// Secret that holds the GitHub token; none for public repositories.
    pub(crate) github_token_secret_id: Option<String>,
    /// Queue of the feedback function; none when feedback is off.
    pub(crate) feedback_queue_url: Option<String>,
    /// Key that sources are encrypted under; none for the bucket's own.
    pub(crate) kms_key_arn: Option<String>,
}

impl Settings {
    /// Reads the settings through `lookup`.
    pub(crate) fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut reader = Reader::new(lookup);
        let settings = Self {
            table_name: reader.required("TABLE_NAME"),
            routes_parameter: reader.required("ROUTES_PARAMETER"),
            source_bucket: reader.required("SOURCE_BUCKET"),
            github_api_url: reader.parsed("GITHUB_API_URL", check_api_url),
            github_token_secret_id: reader.optional("GITHUB_TOKEN_SECRET_ID"),
            feedback_queue_url: reader.optional("FEEDBACK_QUEUE_URL"),
            kms_key_arn: reader.optional("KMS_KEY_ARN"),
        };
        reader.finish(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_setting_is_named_at_once() {
        let error = Settings::read(|name| (name == "GITHUB_API_URL").then(|| "api.github.com".to_owned()))
            .unwrap_err();
        insta::assert_snapshot!(error, @"4 wrong setting(s): `TABLE_NAME` is not set (template.yaml sets it); `ROUTES_PARAMETER` is not set (template.yaml sets it); `SOURCE_BUCKET` is not set (template.yaml sets it); `GITHUB_API_URL` is `api.github.com`: this is no `https://` URL of a GitHub API");
    }

    #[test]
    fn an_empty_token_secret_and_key_mean_none() {
        let settings = Settings::read(|name| match name {
            "GITHUB_TOKEN_SECRET_ID" | "KMS_KEY_ARN" => Some(String::new()),
            "GITHUB_API_URL" => Some("https://api.github.com".to_owned()),
            _ => Some("x".to_owned()),
        })
        .unwrap();
        assert_eq!((settings.github_token_secret_id, settings.kms_key_arn), (None, None));
    }
}
