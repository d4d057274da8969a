'use strict';
const { createApp } = require('../src/app');

jest.mock('../src/app', () => ({ createApp: jest.fn() }));

test('listens on the port of the environment and closes on SIGTERM', () => {
  const server = { listen: jest.fn(), close: jest.fn() };
  const on = jest.spyOn(process, 'on').mockReturnValue(process);
  createApp.mockReturnValue(server);
  Object.assign(process.env, { PORT: '9090', HOST: '127.0.0.1' });
  require('../src/server');
  expect(server.listen).toHaveBeenCalledWith(9090, '127.0.0.1', expect.any(Function));
  on.mock.calls.find(([name]) => name === 'SIGTERM')[1]();
  expect(server.close).toHaveBeenCalled();
});
