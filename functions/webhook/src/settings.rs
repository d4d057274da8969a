//! What `template.yaml` tells the webhook.

use shared::settings::{Reader, SettingsError};
use shared::source::allow_list::AllowList;

/// The webhook's settings.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Name or ARN of the secret that GitHub signs with.
    pub(crate) secret_id: String,
    /// The source queue.
    pub(crate) queue_url: String,
    /// The networks that may deliver.
    pub(crate) sources: AllowList,
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
            sources: reader.optional_parsed("ALLOWED_SOURCES", AllowList::parse),
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
    fn networks_that_may_deliver_are_optional_and_a_wrong_one_is_named() {
        let settings = |sources: &'static str| {
            Settings::read(move |name| Some(if name == "ALLOWED_SOURCES" { sources } else { "1" }.to_owned()))
        };
        assert_eq!(settings("").unwrap().sources, AllowList::default());
        assert_ne!(settings("192.30.252.0/22").unwrap().sources, AllowList::default());
        insta::assert_snapshot!(settings("everybody").unwrap_err(), @"1 wrong setting(s): `ALLOWED_SOURCES` is `everybody`: `everybody` is no network in CIDR notation, such as `192.30.252.0/22` or `2a0a:a440::/29`");
    }

    #[test]
    fn ids_are_separated_by_commas() {
        let settings =
            Settings::read(|name| (name != "ALLOWED_SOURCES").then(|| "1001, 1002".to_owned())).unwrap();
        assert_eq!(settings.repositories, [1001, 1002]);
    }
}
