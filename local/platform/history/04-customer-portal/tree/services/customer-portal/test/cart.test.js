'use strict';
const { lineTotal, money, total } = require('../src/cart');

test.each([
  [24, 23_976],
  [25, 23_726],
  [100, 89_910],
  [500, 424_575],
])('%i pieces at 9.99 cost %i cents', (quantity, cents) => {
  expect(lineTotal({ unitCents: 999, quantity })).toBe(cents);
});

test('the total is the sum of the rounded lines', () => {
  const line = { unitCents: 1, quantity: 30 };
  expect(total([line, line])).toBe(2 * lineTotal(line));
  expect(money(123_456)).toBe('$1,234.56');
});

test.each([{ unitCents: 0.5, quantity: 1 }, { unitCents: 1, quantity: 0 }])('refuses %o', (line) => {
  expect(() => lineTotal(line)).toThrow(RangeError);
});
