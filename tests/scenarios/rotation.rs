//! The webhook secret is rotated while deliveries keep coming, signed with whatever GitHub has at that moment: none is refused.
//!
//! The emulator's `RotateSecret` is a stub (it makes a copy of the current value current at once), so the story does what Secrets Manager
//! does: it makes a pending version without a value and invokes the rotation function four times. At the end it takes the label `AWSPENDING`
//! off: on AWS a label is at one version only, the emulator would leave it at this one when the next rotation begins.

use anyhow::{Context, Result, ensure};
use scenarios::{World, text};
use serde_json::{Value, json};

const STEPS: [&str; 4] = ["createSecret", "setSecret", "testSecret", "finishSecret"];

fn secrets_manager(world: &World, operation: &str, body: &Value) -> Result<Value> {
    world.emulator.json("secretsmanager", &format!("secretsmanager.{operation}"), "1.1", body)
}

/// The secret's value at a staging label.
fn secret(world: &World, label: &str) -> Result<String> {
    let question = json!({"SecretId": world.output("WebhookSecretId"), "VersionStage": label});
    Ok(text(&secrets_manager(world, "GetSecretValue", &question)?, "SecretString").to_owned())
}

/// A delivery of a push to a branch that starts nothing: the receiver's answer and the delivery's GUID.
fn deliver(world: &World) -> Result<(u64, String)> {
    let answer = world.github("/_github/push", &json!({"branch": "rotation", "change": "good"}))?;
    let delivery = answer.pointer("/deliveries/0").context("the push was delivered")?;
    let status = delivery.get("status").and_then(Value::as_u64).context("the delivery has a status")?;
    Ok((status, text(delivery, "guid").to_owned()))
}

fn is_taken(world: &World, when: &str) -> Result<String> {
    let (status, guid) = deliver(world)?;
    ensure!((200..300).contains(&status), "{when} a delivery was answered with {status}");
    Ok(guid)
}

fn forged_is_refused(world: &World, when: &str) -> Result<()> {
    let event = json!({
        "version": "2.0", "rawPath": "/", "isBase64Encoded": false, "body": "{\"zen\":\"x\"}",
        "headers": {"content-type": "application/json", "x-github-event": "ping", "x-hub-signature-256": format!("sha256={}", "0".repeat(64))},
        "requestContext": {"http": {"method": "POST", "sourceIp": "192.0.2.1"}, "timeEpoch": 0},
    });
    let answer = world.emulator.invoke(world.output("WebhookFunctionName"), &event)?;
    ensure!(
        answer.get("statusCode") == Some(&json!(401)),
        "{when} a forged delivery was answered with {answer}"
    );
    Ok(())
}

/// A receiver that has just fetched its secrets, and fetches none again for half a minute.
fn fresh_receiver(world: &World) -> Result<String> {
    let receiver = world.output("WebhookFunctionName");
    world.emulator.configure(receiver, "LOG_LEVEL", "info")?;
    is_taken(world, "before the rotation")
}

/// One rotation, with deliveries between every two steps.
fn rotate(world: &World) -> Result<()> {
    let version = fresh_receiver(world)?;
    let id = world.output("WebhookSecretId");
    let pending = json!({"SecretId": id, "ClientRequestToken": version, "VersionStages": ["AWSPENDING"]});
    secrets_manager(world, "PutSecretValue", &pending)?;
    for step in STEPS {
        let before = format!("before `{step}`");
        is_taken(world, &before)?;
        forged_is_refused(world, &before)?;
        let event = json!({"Step": step, "SecretId": id, "ClientRequestToken": version});
        world.emulator.invoke(world.output("SecretRotationFunctionName"), &event)?;
        is_taken(world, &format!("after `{step}`"))?;
    }
    let over = json!({"SecretId": id, "VersionStage": "AWSPENDING", "RemoveFromVersionId": version});
    secrets_manager(world, "UpdateSecretVersionStage", &over)?;
    Ok(())
}

#[test]
fn no_delivery_is_refused_while_the_secret_is_rotated_and_a_forged_one_never_gets_through() -> Result<()> {
    let world = World::take();
    let old = secret(&world, "AWSCURRENT")?;
    rotate(&world)?;
    let new = secret(&world, "AWSCURRENT")?;
    ensure!(new != old && new.len() >= 32, "the secret is a new one");
    ensure!(secret(&world, "AWSPREVIOUS")? == old, "the old one is kept");
    fresh_receiver(&world)?;
    world.configure_webhook(&json!({"secret": old}))?;
    let taken = is_taken(&world, "signed with the old secret");
    world.configure_webhook(&json!({"secret": new}))?;
    taken?;
    rotate(&world)?;
    let newest = secret(&world, "AWSCURRENT")?;
    fresh_receiver(&world)?;
    world.configure_webhook(&json!({"secret": old}))?;
    let late = deliver(&world);
    world.configure_webhook(&json!({"secret": newest}))?;
    let (status, _) = late?;
    assert_eq!(status, 401, "the next rotation ends the old secret");
    forged_is_refused(&world, "after both rotations")?;
    for line in world.emulator.logs()? {
        ensure!(
            [&old, &new, &newest].iter().all(|secret| !line.contains(secret.as_str())),
            "a secret in a log"
        );
    }
    Ok(())
}
