'use strict';

const KEPT_MS = 31 * 24 * 3600 * 1000;
const COLUMNS = ['day', 'user', 'requests', 'errors', 'mean_ms'];

const dayOf = (time) => new Date(time).toISOString().slice(0, 10);

/** Requests per user and day, for account managers. */
class Usage {
  constructor(clock = Date.now) {
    this.clock = clock;
    this.days = new Map();
  }

  record(user, status, elapsedMs) {
    const day = dayOf(this.clock());
    if (!this.days.has(day)) {
      this.days.set(day, new Map());
      this.forget();
    }
    const users = this.days.get(day);
    const entry = users.get(user) ?? { requests: 0, errors: 0, elapsedMs: 0 };
    entry.requests += 1;
    entry.elapsedMs += elapsedMs;
    if (status >= 500) entry.errors += 1;
    users.set(user, entry);
  }

  forget() {
    const oldest = dayOf(this.clock() - KEPT_MS);
    for (const day of this.days.keys()) {
      if (day < oldest) this.days.delete(day);
    }
  }

  rows(from = '', to = '9999') {
    const rows = [];
    for (const [day, users] of this.days) {
      if (day < from || day > to) continue;
      for (const [user, { requests, errors, elapsedMs }] of users) {
        rows.push([day, user, requests, errors, Math.round(elapsedMs / requests)]);
      }
    }
    return rows.sort(([a, userA], [b, userB]) => a.localeCompare(b) || userA.localeCompare(userB));
  }

  csv(query) {
    const rows = this.rows(query.get('from') ?? undefined, query.get('to') ?? undefined);
    return [COLUMNS, ...rows].map((row) => row.join(',')).join('\r\n');
  }
}

module.exports = { Usage };
