'use strict';
const { createApp } = require('./app');

const { PORT = '8080', HOST = '0.0.0.0', API_URL = 'http://api-gateway.b2b.internal:8080' } = process.env;
const server = createApp({ apiUrl: API_URL });
server.listen(Number(PORT), HOST, () => console.log(`listening on ${server.address().port}`));
process.on('SIGTERM', () => server.close());
