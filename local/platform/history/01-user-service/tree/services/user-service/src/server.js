'use strict';
const { createApp } = require('./app');

const { PORT = '8080', HOST = '0.0.0.0', TOKEN_SECRET } = process.env;
if (!TOKEN_SECRET) {
  console.error('TOKEN_SECRET is not set');
  process.exit(1);
}
const server = createApp({ secret: TOKEN_SECRET });
server.listen(Number(PORT), HOST, () => console.log(`listening on ${server.address().port}`));
process.on('SIGTERM', () => server.close());
