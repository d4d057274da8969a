//! What people are told of a gate that did not pass: plain text for mail, and for chat the schema of custom notifications of Amazon Q Developer
//! in chat applications (<https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html>).
//!
//! Must not: let a name out of a report become a mention or a link.

use serde_json::json;

/// Longest title in a chat, in characters.
const MAX_TITLE: usize = 250;
/// Longest description in a chat, in characters; the report has the rest.
const MAX_DESCRIPTION: usize = 3_000;

/// A message to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Subject of a mail.
    pub subject: String,
    /// What belongs together in a chat: the execution. Empty when it is not known.
    pub thread: String,
    /// The words.
    pub text: String,
}

impl Alert {
    /// What `Publish` takes with `MessageStructure: json`: a text for each protocol
    /// (<https://docs.aws.amazon.com/sns/latest/dg/sns-send-custom-platform-specific-payloads-mobile-devices.html>). Chat is subscribed by
    /// `https`; a function that carries messages elsewhere gets the same.
    #[must_use]
    pub fn by_protocol(&self) -> String {
        let chat = self.chat();
        json!({"default": self.text, "email": self.text, "https": chat, "lambda": chat}).to_string()
    }

    fn chat(&self) -> String {
        let (title, rest) = self.text.split_once('\n').unwrap_or((&self.text, ""));
        let mut message = json!({"version": "1.0", "source": "custom", "content": {
            "textType": "client-markdown", "title": quiet(title, MAX_TITLE), "description": quiet(rest, MAX_DESCRIPTION)}});
        if rest.is_empty()
            && let Some(content) = message.pointer_mut("/content")
        {
            *content = json!({"textType": "client-markdown", "description": quiet(title, MAX_DESCRIPTION)});
        }
        if let (Some(message), false) = (message.as_object_mut(), self.thread.is_empty()) {
            message.insert(
                "metadata".to_owned(),
                json!({"threadId": self.thread, "summary": quiet(title, MAX_TITLE)}),
            );
        }
        message.to_string()
    }
}

/// Text that no chat takes for a mention, a link or a tag (<https://docs.slack.dev/messaging/formatting-message-text#escaping>).
fn quiet(text: &str, limit: usize) -> String {
    let cut: String = text.chars().take(limit).collect();
    cut.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn alert(thread: &str, text: &str) -> Value {
        let alert = Alert { subject: "s".to_owned(), thread: thread.to_owned(), text: text.to_owned() };
        serde_json::from_str(&alert.by_protocol()).unwrap()
    }

    #[test]
    fn mail_gets_the_words_and_chat_the_schema() {
        let told = alert("e-1", "gate `build`: fail\n[fail] `x` asks for <= 0\n    <!channel> & more");
        assert_eq!(told["default"], told["email"]);
        insta::assert_snapshot!(told["email"].as_str().unwrap(), @"
        gate `build`: fail
        [fail] `x` asks for <= 0
            <!channel> & more
        ");
        insta::assert_snapshot!(told["https"].as_str().unwrap(), @r#"{"content":{"description":"[fail] `x` asks for &lt;= 0\n    &lt;!channel&gt; &amp; more","textType":"client-markdown","title":"gate `build`: fail"},"metadata":{"summary":"gate `build`: fail","threadId":"e-1"},"source":"custom","version":"1.0"}"#);
        assert_eq!(told["https"], told["lambda"]);
    }

    #[test]
    fn one_line_without_an_execution_is_a_message_too() {
        insta::assert_snapshot!(alert("", "`TABLE_NAME` is not set")["https"].as_str().unwrap(), @r#"{"content":{"description":"`TABLE_NAME` is not set","textType":"client-markdown"},"source":"custom","version":"1.0"}"#);
    }
}
