'use strict';

const MAX_CLIENTS = 10_000;

/** One token bucket per client, refilled every moment; a burst is what one second allows. */
class RateLimit {
  #buckets = new Map();

  constructor(perSecond, clock = Date.now) {
    this.perSecond = perSecond;
    this.clock = clock;
  }

  take(client) {
    const now = this.clock();
    const bucket = this.#buckets.get(client) ?? { left: this.perSecond, at: now };
    bucket.left = Math.min(this.perSecond, bucket.left + ((now - bucket.at) / 1000) * this.perSecond);
    bucket.at = now;
    this.#keep(client, bucket);
    if (bucket.left < 1) return false;
    bucket.left -= 1;
    return true;
  }

  #keep(client, bucket) {
    this.#buckets.delete(client);
    this.#buckets.set(client, bucket);
    if (this.#buckets.size > MAX_CLIENTS) {
      this.#buckets.delete(this.#buckets.keys().next().value);
    }
  }
}

module.exports = { RateLimit, MAX_CLIENTS };
