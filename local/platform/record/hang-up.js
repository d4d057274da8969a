'use strict';
// Traffic as browsers send it: 80 clients hang up before the answer, then one waits for it. Prints the status that it gets.
const http = require('node:http');

const [, , gateway] = process.argv;
const send = (onRequest) =>
  new Promise((resolve) => {
    const request = http.request(`${gateway}/api/sessions`, { method: 'POST', agent: false });
    request.on('response', (response) => resolve(response.resume().statusCode));
    request.on('error', () => resolve(0));
    request.end('{"email":"nobody@example.com"}');
    onRequest(request);
  });

async function main() {
  for (let client = 0; client < 80; client += 1) {
    await send((request) => setTimeout(() => request.destroy(), 20));
  }
  console.log(await send(() => {}));
}
main();
