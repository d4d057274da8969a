//! What `template.yaml` tells the feedback function, and the credentials that follow from it.

use shared::aws::secretsmanager::{AppKey, GitHubToken};
use shared::errors::Fault;
use shared::feedback::plan::Mode;
use shared::github::{AppTokens, check_api_url};
use shared::settings::{Reader, SettingsError};
use shared::source::ports::{Token, TokenSource};

/// The function's settings.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Tidegate's table: origins and what was told.
    pub(crate) table_name: String,
    /// The queue that the events come from.
    pub(crate) queue_url: String,
    /// Address of the GitHub API.
    pub(crate) github_api_url: String,
    /// As whom GitHub is written to.
    pub(crate) access: Access,
}

/// As whom GitHub is written to. An App is preferred when both are given.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// As nobody: nothing is written.
    Off,
    /// As a person.
    Token {
        /// Secret that holds the token.
        secret_id: String,
    },
    /// As a GitHub App.
    App {
        /// App id.
        app: u64,
        /// Installation id.
        installation: u64,
        /// Secret that holds the private key, PEM.
        key_secret_id: String,
    },
}

impl Access {
    /// What may be written; none when nothing.
    pub(crate) fn mode(&self) -> Option<Mode> {
        match self {
            Self::Off => None,
            Self::Token { .. } => Some(Mode::PersonalToken),
            Self::App { .. } => Some(Mode::App),
        }
    }
}

impl Settings {
    /// Reads the settings through `lookup`.
    pub(crate) fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut reader = Reader::new(lookup);
        let table_name = reader.required("TABLE_NAME");
        let queue_url = reader.required("FEEDBACK_QUEUE_URL");
        let github_api_url = reader.parsed("GITHUB_API_URL", check_api_url);
        let of_app = ["GITHUB_APP_ID", "GITHUB_APP_INSTALLATION_ID", "GITHUB_APP_KEY_SECRET_ID"];
        let access = if of_app.iter().any(|name| reader.optional(name).is_some()) {
            Access::App {
                app: reader.parsed("GITHUB_APP_ID", str::parse),
                installation: reader.parsed("GITHUB_APP_INSTALLATION_ID", str::parse),
                key_secret_id: reader.required("GITHUB_APP_KEY_SECRET_ID"),
            }
        } else {
            reader
                .optional("GITHUB_TOKEN_SECRET_ID")
                .map_or(Access::Off, |secret_id| Access::Token { secret_id })
        };
        reader.finish(Self { table_name, queue_url, github_api_url, access })
    }
}

/// Tokens of either kind.
pub(crate) enum Credentials {
    /// There are none.
    None,
    /// A personal token.
    Token(GitHubToken),
    /// Installation tokens.
    App(Box<AppTokens<AppKey>>),
}

impl TokenSource for Credentials {
    async fn token(&self) -> Result<Option<Token>, Fault> {
        match self {
            Self::None => Ok(None),
            Self::Token(token) => token.token().await,
            Self::App(tokens) => tokens.token().await,
        }
    }

    fn forget(&self) {
        match self {
            Self::None => {}
            Self::Token(token) => token.forget(),
            Self::App(tokens) => tokens.forget(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &[(&str, &str)]) -> Result<Access, SettingsError> {
        let always =
            [("TABLE_NAME", "t"), ("FEEDBACK_QUEUE_URL", "q"), ("GITHUB_API_URL", "https://api.github.com")];
        let value = |name: &str| {
            let all = always.iter().chain(given);
            all.clone().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Settings::read(value).map(|settings| settings.access)
    }

    #[test]
    fn without_credentials_feedback_is_off() {
        assert_eq!(read(&[("GITHUB_TOKEN_SECRET_ID", ""), ("GITHUB_APP_ID", "")]), Ok(Access::Off));
    }

    #[test]
    fn an_app_is_preferred_to_a_token() {
        let token = ("GITHUB_TOKEN_SECRET_ID", "s");
        assert_eq!(read(&[token]), Ok(Access::Token { secret_id: "s".to_owned() }));
        let app = [
            ("GITHUB_APP_ID", "12"),
            ("GITHUB_APP_INSTALLATION_ID", "34"),
            ("GITHUB_APP_KEY_SECRET_ID", "k"),
            token,
        ];
        let expected = Access::App { app: 12, installation: 34, key_secret_id: "k".to_owned() };
        assert_eq!(read(&app), Ok(expected));
    }

    #[test]
    fn half_an_app_is_named_whole() {
        insta::assert_snapshot!(read(&[("GITHUB_APP_ID", "Iv1.x")]).unwrap_err(), @"3 wrong setting(s): `GITHUB_APP_ID` is `Iv1.x`: invalid digit found in string; `GITHUB_APP_INSTALLATION_ID` is not set (template.yaml sets it); `GITHUB_APP_KEY_SECRET_ID` is not set (template.yaml sets it)");
    }
}
