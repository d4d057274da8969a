//! What is looked at of the Lambda event that carries a webhook's HTTP request, read in one pass: HTTP API and function URL (payload
//! format 2.0), and REST API (1.0).
//!
//! Reading never fails on JSON of another shape: whoever sent it is answered in words, and a part of the wrong kind counts as missing. Must
//! not: keep anything that is not looked at. Nothing here is trusted before the signature fits.
//! Specification: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// A Lambda event of any shape. Not `Debug`: it holds the payload.
#[derive(Default)]
pub struct Event {
    pub(crate) body: Option<String>,
    /// Whether the body is base64.
    pub(crate) encoded: bool,
    context: Context,
    rest_api: bool,
    rest_method: Option<String>,
    headers: Headers,
    lists: Headers,
}

impl Event {
    /// Whether a REST API sent it, whose answers have another form.
    #[must_use]
    pub fn is_of_rest_api(&self) -> bool {
        self.rest_api
    }

    /// `POST` and the like.
    pub(crate) fn method(&self) -> Option<&str> {
        self.context.http.method.as_deref().or(self.rest_method.as_deref())
    }

    /// The sender's address as AWS saw it.
    pub(crate) fn source_address(&self) -> Option<&str> {
        let Context { http, identity } = &self.context;
        http.source_address.as_deref().or(identity.source_address.as_deref())
    }

    /// The value of a header sent exactly once; REST APIs list every value of a repeated header beside the last one.
    pub(crate) fn header(&self, name: Header) -> Option<&str> {
        let Value { text, times } = self.headers.get(name);
        let listed = self.lists.get(name).times;
        text.as_deref().filter(|_| *times == 1 && listed <= 1)
    }
}

impl Part for Event {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, fields: &mut A) -> Result<(), A::Error> {
        match name {
            "body" => self.body = next::<Text, A>(fields)?.0,
            "isBase64Encoded" => self.encoded = next::<Flag, A>(fields)?.0,
            "httpMethod" => {
                self.rest_api = true;
                self.rest_method = next::<Text, A>(fields)?.0;
            }
            "requestContext" => self.context = next(fields)?,
            "headers" => self.headers = next::<Single, A>(fields)?.0,
            "multiValueHeaders" => self.lists = next::<Listed, A>(fields)?.0,
            _ => skip(fields)?,
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Of::deserialize(deserializer).map(|Of(event)| event)
    }
}

/// The headers that are looked at.
#[derive(Clone, Copy)]
pub(crate) enum Header {
    ContentType,
    Signature,
    Event,
    Delivery,
}

impl Header {
    /// A header's name has no case.
    fn named(name: &str) -> Option<Self> {
        let known = [
            ("content-type", Self::ContentType),
            ("x-hub-signature-256", Self::Signature),
            ("x-github-event", Self::Event),
            ("x-github-delivery", Self::Delivery),
        ];
        known.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, header)| header)
    }
}

/// A header's last value, and how often it was there.
#[derive(Default)]
struct Value {
    text: Option<String>,
    times: usize,
}

#[derive(Default)]
struct Headers {
    content_type: Value,
    signature: Value,
    event: Value,
    delivery: Value,
}

impl Headers {
    fn get(&self, header: Header) -> &Value {
        match header {
            Header::ContentType => &self.content_type,
            Header::Signature => &self.signature,
            Header::Event => &self.event,
            Header::Delivery => &self.delivery,
        }
    }

    fn get_mut(&mut self, header: Header) -> &mut Value {
        match header {
            Header::ContentType => &mut self.content_type,
            Header::Signature => &mut self.signature,
            Header::Event => &mut self.event,
            Header::Delivery => &mut self.delivery,
        }
    }
}

/// `headers`: one value for each name.
#[derive(Default)]
struct Single(Headers);

impl Part for Single {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, fields: &mut A) -> Result<(), A::Error> {
        let Some(header) = Header::named(name) else { return skip(fields) };
        let value = self.0.get_mut(header);
        value.text = next::<Text, A>(fields)?.0;
        value.times += 1;
        Ok(())
    }
}

/// `multiValueHeaders`: a list of values for each name.
#[derive(Default)]
struct Listed(Headers);

impl Part for Listed {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, fields: &mut A) -> Result<(), A::Error> {
        let Some(header) = Header::named(name) else { return skip(fields) };
        self.0.get_mut(header).times += next::<Count, A>(fields)?.0;
        Ok(())
    }
}

#[derive(Default)]
struct Context {
    http: Http,
    identity: Http,
}

impl Part for Context {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, fields: &mut A) -> Result<(), A::Error> {
        match name {
            "http" => self.http = next(fields)?,
            "identity" => self.identity = next(fields)?,
            _ => skip(fields)?,
        }
        Ok(())
    }
}

#[derive(Default)]
struct Http {
    method: Option<String>,
    source_address: Option<String>,
}

impl Part for Http {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, fields: &mut A) -> Result<(), A::Error> {
        match name {
            "method" => self.method = next::<Text, A>(fields)?.0,
            "sourceIp" => self.source_address = next::<Text, A>(fields)?.0,
            _ => skip(fields)?,
        }
        Ok(())
    }
}

#[derive(Default)]
struct Text(Option<String>);

impl Part for Text {
    fn text(text: &str) -> Self {
        Self(Some(text.to_owned()))
    }
}

#[derive(Default)]
struct Flag(bool);

impl Part for Flag {
    fn flag(flag: bool) -> Self {
        Self(flag)
    }
}

/// How many items a list has.
#[derive(Default)]
struct Count(usize);

impl Part for Count {
    fn item(&mut self) {
        self.0 += 1;
    }
}

/// A part of an event; of a JSON value of another kind than it wants nothing is kept.
trait Part: Default {
    fn text(_text: &str) -> Self {
        Self::default()
    }

    fn flag(_flag: bool) -> Self {
        Self::default()
    }

    /// One item more of a list.
    fn item(&mut self) {}

    /// The field `name` of an object, whose value is to be taken out of `fields`.
    fn field<'de, A: MapAccess<'de>>(&mut self, _name: &str, fields: &mut A) -> Result<(), A::Error> {
        skip(fields)
    }
}

fn next<'de, T: Part, A: MapAccess<'de>>(fields: &mut A) -> Result<T, A::Error> {
    fields.next_value().map(|Of(part)| part)
}

fn skip<'de, A: MapAccess<'de>>(fields: &mut A) -> Result<(), A::Error> {
    fields.next_value::<IgnoredAny>().map(|_| ())
}

/// Any JSON value, and the part that it makes.
struct Of<T>(T);

impl<'de, T: Part> Deserialize<'de> for Of<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader(PhantomData)).map(Of)
    }
}

struct Reader<T>(PhantomData<T>);

impl<'de, T: Part> Visitor<'de> for Reader<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        Ok(T::text(text))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<T, E> {
        Ok(T::flag(flag))
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_i64<E>(self, _number: i64) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_u64<E>(self, _number: u64) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_f64<E>(self, _number: f64) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<T, A::Error> {
        let mut part = T::default();
        while items.next_element::<IgnoredAny>()?.is_some() {
            part.item();
        }
        Ok(part)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<T, A::Error> {
        let mut part = T::default();
        while let Some(name) = fields.next_key::<String>()? {
            part.field(&name, &mut fields)?;
        }
        Ok(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Event {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn what_is_looked_at_is_read_in_any_order_and_the_rest_is_passed_over() {
        let event = read(
            r#"{"isBase64Encoded":true,"other":[{"body":"x"},null],"body":"{\"a\":\"é\"}","multiValueHeaders":{"X-GitHub-Event":["push"]},
                "requestContext":{"identity":{"sourceIp":"192.30.252.44"},"stage":1},"headers":{"X-GitHub-Event":"push","accept":"*/*"},
                "httpMethod":"POST"}"#,
        );
        assert_eq!(event.body.as_deref(), Some("{\"a\":\"é\"}"));
        assert!(event.encoded && event.is_of_rest_api());
        assert_eq!((event.method(), event.source_address()), (Some("POST"), Some("192.30.252.44")));
        assert_eq!(event.header(Header::Event), Some("push"));
        assert_eq!(event.header(Header::Signature), None);
    }

    #[test]
    fn a_part_of_another_kind_counts_as_missing() {
        for text in ["null", "true", "-1", "1.5", "\"body\"", "[]", "[[{\"body\":\"x\"}]]", "{}"] {
            assert!(read(text).body.is_none(), "{text}");
        }
        let event = read(
            r#"{"body":{"body":"x"},"isBase64Encoded":"true","httpMethod":7,"requestContext":["http"],
                "headers":{"x-github-event":["push"]},"multiValueHeaders":"x-github-event"}"#,
        );
        assert!(event.body.is_none() && !event.encoded && event.is_of_rest_api());
        assert_eq!((event.method(), event.source_address()), (None, None));
        assert_eq!(event.header(Header::Event), None);
    }

    #[test]
    fn a_header_that_is_there_twice_is_none_however_it_is_repeated() {
        for text in [
            r#"{"headers":{"x-github-event":"push","x-github-event":"push"}}"#,
            r#"{"headers":{"x-github-event":"push","X-GitHub-Event":"push"}}"#,
            r#"{"headers":{"x-github-event":"push"},"multiValueHeaders":{"x-github-event":["ping","push"]}}"#,
            r#"{"headers":{"x-github-event":"push"},"multiValueHeaders":{"x-github-event":["ping"],"X-GITHUB-EVENT":["push"]}}"#,
        ] {
            assert_eq!(read(text).header(Header::Event), None, "{text}");
        }
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let names = "body|headers|httpMethod|http|method|requestContext|multiValueHeaders|x-github-event|isBase64Encoded|other";
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            ".{0,8}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                prop::collection::hash_map(names, inner, 0..6)
                    .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_json_fails_to_be_an_event(value in json()) {
            let event = read(&value.to_string());
            let body = value.get("body").and_then(serde_json::Value::as_str);
            prop_assert_eq!(event.body.as_deref(), body);
        }
    }
}
