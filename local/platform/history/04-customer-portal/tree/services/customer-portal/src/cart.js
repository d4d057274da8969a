'use strict';

/** From this quantity of one article, this percentage off. */
const DISCOUNTS = [
  [500, 15],
  [100, 10],
  [25, 5],
];

function lineTotal({ unitCents, quantity }) {
  if (!Number.isInteger(unitCents) || !Number.isInteger(quantity) || unitCents < 0 || quantity < 1) {
    throw new RangeError('a line needs whole cents and a quantity of at least 1');
  }
  const [, percent] = DISCOUNTS.find(([from]) => quantity >= from) ?? [0, 0];
  return Math.round((unitCents * quantity * (100 - percent)) / 100);
}

const total = (lines) => lines.reduce((sum, line) => sum + lineTotal(line), 0);

const money = (cents) => new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' }).format(cents / 100);

module.exports = { lineTotal, money, total };
