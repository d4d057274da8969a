//! What `template.yaml` tells the rotation.

use shared::github::check_api_url;
use shared::settings::{Reader, SettingsError};
use shared::source::rotation::HookId;

/// The rotation's settings.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// ARN of the webhook secret.
    pub(crate) secret_id: String,
    /// Address of the GitHub API.
    pub(crate) github_api_url: String,
    /// Secret that holds a token with the permission "Webhooks: write"; none when a person changes the webhook.
    pub(crate) token_secret_id: Option<String>,
    /// The webhooks that are changed; none without a token.
    pub(crate) hooks: Vec<HookId>,
}

impl Settings {
    /// Reads the settings through `lookup`.
    pub(crate) fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut reader = Reader::new(lookup);
        let token_secret_id = reader.optional("HOOK_TOKEN_SECRET_ID");
        let hooks = reader.optional_parsed("GITHUB_HOOKS", HookId::parse_all);
        let settings = Self {
            secret_id: reader.required("WEBHOOK_SECRET_ID"),
            github_api_url: reader.parsed("GITHUB_API_URL", check_api_url),
            hooks: if token_secret_id.is_some() { hooks } else { Vec::new() },
            token_secret_id,
        };
        reader.finish(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(hooks: &'static str, token: &'static str) -> Result<Settings, SettingsError> {
        Settings::read(move |name| {
            let value = match name {
                "GITHUB_HOOKS" => hooks,
                "HOOK_TOKEN_SECRET_ID" => token,
                "GITHUB_API_URL" => "https://api.github.com",
                _ => "arn",
            };
            Some(value.to_owned())
        })
    }

    #[test]
    fn without_a_token_no_webhook_is_changed() {
        assert_eq!(read("acme/shop:7", "").unwrap().hooks, []);
        assert_eq!(read("", "token").unwrap().hooks, []);
        assert_eq!(read("acme/shop:7", "token").unwrap().hooks.len(), 1);
    }

    #[test]
    fn what_is_no_webhook_is_named() {
        insta::assert_snapshot!(read("acme/shop", "token").unwrap_err(), @"1 wrong setting(s): `GITHUB_HOOKS` is `acme/shop`: `acme/shop` is no webhook; give `owner/name:id`, such as `acme/shop:12345678`");
    }
}
