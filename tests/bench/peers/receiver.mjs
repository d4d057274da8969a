// The same receiver with Node's own means: @octokit/webhooks verifies, @aws-sdk/client-sqs sends. The loop is the Runtime API and nothing else.
// The secret is given by the environment, which spares this peer a client and a call, or read once by @aws-sdk/client-secrets-manager.
import http from "node:http";
import { Webhooks } from "@octokit/webhooks";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";

const sqs = new SQSClient({ md5: false });
let webhooks;
const allowed = new Set(process.env.REPOSITORY_IDS.split(",").map(Number));
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true });

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, method, path: `/2018-06-01/runtime/${path}`, agent }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(chunks).toString() }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

async function secret() {
  if (process.env.WEBHOOK_SECRET) return process.env.WEBHOOK_SECRET;
  const { GetSecretValueCommand, SecretsManagerClient } = await import("@aws-sdk/client-secrets-manager");
  return (await new SecretsManagerClient({}).send(new GetSecretValueCommand({ SecretId: process.env.WEBHOOK_SECRET_ID }))).SecretString;
}

function answer(statusCode, message) {
  return { statusCode, headers: { "content-type": "application/json" }, body: JSON.stringify({ message }), isBase64Encoded: false };
}

async function handle(event) {
  const headers = event.headers;
  const body = event.isBase64Encoded ? Buffer.from(event.body, "base64").toString() : event.body;
  webhooks ??= new Webhooks({ secret: await secret() });
  if (!(await webhooks.verify(body, headers["x-hub-signature-256"] ?? ""))) return answer(401, "the signature is wrong");
  const payload = JSON.parse(body);
  if (headers["x-github-event"] !== "push") return answer(202, "nothing to do");
  if (!allowed.has(payload.repository.id)) return answer(202, "another repository");
  if (!payload.ref.startsWith("refs/heads/") || payload.deleted) return answer(202, "no branch");
  const message = {
    repositoryId: payload.repository.id, repository: payload.repository.full_name, ref: payload.ref,
    sha: payload.after, reason: "webhook", delivery: headers["x-github-delivery"],
  };
  await sqs.send(new SendMessageCommand({ QueueUrl: process.env.SOURCE_QUEUE_URL, MessageBody: JSON.stringify(message) }));
  return answer(202, "accepted");
}

for (;;) {
  const work = await call("GET", "invocation/next");
  const id = work.headers["lambda-runtime-aws-request-id"];
  const result = await handle(JSON.parse(work.body));
  await call("POST", `invocation/${id}/response`, JSON.stringify(result));
}
