//! Bad input to the deployed functions: a clear answer each time.

use anyhow::Result;
use scenarios::World;
use serde_json::json;

#[test]
fn a_webhook_with_a_wrong_signature_is_refused_with_401() -> Result<()> {
    let world = World::take();
    let answer = world.emulator.invoke(
        world.output("WebhookFunctionName"),
        &json!({
            "version": "2.0", "rawPath": "/", "isBase64Encoded": false, "body": "{\"zen\":\"x\"}",
            "headers": {"content-type": "application/json", "x-github-event": "ping",
                        "x-hub-signature-256": format!("sha256={}", "0".repeat(64))},
            "requestContext": {"http": {"method": "POST", "sourceIp": "192.0.2.1"}, "timeEpoch": 0},
        }),
    )?;
    assert_eq!(answer.get("statusCode").and_then(serde_json::Value::as_u64), Some(401), "{answer:#}");
    Ok(())
}

#[test]
fn a_job_without_a_body_is_an_error_that_names_what_is_missing() {
    let world = World::take();
    let error =
        world.emulator.invoke(world.output("QualityGateFunctionName"), &json!({"CodePipeline.job": {}}));
    let words = format!("{:#}", error.expect_err("there is nobody to answer"));
    assert!(words.contains("id"), "{words}");
}
