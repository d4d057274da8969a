//! What `template.yaml` tells the webhook.

use shared::settings::{Reader, SettingsError};

/// The webhook's settings.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Name or ARN of the secret that GitHub signs with.
    pub(crate) secret_id: String,
    /// The source queue.
    pub(crate) queue_url: String,
    /// Ids of the repositories whose pushes are looked at.
    pub(crate) repositories: Vec<u64>,
}

impl Settings {
    /// Reads the settings through `lookup`.
    pub(crate) fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut reader = Reader::new(lookup);
        let settings = Self {
            secret_id: reader.required("WEBHOOK_SECRET_ID"),
            queue_url: reader.required("SOURCE_QUEUE_URL"),
            repositories: reader.parsed("REPOSITORY_IDS", ids),
        };
        reader.finish(settings)
    }
}

fn ids(text: &str) -> Result<Vec<u64>, &'static str> {
    text.split(',')
        .map(|id| id.trim().parse().map_err(|_| "give GitHub's numeric repository ids, separated by commas"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_setting_is_named_at_once() {
        let error = Settings::read(|name| (name == "REPOSITORY_IDS").then(|| "1001,acme/shop".to_owned()))
            .unwrap_err();
        insta::assert_snapshot!(error, @"3 wrong setting(s): `WEBHOOK_SECRET_ID` is not set (template.yaml sets it); `SOURCE_QUEUE_URL` is not set (template.yaml sets it); `REPOSITORY_IDS` is `1001,acme/shop`: give GitHub's numeric repository ids, separated by commas");
    }

    #[test]
    fn ids_are_separated_by_commas() {
        let settings = Settings::read(|_| Some("1001, 1002".to_owned())).unwrap();
        assert_eq!(settings.repositories, [1001, 1002]);
    }
}
