"""The same receiver with Python's own means: hmac verifies, boto3 sends, awslambdaric is the loop. The secret is given by the environment,
which spares this peer a client and a call, or read once by boto3."""

import base64
import functools
import hashlib
import hmac
import json
import os

import boto3

SQS = boto3.client("sqs")
ALLOWED = {int(number) for number in os.environ["REPOSITORY_IDS"].split(",")}
QUEUE = os.environ["SOURCE_QUEUE_URL"]


@functools.cache
def secret():
    given = os.environ.get("WEBHOOK_SECRET")
    if given is None:
        given = boto3.client("secretsmanager").get_secret_value(SecretId=os.environ["WEBHOOK_SECRET_ID"])["SecretString"]
    return given.encode()


def answer(status, message):
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps({"message": message}), "isBase64Encoded": False}


def handler(event, _context):
    headers = event["headers"]
    body = base64.b64decode(event["body"]) if event["isBase64Encoded"] else event["body"].encode()
    expected = "sha256=" + hmac.new(secret(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, headers.get("x-hub-signature-256", "")):
        return answer(401, "the signature is wrong")
    payload = json.loads(body)
    if headers["x-github-event"] != "push":
        return answer(202, "nothing to do")
    if payload["repository"]["id"] not in ALLOWED:
        return answer(202, "another repository")
    if not payload["ref"].startswith("refs/heads/") or payload["deleted"]:
        return answer(202, "no branch")
    message = {
        "repositoryId": payload["repository"]["id"], "repository": payload["repository"]["full_name"], "ref": payload["ref"],
        "sha": payload["after"], "reason": "webhook", "delivery": headers["x-github-delivery"],
    }
    SQS.send_message(QueueUrl=QUEUE, MessageBody=json.dumps(message))
    return answer(202, "accepted")
