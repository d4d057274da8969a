//! What `template.yaml` tells the sweep.

use shared::github::check_api_url;
use shared::settings::{Reader, SettingsError};
use shared::source::rotation::HookId;

/// The sweep's settings.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Address of the GitHub API.
    pub(crate) github_api_url: String,
    /// Secret that holds a token with the permission "Webhooks: write".
    pub(crate) token_secret_id: String,
    /// The webhooks whose deliveries are looked after.
    pub(crate) hooks: Vec<HookId>,
}

impl Settings {
    /// Reads the settings through `lookup`.
    pub(crate) fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut reader = Reader::new(lookup);
        let settings = Self {
            github_api_url: reader.parsed("GITHUB_API_URL", check_api_url),
            token_secret_id: reader.required("HOOK_TOKEN_SECRET_ID"),
            hooks: reader.parsed("GITHUB_HOOKS", HookId::parse_all),
        };
        reader.finish(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_without_a_webhook_is_a_wrong_setting() {
        let read = |hooks: &'static str| {
            Settings::read(move |name| {
                let value = if name == "GITHUB_HOOKS" { hooks } else { "https://api.github.com" };
                Some(value.to_owned())
            })
        };
        assert_eq!(read("acme/shop:7,acme/shop:8").unwrap().hooks.len(), 2);
        insta::assert_snapshot!(read("").unwrap_err(), @"1 wrong setting(s): `GITHUB_HOOKS` is empty (template.yaml sets it)");
        insta::assert_snapshot!(read("acme/shop").unwrap_err(), @"1 wrong setting(s): `GITHUB_HOOKS` is `acme/shop`: `acme/shop` is no webhook; give `owner/name:id`, such as `acme/shop:12345678`");
    }
}
